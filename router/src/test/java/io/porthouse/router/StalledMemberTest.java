package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * One of many members reads nothing, or a byte a second: the others get everything, the router holds no more for it than its
 * outbox may, and it is told exactly what the room's rule says.
 */
final class StalledMemberTest {

    private static final int CROWD = 200;
    private static final int LARGE_CROWD = 1_000;
    private static final int OUTBOX_BYTES = 1 << 20;

    /** Beside the outbox: what Netty was fed, the puddles' read buffers, and what these have in common with slices. */
    private static final long SLACK_BYTES = 2 << 20;

    private static final int BODY_BYTES = 16_000;
    private static final int FRAMES_A_BATCH = 4;

    /** Many more than the kernel takes for a member that reads nothing. */
    private static final int ENOUGH_BATCHES = 400;

    private static final int BATCHES_AFTERWARDS = 20;
    private static final int ENVELOPE = 7;
    private static final int TICKS = 4;
    private static final int STEP_SECONDS = 5;
    private static final Duration WINDOW = Duration.ofSeconds(10);
    private static final int ENOUGH_STEPS = 20;

    /** A room with a crowd, one stalled member, and a publisher that goes on as long as nothing has happened. */
    private static final class Scene implements AutoCloseable {
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

        /** Messages and chunks in all. */
        long sent;

        Scene(Traffic traffic, Overflow rule, int members) throws Exception {
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
                assertThat(batches++)
                        .as("batches taken for one that reads nothing")
                        .isLessThan(ENOUGH_BATCHES);
                publishBatch();
                await().pollInterval(Duration.ofMillis(1)).until(() -> crowd.has(sent) || isSuspended());
                assertThat(harness.router.usedBytes()).as("bytes in use").isLessThan(OUTBOX_BYTES + SLACK_BYTES);
            }
        }

        private boolean isFull() {
            return isSuspended()
                    || harness.counter("porthouse.dropped.messages") > 0
                    || harness.counter("porthouse.cancelled.envelopes") > 0
                    || harness.closes(CloseCode.SLOW_RECEIVER) > 0;
        }

