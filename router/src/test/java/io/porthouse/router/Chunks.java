package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32;

/** Envelopes as plain bytes: cut into chunk frames by hand, and put together again by hand. */
final class Chunks {

    static final long UNKNOWN_TOTAL = -1;
    static final int CANCEL_INDEX = -1;

    private static final int HEADER_BYTES = 8;
    private static final int FIRST_HEADER_BYTES = 18;
    private static final int CRC_BYTES = 4;

    private Chunks() {}

    // ---- sending

    /** Chunk 0 of an envelope whose total is not known. */
    static byte[] first(int room, int envelope, byte[] data) {
        return first(room, envelope, UNKNOWN_TOTAL, data);
    }

    static byte[] first(int room, int envelope, long total, byte[] data) {
        return TestClient.chunk(0, room, 0, envelope, 0, firstBody(total, data));
    }

    static byte[] next(int room, int envelope, int index, byte[] data) {
        return TestClient.chunk(0, room, 0, envelope, index, data);
    }

    /** The last chunk; it asks for a RECEIPT unless the correlation is 0. Its CRC is of {@code payload}. */
    static byte[] last(int room, int envelope, int index, long correlation, byte[] data, byte[] payload) {
        CRC32 crc = new CRC32();
        crc.update(payload);
        return last(room, envelope, index, correlation, data, (int) crc.getValue());
    }

    static byte[] last(int room, int envelope, int index, long correlation, byte[] data, int crc) {
        byte[] body = index == 0 ? firstBody(UNKNOWN_TOTAL, data) : data;
        byte[] tail = ByteBuffer.allocate(CRC_BYTES).putInt(crc).array();
        int flags = Flags.LAST | (correlation == 0 ? 0 : Flags.RECEIPT);
        return TestClient.chunk(flags, room, correlation, envelope, index, TestClient.concat(body, tail));
    }

    static byte[] cancel(int room, int envelope) {
        return TestClient.chunk(Flags.LAST, room, 0, envelope, CANCEL_INDEX, new byte[0]);
    }

    private static byte[] firstBody(long total, byte[] data) {
        return ByteBuffer.allocate(FIRST_HEADER_BYTES - HEADER_BYTES + data.length)
                .putLong(total)
                .putShort((short) 0)
                .put(data)
                .array();
    }

    /** All frames of an envelope; the last asks for a RECEIPT unless the correlation is 0. */
    static List<byte[]> of(int room, int envelope, byte[] payload, int chunkBytes, long correlation) {
        List<byte[]> frames = new ArrayList<>();
        int chunks = Math.max(1, (payload.length + chunkBytes - 1) / chunkBytes);
        for (int i = 0; i < chunks; i++) {
            byte[] data = Arrays.copyOfRange(payload, i * chunkBytes, Math.min(payload.length, (i + 1) * chunkBytes));
            if (i == chunks - 1) {
                frames.add(last(room, envelope, i, correlation, data, payload));
            } else if (i == 0) {
                frames.add(first(room, envelope, payload.length, data));
            } else {
                frames.add(next(room, envelope, i, data));
            }
        }
        return frames;
    }

    // ---- receiving

    static boolean isChunk(Received received) {
        return received.type() == FrameType.ENVELOPE && (received.flags() & Flags.CHUNK) != 0;
    }

    static int envelope(Received chunk) {
        return chunk.buffer().getInt(0);
    }

    static int index(Received chunk) {
        return chunk.buffer().getInt(4);
    }

    static boolean isLast(Received chunk) {
        return (chunk.flags() & Flags.LAST) != 0;
    }

    static boolean isCancel(Received chunk) {
        return isLast(chunk) && index(chunk) == CANCEL_INDEX;
    }

    /** The payload bytes of a chunk that has no metadata. */
    static byte[] data(Received chunk) {
        int from = index(chunk) == 0 ? FIRST_HEADER_BYTES : HEADER_BYTES;
        int to = chunk.body().length - (isLast(chunk) && !isCancel(chunk) ? CRC_BYTES : 0);
        return Arrays.copyOfRange(chunk.body(), from, to);
    }

    /** Takes an envelope whole from its first chunk on, and checks order and CRC; other frames in between fail. */
    static byte[] receiveWhole(TestClient client) throws IOException {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        CRC32 crc = new CRC32();
        for (int expected = 0; ; expected++) {
            Received chunk = client.expect(FrameType.ENVELOPE);
            assertThat(isChunk(chunk)).as("%s", chunk).isTrue();
            assertThat(index(chunk)).isEqualTo(expected);
            byte[] data = data(chunk);
            crc.update(data);
            payload.writeBytes(data);
            if (isLast(chunk)) {
                int sent = chunk.buffer().getInt(chunk.body().length - CRC_BYTES);
                assertThat(sent).as("CRC").isEqualTo((int) crc.getValue());
                return payload.toByteArray();
            }
        }
    }

    /** Takes so many frames; those of each envelope are together then, in their order, behind the messages in theirs. */
    static List<Received> receiveByLane(TestClient client, int frames) throws IOException {
        List<Received> received = new ArrayList<>();
        for (int i = 0; i < frames; i++) {
            received.add(client.expect(FrameType.ENVELOPE));
        }
        received.sort(Comparator.comparing(frame -> isChunk(frame) ? envelope(frame) : 0));
        return received;
    }

    /** Takes the cancel of this envelope, which must be the next frame. */
    static void expectCancel(TestClient client, int envelope) throws IOException {
        Received received = client.expect(FrameType.ENVELOPE);
        assertThat(isChunk(received) && isCancel(received)).as("%s", received).isTrue();
        assertThat(envelope(received)).isEqualTo(envelope);
        assertThat(received.body()).hasSize(HEADER_BYTES);
    }

    /** Takes this chunk, which must be the next frame. */
    static Received expectChunk(TestClient client, int envelope, int index) throws IOException {
        Received received = client.expect(FrameType.ENVELOPE);
        assertThat(isChunk(received)).as("%s", received).isTrue();
        assertThat(envelope(received)).isEqualTo(envelope);
        assertThat(index(received)).isEqualTo(index);
        assertThat(received.sequence()).as("sequence of a chunk").isZero();
        return received;
    }
}
