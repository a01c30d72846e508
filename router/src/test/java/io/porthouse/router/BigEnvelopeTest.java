package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** What the router is for: a large thing reaches a fast member and a slow one, whole, and the router holds little of it. */
final class BigEnvelopeTest {

    private static final int CHUNK_BYTES = 1 << 20;
    private static final int CHUNKS = 100;
    private static final long SLOW_BYTES_PER_SECOND = 20_000_000;

    /** Inbox, outboxes up to their marks, and what Netty and the read buffers hold. */
    private static final long MOST_BYTES = 32 << 20;

    @Test
    void hundredMegabytesReachAFastMemberAndOneThatTakesTwentyASecond() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient sender = harness.connect("one");
            TestClient fast = harness.connect("one");
            TestClient slow = harness.dialSlow();
            slow.hello(RouterHarness.SECRET, "one");
            MessageDigest sent = MessageDigest.getInstance("SHA-256");
            AtomicLong most = new AtomicLong();
            try (Background sending = Background.start(() -> send(sender, sent, harness, most));
                    Background fastReading = Background.start(
                            () -> assertThat(receive(fast, Long.MAX_VALUE)).isEqualTo(payloadDigest()))) {
                assertThat(receive(slow, SLOW_BYTES_PER_SECOND)).isEqualTo(payloadDigest());
                fastReading.join();
                sending.join();
            }
            assertThat(sent.digest()).isEqualTo(payloadDigest());
            assertThat(most.get()).isLessThan(MOST_BYTES);
            Received next = sender.receive();
            while (next.type() == FrameType.FLOW) {
                next = sender.receive();
            }
            assertThat(next.sequence()).as("%s", next).isEqualTo(2);
            assertThat(next.buffer().getInt(8)).as("recipients").isEqualTo(2);
        }
    }

    private static byte[] chunk(int index) {
        byte[] data = new byte[CHUNK_BYTES];
        new Random(index).nextBytes(data);
        return data;
    }

    private static byte[] payloadDigest() throws Exception {
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        for (int i = 0; i < CHUNKS; i++) {
            sha256.update(chunk(i));
        }
        return sha256.digest();
    }

    private static void send(TestClient sender, MessageDigest digest, RouterHarness harness, AtomicLong most)
            throws IOException {
        int room = sender.handle("acme/one");
        CRC32 crc = new CRC32();
        for (int i = 0; i < CHUNKS; i++) {
            byte[] data = chunk(i);
            digest.update(data);
            crc.update(data);
            sender.send(
                    i == 0
                            ? Chunks.first(room, 1, (long) CHUNKS * CHUNK_BYTES, data)
                            : i < CHUNKS - 1
                                    ? Chunks.next(room, 1, i, data)
                                    : Chunks.last(room, 1, i, 2, data, (int) crc.getValue()));
            most.accumulateAndGet(harness.router.usedBytes(), Math::max);
        }
    }

    /** Takes the envelope at this pace, checks its order and CRC, and returns its SHA-256. */
    private static byte[] receive(TestClient client, long bytesPerSecond) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        CRC32 crc = new CRC32();
        long start = System.nanoTime();
        long bytes = 0;
        for (int index = 0; ; index++) {
            Received chunk = client.expect(FrameType.ENVELOPE);
            assertThat(Chunks.index(chunk)).isEqualTo(index);
            byte[] data = Chunks.data(chunk);
            digest.update(data);
            crc.update(data);
            bytes += data.length;
            if (Chunks.isLast(chunk)) {
                assertThat(chunk.buffer().getInt(chunk.body().length - 4)).isEqualTo((int) crc.getValue());
                return digest.digest();
            }
            long due = start + (long) ((double) bytes / bytesPerSecond * TimeUnit.SECONDS.toNanos(1));
            // The pace is what is tested; nothing is waited for.
            LockSupport.parkNanos(due - System.nanoTime());
        }
    }
}
