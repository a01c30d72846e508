package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;

/** A room with a crowd, one stalled member, and a publisher that goes on as long as nothing has happened. */
final class StalledRoom implements AutoCloseable {

    private static final int OUTBOX_BYTES = 1 << 20;

    /** Beside the outbox: what Netty was fed, the puddles' read buffers, and what these have in common with slices. */
    private static final long SLACK_BYTES = 2 << 20;

    private static final int BODY_BYTES = 16_000;
    private static final int FRAMES_A_BATCH = 4;

    /** Many more than the kernel takes for a member that reads nothing. */
    private static final int ENOUGH_BATCHES = 400;

    private static final int BATCHES_AFTERWARDS = 20;
    private static final int ENVELOPE = 7;

    /** The others' batches take so many times as long as before the stall only if they wait for somebody. */
    private static final int MOST_SLOWDOWN = 10;

    /** What a batch may take in any case, on a machine with much else to do. */
    private static final long SLOWDOWN_SLACK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    final RouterHarness harness;
    final TestClient publisher;
    final TestClient stalled;
    final Crowd crowd;
    private final Traffic traffic;
    private final int room;
    private final byte[] data = new byte[BODY_BYTES];
    private final CRC32 crc = new CRC32();
    private int envelope = ENVELOPE;

    /** Chunks of the present envelope. */
    private int index;

    /** How long the crowd took for each batch until the stalled one was full. */
    private final List<Long> nanosBefore = new ArrayList<>();

    /** Messages and chunks in all. */
    long sent;

    StalledRoom(Traffic traffic, Overflow rule, int members) throws Exception {
        this.traffic = traffic;
        RoomRules rules = TestRules.with(changed -> {
            changed.overflow = rule;
            changed.envelopeOverflow = rule;
        });
        harness = new RouterHarness(
                new TestSettings()
                        .outboxBytes(OUTBOX_BYTES)
                        .heartbeat(Duration.ofHours(1))
                        .build(),
                name -> rules);
        try {
            harness.put(
                    RouterHarness.SECRET,
                    new TokenState(
                            RouterHarness.TOKEN_ID,
                            RouterHarness.ACCOUNT,
                            List.of(new Grant(RouterHarness.ACCOUNT, "", true, RouterHarness.READ_WRITE, false)),
                            100_000,
                            null,
                            false));
            // However slow this machine is, nobody is too slow before the test says so.
            harness.stopTime();
            publisher = harness.dial();
            publisher.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','receive':false,'rooms':['one']}");
            room = publisher.handle("acme/one");
            stalled = harness.dialSlow();
            stalled.hello(RouterHarness.SECRET, "one");
            crowd = new Crowd(harness.router.address(), members, "one");
        } catch (Exception | AssertionError e) {
            harness.close();
            throw e;
        }
    }

    void publishBatch() throws IOException {
        List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < FRAMES_A_BATCH; i++) {
            frames.add(nextFrame());
            sent++;
        }
        publisher.send(frames.toArray(byte[][]::new));
    }

    private byte[] nextFrame() {
        if (traffic == Traffic.MESSAGES) {
            return TestClient.frame(FrameType.ENVELOPE, 0, room, 0, data);
        }
        crc.update(data);
        int at = index++;
        return at == 0 ? Chunks.first(room, envelope, data) : Chunks.next(room, envelope, at, data);
    }

    /** Ends the envelope, if there is one; the next frame begins another. */
    void endEnvelope() throws IOException {
        if (traffic == Traffic.CHUNKS) {
            crc.update(data);
            publisher.send(Chunks.last(room, envelope, index, 0, data, (int) crc.getValue()));
            sent++;
            envelope++;
            index = 0;
            crc.reset();
        }
    }

    boolean isSuspended() {
        return harness.gauge("porthouse.publishers.suspended") == 1;
    }

    /** Publishes until it has gone wrong for the stalled one; before and after, everybody else has everything. */
    void publishUntilFull() throws IOException {
        int batches = 0;
        while (!isFull()) {
            assertThat(batches++).as("batches taken for one that reads nothing").isLessThan(ENOUGH_BATCHES);
            long start = System.nanoTime();
            publishBatch();
            await().pollInterval(Duration.ofMillis(1)).until(() -> crowd.has(sent) || isSuspended());
            nanosBefore.add(System.nanoTime() - start);
            assertThat(harness.router.usedBytes()).as("bytes in use").isLessThan(OUTBOX_BYTES + SLACK_BYTES);
        }
    }

    private boolean isFull() {
        return isSuspended()
                || harness.counter("porthouse.dropped.messages") > 0
                || harness.counter("porthouse.cancelled.envelopes") > 0
                || harness.closes(CloseCode.SLOW_RECEIVER) > 0;
    }

    /** Publishes on, and everybody else gets that too, without waiting for the stalled one. */
    void publishOn() throws IOException {
        List<Long> nanosAfter = new ArrayList<>();
        for (int i = 0; i < BATCHES_AFTERWARDS; i++) {
            long start = System.nanoTime();
            publishBatch();
            crowd.awaitFrames(sent);
            nanosAfter.add(System.nanoTime() - start);
        }
        assertThat(median(nanosAfter))
                .as("nanoseconds for a batch behind the stall")
                .isLessThan(MOST_SLOWDOWN * median(nanosBefore) + SLOWDOWN_SLACK_NANOS);
        endEnvelope();
        crowd.awaitFrames(sent);
        assertThat(harness.router.usedBytes()).as("bytes in use").isLessThan(OUTBOX_BYTES + SLACK_BYTES);
    }

    /** A machine that does something else for a moment does not move it. */
    private static long median(List<Long> nanos) {
        return nanos.stream().sorted().skip(nanos.size() / 2).findFirst().orElseThrow();
    }

    /** Nobody in the crowd was told of anything but what was published. */
    void checkCrowd(int envelopes) throws Exception {
        for (Ledger ledger : crowd.leave()) {
            assertThat(ledger.frames()).isEqualTo(sent);
            assertThat(ledger.gaps + ledger.cancels).as("losses").isZero();
            assertThat(ledger.whole).isEqualTo(envelopes);
        }
    }

    @Override
    public void close() {
        try {
            crowd.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            harness.close();
        }
    }
}
