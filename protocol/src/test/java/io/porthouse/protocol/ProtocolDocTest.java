package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.porthouse.protocol.ControlBody.Close;
import io.porthouse.protocol.ControlBody.Granted;
import io.porthouse.protocol.ControlBody.Hello;
import io.porthouse.protocol.ControlBody.Welcome;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** Holds {@code docs/PROTOCOL.md} to the code: every dump, every type, flag and code. */
class ProtocolDocTest {

    private static final Path PAGE = Path.of("..", "docs", "PROTOCOL.md");
    private static final Pattern DUMP =
            Pattern.compile("^```text ([a-z]+)\\n(.*?)\\n?```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final byte[] PAYLOAD = "porthouse".getBytes(StandardCharsets.US_ASCII);

    private final String page;

    ProtocolDocTest() throws IOException {
        page = Files.readString(PAGE);
    }

    @Test
    void dumpsAreWhatTheCodeWrites() {
        Map<String, String> written = DUMP.matcher(page)
                .results()
                .collect(Collectors.toMap(dump -> dump.group(1), dump -> dump.group(2), (a, b) -> a + b, TreeMap::new));
        Map<String, String> right = new TreeMap<>();
        dumps().forEach((name, frames) -> right.put(name, WorkedBytes.render(frames)));
        assertThat(written).isEqualTo(right);
    }

    @Test
    void theChunkedEnvelopesArriveWhole() {
        for (String name : List.of("envelope", "single")) {
            Events events = new Events();
            EnvelopeAssembler assembler = new EnvelopeAssembler(1, events);
            ByteBuf frames = dumps().get(name);
            while (frames.isReadable()) {
                int bytes = Frame.frameBytes(frames, frames.readerIndex());
                assembler.accept(frames, frames.readerIndex(), bytes);
                frames.skipBytes(bytes);
            }
            assertThat(events.all).endsWith(new Events.Complete(new EnvelopeKey(1, 0, 0, 7), ByteBuffer.wrap(PAYLOAD)));
        }
    }

    @Test
    void frameTypesAreComplete() {
        Map<String, String> types = rows("\\| 0x([0-9A-F]{2}) \\| ([A-Z]+) \\|");
        assertThat(types).hasSize(14);
        types.forEach((number, name) ->
                assertThat(FrameType.name((byte) Integer.parseInt(number, 16))).isEqualTo(name));
        for (int type = 0; type < 256; type++) {
            String number = String.format("%02X", type);
            assertThat(FrameType.name((byte) type)).isEqualTo(types.getOrDefault(number, "0x" + number));
        }
    }

    @Test
    void flagsAreComplete() {
        assertThat(rows("\\| ([A-Z]+) \\| 0x(\\d{2}) \\|"))
                .isEqualTo(Map.of(
                        "CHUNK", hex(Flags.CHUNK),
                        "LAST", hex(Flags.LAST),
                        "RECEIPT", hex(Flags.RECEIPT),
                        "TEXT", hex(Flags.TEXT)));
    }

    @Test
    void codesAreComplete() {
        Map<String, String> errors = rows("\\| (1\\d\\d) \\| ([^|]+) \\|");
        assertThat(errors.keySet().stream().map(Integer::valueOf))
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(ErrorCode.values()).map(ErrorCode::number).toList());
        Map<String, String> closes = rows("\\| (1000|3\\d{3}) \\| ([a-z-]+)");
        assertThat(closes).hasSize(CloseCode.values().length);
        for (CloseCode code : CloseCode.values()) {
            assertThat(closes).containsEntry(String.valueOf(code.number()), code.text());
        }
    }

    private static String hex(int bits) {
        return String.format("%02x", bits);
    }

    private Map<String, String> rows(String regex) {
        return Pattern.compile("^" + regex, Pattern.MULTILINE)
                .matcher(page)
                .results()
                .collect(Collectors.toMap((MatchResult row) -> row.group(1), row -> row.group(2)));
    }

