package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.porthouse.testkit.Vectors;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Envelopes cut into frames, and frames put together again, as the vectors say. */
class EnvelopeVectorsTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TestFactory
    Stream<DynamicTest> envelopes() throws IOException {
        return Vectors.read("envelopes").stream()
                .map(vector -> DynamicTest.dynamicTest(vector.get("name").textValue(), () -> checkEnvelope(vector)));
    }

    @TestFactory
    Stream<DynamicTest> assembly() throws IOException {
        return Vectors.read("assembly").stream()
                .map(vector -> DynamicTest.dynamicTest(vector.get("name").textValue(), () -> checkAssembly(vector)));
    }

    private static void checkEnvelope(JsonNode vector) {
        byte[] payload = Vectors.payload(vector.get("payload"));
        if (vector.get("payload").has("sha256")) {
            assertThat(Vectors.sha256(payload))
                    .isEqualTo(vector.get("payload").get("sha256").textValue());
        }
        Events events = new Events();
        EnvelopeAssembler assembler = new EnvelopeAssembler(1, events);
        List<byte[]> frames = frames(vector, payload);
        assertThat(frames).hasSize(vector.get("frames").size());
        for (int i = 0; i < frames.size(); i++) {
            checkFrame(frames.get(i), vector.get("frames").get(i));
            assembler.accept(Unpooled.wrappedBuffer(frames.get(i)), 0, frames.get(i).length);
        }
        byte[] last = frames.get(frames.size() - 1);
        assertThat(HexFormat.of().formatHex(last, last.length - 4, last.length))
                .isEqualTo(vector.get("crc32").textValue());
        assertThat(events.all).hasSize(2);
        assertThat(((Events.Complete) events.all.get(1)).payload().array()).isEqualTo(payload);
    }

    private static List<byte[]> frames(JsonNode vector, byte[] payload) {
        long correlation = Long.parseUnsignedLong(vector.get("correlation").textValue());
        List<byte[]> frames = new ArrayList<>();
        for (EnvelopeChunk chunk : envelope(vector, payload)
                .withMetadata(EnvelopeMetadata.of(vector.get("metadata").textValue()))
                .chunks(vector.get("chunkKib").intValue(), Frame.DEFAULT_MAX_FRAME_BYTES)) {
            ByteBuf frame = chunk.frame(
                    PooledByteBufAllocator.DEFAULT,
                    (int) vector.get("room").longValue(),
                    (int) vector.get("envelope").longValue(),
                    chunk.isLast() ? correlation : 0);
            frames.add(ByteBufUtil.getBytes(frame));
            frame.release();
        }
        return frames;
    }

    private static Envelope envelope(JsonNode vector, byte[] payload) {
        if (!vector.get("totalKnown").booleanValue()) {
            return Envelope.of(new ByteArrayInputStream(payload));
        }
        return vector.get("text").booleanValue()
                ? Envelope.of(new String(payload, StandardCharsets.UTF_8))
                : Envelope.of(payload);
    }

    private static void checkFrame(byte[] frame, JsonNode expected) {
        assertThat(frame).hasSize(expected.get("bytes").intValue());
        if (expected.has("hex")) {
            assertThat(frame).isEqualTo(Vectors.bytes(expected.get("hex")));
            return;
        }
        byte[] head = Vectors.bytes(expected.get("head"));
        assertThat(Arrays.copyOf(frame, head.length)).isEqualTo(head);
        if (expected.has("tail")) {
            byte[] tail = Vectors.bytes(expected.get("tail"));
            assertThat(Arrays.copyOfRange(frame, frame.length - tail.length, frame.length))
                    .isEqualTo(tail);
        }
        assertThat(Vectors.sha256(frame)).isEqualTo(expected.get("sha256").textValue());
    }

    private static void checkAssembly(JsonNode vector) {
        Events events = new Events();
        EnvelopeAssembler assembler =
                new EnvelopeAssembler(vector.get("maxOpen").intValue(), events);
        for (JsonNode hex : vector.get("frames")) {
            byte[] frame = Vectors.bytes(hex);
            assembler.accept(Unpooled.wrappedBuffer(frame), 0, frame.length);
        }
        assertThat(events.all.stream().map(EnvelopeVectorsTest::asJson).toList())
                .isEqualTo(StreamSupport.stream(vector.get("events").spliterator(), false)
                        .toList());
        assertThat(assembler.openEnvelopes())
                .isEqualTo(vector.path("open").intValue())
                .isEqualTo(events.open.size());
        assertThat(assembler.ignoredChunks()).isEqualTo(vector.path("ignored").longValue());
    }

    private static JsonNode asJson(Events.Event event) {
        ObjectNode json = JSON.createObjectNode();
        json.putObject("key")
                .put("room", Integer.toUnsignedLong(event.key().room()))
                .put("node", event.key().node())
                .put("origin", Integer.toUnsignedLong(event.key().origin()))
                .put("envelope", Integer.toUnsignedLong(event.key().envelopeId()));
        if (event instanceof Events.Begin begin) {
            boolean known = begin.totalBytes() != Chunk.UNKNOWN_TOTAL;
            json.put("event", "begin")
                    .put("total", known ? Long.toUnsignedString(begin.totalBytes()) : null)
                    .put("text", begin.text())
                    .put("metadata", begin.metadata());
        } else if (event instanceof Events.Complete complete) {
            json.put("event", "complete")
                    .put("bytes", complete.payload().remaining())
                    .put("sha256", Vectors.sha256(complete.payload().array()));
        } else if (event instanceof Events.Failed failed) {
            json.put("event", "failed").put("reason", reason(failed.reason())).put("bytes", failed.bytes());
        } else if (event instanceof Events.Refused refused) {
            json.put("event", "refused").put("reason", reason(refused.reason()));
        }
        // Through text, so that a number has the type that reading gives it.
        try {
            return JSON.readTree(json.toString());
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String reason(EnvelopeFailure failure) {
        return failure.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