        /** Publishes on, and everybody else gets that too. */
        void publishOn() throws IOException {
            for (int i = 0; i < BATCHES_AFTERWARDS; i++) {
                publishBatch();
                crowd.awaitFrames(sent);
            }
            endEnvelope();
            crowd.awaitFrames(sent);
            assertThat(harness.router.usedBytes()).as("bytes in use").isLessThan(OUTBOX_BYTES + SLACK_BYTES);
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
                throw new java.io.UncheckedIOException(e);
            } finally {
                harness.close();
            }
        }
    }

    // ---- drop

    @ParameterizedTest
    @CsvSource({"MESSAGES", "CHUNKS"})
    void droppingItIsToldOnceAndTheOthersGetAll(Traffic traffic) throws Exception {
        dropping(traffic, CROWD);
    }

    @Tag("long")
    @ParameterizedTest
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    @CsvSource({"MESSAGES", "CHUNKS"})
    void droppingItIsToldOnceAndAThousandOthersGetAll(Traffic traffic) throws Exception {
        dropping(traffic, LARGE_CROWD);
    }

    private static void dropping(Traffic traffic, int members) throws Exception {
        int envelopes = traffic == Traffic.CHUNKS ? 1 : 0;
        try (Scene scene = new Scene(traffic, Overflow.DROP, members)) {
            scene.publishUntilFull();
            scene.publishOn();
            Ledger told = new Ledger(0);
            long published = scene.sent;
            while (traffic == Traffic.MESSAGES ? told.next <= published : told.cancels == 0) {
                told.take(scene.stalled.receive());
            }
            assertThat(told.gaps).isEqualTo(1 - envelopes);
            assertThat(told.cancels).isEqualTo(envelopes);
            assertThat(told.whole + told.unseen).isZero();
            assertThat(told.frames()).isPositive();
            if (traffic == Traffic.MESSAGES) {
                assertThat(told.messages + told.lost).isEqualTo(published);
                assertThat(scene.harness.counter("porthouse.dropped.messages")).isEqualTo((double) told.lost);
            }
            // It reads again, so it is a member like any other.
            scene.publishBatch();
            scene.endEnvelope();
            long before = told.frames();
            while (told.frames() < before + scene.sent - published) {
                told.take(scene.stalled.receive());
            }
            assertThat(told.gaps + told.cancels).isEqualTo(1);
            assertThat(told.whole).isEqualTo(envelopes);
            scene.crowd.awaitFrames(scene.sent);
            assertThat(scene.harness.closes(CloseCode.SLOW_RECEIVER)).isZero();
            scene.checkCrowd(2 * envelopes);
        }
    }

    // ---- disconnect

    @ParameterizedTest
    @CsvSource({"MESSAGES", "CHUNKS"})
    void disconnectingItIsClosedAndTheOthersGetAll(Traffic traffic) throws Exception {
        disconnecting(traffic, CROWD);
    }

    @Tag("long")
    @ParameterizedTest
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    @CsvSource({"MESSAGES", "CHUNKS"})
    void disconnectingItIsClosedAndAThousandOthersGetAll(Traffic traffic) throws Exception {
        disconnecting(traffic, LARGE_CROWD);
    }

    private static void disconnecting(Traffic traffic, int members) throws Exception {
        try (Scene scene = new Scene(traffic, Overflow.DISCONNECT, members)) {
            scene.publishUntilFull();
            scene.publishOn();
            // So long the router waits for who is told of its end and does not read.
            scene.harness.skip(Duration.ofSeconds(3));
            scene.harness.awaitGauge("porthouse.connections", 1 + members);
            assertThat(scene.harness.closes(CloseCode.SLOW_RECEIVER)).isEqualTo(1);
            // After a reset it may find nothing of what was on its way.
            Ledger told = toTheEnd(scene.stalled);
            assertThat(told.frames()).isLessThan(scene.sent);
            assertThat(told.gaps + told.cancels).isZero();
            scene.checkCrowd(traffic == Traffic.CHUNKS ? 1 : 0);
        }
    }

    /** Reads until the connection ends: with 3001, or a reset where the kernel has no place for that any more. */
    private static Ledger toTheEnd(TestClient client) throws IOException {
        Ledger told = new Ledger(0);
        try {
            for (Received frame = client.receive(); ; frame = client.receive()) {
                if (frame.type() == FrameType.CLOSE) {
                    assertThat(frame.json().get("code").asInt()).isEqualTo(CloseCode.SLOW_RECEIVER.number());
                    client.expectEnd();
                    return told;
                }
                told.take(frame);
            }
        } catch (EOFException | SocketException e) {
            return told;
        }
    }

    // ---- wait

    @ParameterizedTest
    @CsvSource({"MESSAGES", "CHUNKS"})
    void waitingItIsClosedIfItGoesOnAndTheOthersGetAll(Traffic traffic) throws Exception {
        waiting(traffic, CROWD);
    }

    @Tag("long")
    @ParameterizedTest
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    @CsvSource({"MESSAGES", "CHUNKS"})
    void waitingItIsClosedIfItGoesOnAndAThousandOthersGetAll(Traffic traffic) throws Exception {
        waiting(traffic, LARGE_CROWD);
    }

    private static void waiting(Traffic traffic, int members) throws Exception {
        try (Scene scene = new Scene(traffic, Overflow.WAIT, members)) {
            scene.publishUntilFull();
            assertThat(scene.isSuspended()).isTrue();
            // In a crowd its turn to be looked at comes only now and then.
            for (int steps = 0; scene.harness.closes(CloseCode.SLOW_RECEIVER) == 0; steps++) {
                assertThat(steps).as("steps").isLessThan(ENOUGH_STEPS);
                scene.harness.skip(WINDOW.plusSeconds(1));
                scene.harness.awaitTicks(TICKS);
            }
            scene.crowd.awaitFrames(scene.sent);
            assertThat(scene.harness.closes(CloseCode.SLOW_RECEIVER)).isEqualTo(1);
            scene.publishOn();
            assertThat(toTheEnd(scene.stalled).gaps).isZero();
            scene.checkCrowd(traffic == Traffic.CHUNKS ? 1 : 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"MESSAGES", "CHUNKS"})
    void waitingNothingIsLostToItWhenItReadsAgain(Traffic traffic) throws Exception {
        try (Scene scene = new Scene(traffic, Overflow.WAIT, CROWD)) {
            scene.publishUntilFull();
            Ledger told = new Ledger(0);
            try (Background reading = Background.start(() -> {
                while (told.frames() < scene.sent || told.open() > 0) {
                    told.take(scene.stalled.receive());
                }
            })) {
                scene.crowd.awaitFrames(scene.sent);
                scene.endEnvelope();
                reading.join();
            }
            assertThat(told.gaps + told.cancels).isZero();
            assertThat(told.frames()).isEqualTo(scene.sent);
            scene.crowd.awaitFrames(scene.sent);
            scene.checkCrowd(traffic == Traffic.CHUNKS ? 1 : 0);
        }
    }

    // ---- a byte a second

    @ParameterizedTest
    @CsvSource({"MESSAGES, WAIT", "CHUNKS, WAIT", "MESSAGES, DROP"})
    void whoReadsAByteASecondHoldsNobodyForLong(Traffic traffic, Overflow rule) throws Exception {
        try (Scene scene = new Scene(traffic, rule, 2)) {
            scene.publishUntilFull();
            for (int seconds = 0; seconds < 15; seconds += STEP_SECONDS) {
                for (int i = 0; i < STEP_SECONDS && scene.harness.closes(CloseCode.SLOW_RECEIVER) == 0; i++) {
                    // Past the client's buffer, which would take more.
                    assertThat(scene.stalled.socket.getInputStream().read()).isNotNegative();
                }
                scene.harness.skip(Duration.ofSeconds(STEP_SECONDS));
                scene.harness.awaitTicks(TICKS);
            }
            scene.publishOn();
            assertThat(scene.harness.closes(CloseCode.SLOW_RECEIVER)).isEqualTo(rule == Overflow.WAIT ? 1 : 0);
            scene.checkCrowd(traffic == Traffic.CHUNKS ? 1 : 0);
        }
    }
}