    private static Map<String, ByteBuf> dumps() {
        Map<String, ByteBuf> dumps = new TreeMap<>();
        dumps.put("hello", control(new Hello(1, "correct-horse", null, List.of("lobby"), null, null, null), 0, 0, 1));
        dumps.put(
                "welcome",
                control(
                        new Welcome("5f2c", "local", "alice", "b5d4045c3f46", 30, Frame.DEFAULT_MAX_FRAME_BYTES, 64, 1),
                        0,
                        5,
                        1));
        dumps.put(
                "granted",
                control(new Granted("alice/lobby", EnumSet.allOf(Right.class), "e7", 41, Granted.JOIN), 1, 0, 1));
        byte[] hello = "hello".getBytes(StandardCharsets.US_ASCII);
        dumps.put("message", envelope(Flags.RECEIPT | Flags.TEXT, 0, 0, 2, Unpooled.wrappedBuffer(hello)));
        dumps.put("delivered", envelope(Flags.RECEIPT | Flags.TEXT, 1, 5, 42, Unpooled.wrappedBuffer(hello)));
        dumps.put("gap", Unpooled.buffer());
        Gap.encode(dumps.get("gap"), 1, 43, 99, 50);
        dumps.put("receipt", Unpooled.buffer());
        Receipt.encode(dumps.get("receipt"), 1, 2, 42, 3);
        dumps.put("envelope", twoChunks());
        dumps.put("single", singleChunk());
        dumps.put("cancel", Unpooled.buffer());
        Chunk.writeCancel(dumps.get("cancel"), 0, 1, 5, 7);
        dumps.put("flow", Unpooled.buffer());
        Flow.encode(dumps.get("flow"), 1, true);
        dumps.put("ping", Unpooled.buffer());
        Frame.writeHeader(dumps.get("ping"), 0, FrameType.PING, 0, 0, 0, 0, 4);
        dumps.put("close", control(new Close(3000, CloseCode.GOING_AWAY.text(), 2000L), 0, 0, 0));
        return dumps;
    }

    private static ByteBuf control(ControlBody body, int room, int origin, long correlation) {
        ByteBuf buf = Unpooled.buffer();
        ControlCodec.encode(buf, body, room, origin, correlation);
        return buf;
    }

    private static ByteBuf envelope(int flags, int room, int origin, long sequence, ByteBuf body) {
        ByteBuf buf = Unpooled.buffer();
        Frame.writeHeader(buf, body.readableBytes(), FrameType.ENVELOPE, flags, 0, room, origin, sequence);
        return buf.writeBytes(body);
    }

    private static ByteBuf twoChunks() {
        CRC32 crc = new CRC32();
        crc.update(PAYLOAD);
        byte[] metadata = EnvelopeMetadata.NONE.withName("a.txt").utf8();
        ByteBuf first = Unpooled.buffer()
                .writeInt(7)
                .writeInt(0)
                .writeLong(PAYLOAD.length)
                .writeShort(metadata.length)
                .writeBytes(metadata)
                .writeBytes(PAYLOAD, 0, 4);
        ByteBuf last = Unpooled.buffer()
                .writeInt(7)
                .writeInt(1)
                .writeBytes(PAYLOAD, 4, 5)
                .writeInt((int) crc.getValue());
        return envelope(Flags.CHUNK, 1, 0, 0, first)
                .writeBytes(envelope(Flags.CHUNK | Flags.LAST | Flags.RECEIPT, 1, 0, 3, last));
    }

    private static ByteBuf singleChunk() {
        EnvelopeChunk only = Envelope.of(new ByteArrayInputStream(PAYLOAD))
                .chunks(1)
                .iterator()
                .next();
        ByteBuf frame = only.frame(UnpooledByteBufAllocator.DEFAULT, 1, 7, 0);
        try {
            return Unpooled.copiedBuffer(frame);
        } finally {
            frame.release();
        }
    }
}
