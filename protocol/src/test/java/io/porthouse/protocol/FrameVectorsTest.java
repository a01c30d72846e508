package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.porthouse.testkit.Vectors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Single frames: bytes are read as their vector says, and what it says is written as its bytes. */
class FrameVectorsTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Map<String, Integer> FLAGS =
            Map.of("CHUNK", Flags.CHUNK, "LAST", Flags.LAST, "RECEIPT", Flags.RECEIPT, "TEXT", Flags.TEXT);

    private static final Map<String, Class<? extends ControlBody>> RECORDS = Map.of(
            "HELLO", ControlBody.Hello.class,
            "WELCOME", ControlBody.Welcome.class,
            "JOIN", ControlBody.Join.class,
            "GRANTED", ControlBody.Granted.class,
            "WITHDRAWN", ControlBody.Withdrawn.class,
            "CLOSE", ControlBody.Close.class,
            "ERROR", ControlBody.Refusal.class);

    @TestFactory
    Stream<DynamicTest> frames() throws IOException {
        return Vectors.read("frames").stream()
                .map(vector -> DynamicTest.dynamicTest(vector.get("name").textValue(), () -> checkFrame(vector)));
    }

    @TestFactory
    Stream<DynamicTest> malformedBodies() throws IOException {
        return Vectors.read("bodies").stream()
                .map(vector -> DynamicTest.dynamicTest(vector.get("name").textValue(), () -> checkMalformed(vector)));
    }

    private static void checkFrame(JsonNode vector) throws MalformedBodyException, IOException {
        ByteBuf buf = Unpooled.wrappedBuffer(Vectors.bytes(vector.get("hex")));
        int bytes = buf.readableBytes();
        JsonNode header = vector.get("header");
        assertThat(FrameWalk.frameBytes(buf, 0, bytes, Frame.DEFAULT_MAX_FRAME_BYTES))
                .isEqualTo(bytes);
        assertThat(FrameType.name(Frame.type(buf, 0)))
                .isEqualTo(header.get("type").textValue());
        assertThat(Frame.flags(buf, 0)).isEqualTo((byte) flags(header));
        assertThat(Frame.node(buf, 0)).isEqualTo(header.get("node").intValue());
        assertThat(Integer.toUnsignedLong(Frame.room(buf, 0)))
                .isEqualTo(header.get("room").longValue());
        assertThat(Integer.toUnsignedLong(Frame.origin(buf, 0)))
                .isEqualTo(header.get("origin").longValue());
        assertThat(Long.toUnsignedString(Frame.sequence(buf, 0)))
                .isEqualTo(header.get("sequence").textValue());

        if (vector.get("body").has("json")) {
            checkJson(buf, vector.get("body"), header.get("type").textValue());
        } else {
            ByteBuf again = Unpooled.buffer();
            write(again, vector.get("body"), header, Frame.type(buf, 0));
            assertThat(ByteBufUtil.hexDump(again)).isEqualTo(ByteBufUtil.hexDump(buf));
            checkBinary(buf, vector.get("body"));
        }
    }

    /** The text is the vector's; the record keeps all of it but unknown fields. */
    private static void checkJson(ByteBuf buf, JsonNode body, String type) throws MalformedBodyException, IOException {
        assertThat(json(buf)).isEqualTo(body.get("json"));
        ObjectNode known = body.get("json").deepCopy();
        for (JsonNode field : body.path("unknown")) {
            known.remove(field.textValue());
        }
        ControlBody decoded = ControlCodec.decode(RECORDS.get(type), buf, 0, buf.readableBytes());
        ByteBuf encoded = Unpooled.buffer();
        ControlCodec.encode(encoded, decoded, Frame.room(buf, 0), Frame.origin(buf, 0), Frame.sequence(buf, 0));
        assertThat(json(encoded)).isEqualTo(known);
        assertThat(ByteBufUtil.hexDump(encoded, 4, 20)).isEqualTo(ByteBufUtil.hexDump(buf, 4, 20));
    }

    private static void checkBinary(ByteBuf buf, JsonNode body) throws MalformedBodyException {
        int bytes = buf.readableBytes();
        if (body.has("receipt")) {
            Receipt receipt = Receipt.decode(buf, 0, bytes);
            assertThat(Long.toUnsignedString(receipt.sequence()))
                    .isEqualTo(body.get("receipt").get("sequence").textValue());
            assertThat(receipt.recipients())
                    .isEqualTo(body.get("receipt").get("recipients").intValue());
        } else if (body.has("gap")) {
            Gap gap = Gap.decode(buf, 0, bytes);
            assertThat(Long.toUnsignedString(gap.first()))
                    .isEqualTo(body.get("gap").get("first").textValue());
            assertThat(Long.toUnsignedString(gap.last()))
                    .isEqualTo(body.get("gap").get("last").textValue());
            assertThat(Long.toUnsignedString(gap.lost()))
                    .isEqualTo(body.get("gap").get("lost").textValue());
        } else if (body.has("flow")) {
            assertThat(Flow.decode(buf, 0, bytes).paused())
                    .isEqualTo(body.get("flow").get("paused").booleanValue());
        } else if (body.has("chunk")) {
            JsonNode chunk = body.get("chunk");
            assertThat(Integer.toUnsignedLong(Chunk.envelopeId(buf, 0)))
                    .isEqualTo(chunk.get("envelope").longValue());
            assertThat(Integer.toUnsignedLong(Chunk.index(buf, 0)))
                    .isEqualTo(chunk.get("index").longValue());
            assertThat(Chunk.dataBytes(buf, 0, bytes))
                    .isEqualTo(chunk.path("data").asText().length() / 2);
        }
    }

    private static void write(ByteBuf out, JsonNode body, JsonNode header, byte type) {
        int room = (int) header.get("room").longValue();
        long sequence = Long.parseUnsignedLong(header.get("sequence").textValue());
        if (body.has("receipt")) {
            JsonNode receipt = body.get("receipt");
            Receipt.encode(
                    out,
                    room,
                    sequence,
                    Long.parseUnsignedLong(receipt.get("sequence").textValue()),
                    receipt.get("recipients").intValue());
            return;
        }
        if (body.has("gap")) {
            JsonNode gap = body.get("gap");
            Gap.encode(
                    out,
                    room,
                    Long.parseUnsignedLong(gap.get("first").textValue()),
                    Long.parseUnsignedLong(gap.get("last").textValue()),
                    Long.parseUnsignedLong(gap.get("lost").textValue()));
            return;
        }
        if (body.has("flow")) {
            Flow.encode(out, room, body.get("flow").get("paused").booleanValue());
            return;
        }
        byte[] bytes = bodyBytes(body);
        int origin = (int) header.get("origin").longValue();
        Frame.writeHeader(
                out, bytes.length, type, flags(header), header.get("node").intValue(), room, origin, sequence);
        out.writeBytes(bytes);
    }

    private static byte[] bodyBytes(JsonNode body) {
        if (body.has("empty")) {
            return new byte[0];
        }
        if (body.has("text")) {
            return body.get("text").textValue().getBytes(StandardCharsets.UTF_8);
        }
        if (body.has("data")) {
            return Vectors.bytes(body.get("data"));
        }
        JsonNode chunk = body.get("chunk");
        ByteBuf out = Unpooled.buffer();
        out.writeInt((int) chunk.get("envelope").longValue());
        out.writeInt((int) chunk.get("index").longValue());
        if (chunk.has("total")) {
            byte[] metadata = chunk.get("metadata").textValue().getBytes(StandardCharsets.UTF_8);
            out.writeLong(
                    chunk.get("total").isNull()
                            ? Chunk.UNKNOWN_TOTAL
                            : Long.parseUnsignedLong(chunk.get("total").textValue()));
            out.writeShort(metadata.length);
            out.writeBytes(metadata);
        }
        if (chunk.has("data")) {
            out.writeBytes(Vectors.bytes(chunk.get("data")));
        }
        if (chunk.has("crc32")) {
            out.writeBytes(Vectors.bytes(chunk.get("crc32")));
        }
        return ByteBufUtil.getBytes(out);
    }

    private static void checkMalformed(JsonNode vector) {
        byte[] body = Vectors.bytes(vector.get("hex"));
        ByteBuf buf = Unpooled.buffer();
        Frame.writeHeader(buf, body.length, (byte) 0, 0, 0, 0, 0, 0);
        buf.writeBytes(body);
        int bytes = buf.readableBytes();
        assertThatExceptionOfType(MalformedBodyException.class).isThrownBy(() -> {
            switch (vector.get("type").textValue()) {
                case "RECEIPT" -> Receipt.decode(buf, 0, bytes);
                case "GAP" -> Gap.decode(buf, 0, bytes);
                case "FLOW" -> Flow.decode(buf, 0, bytes);
                default -> ControlCodec.decode(RECORDS.get(vector.get("type").textValue()), buf, 0, bytes);
            }
        });
    }

    private static int flags(JsonNode header) {
        return StreamSupport.stream(header.get("flags").spliterator(), false)
                .mapToInt(flag -> FLAGS.get(flag.textValue()))
                .sum();
    }

    private static JsonNode json(ByteBuf frame) throws IOException {
        return JSON.readTree(
                ByteBufUtil.getBytes(frame, Frame.BODY_OFFSET, frame.writerIndex() - Frame.BODY_OFFSET, true));
    }
}
