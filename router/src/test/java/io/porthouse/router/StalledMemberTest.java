package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One of many members reads nothing, or a byte a second: the others get everything as soon as before, the router holds no
 * more for it than its outbox may, and it is told exactly what the room's rule says.
 */
class StalledMemberTest {

    private static final int TICKS = 4;
    private static final int STEP_SECONDS = 5;
    private static final Duration WINDOW = Duration.ofSeconds(10);

    /** Each puddle looks at all of its sessions in so many. */
    private static final int SCAN_TICKS = 12;

    /** How many there are beside the stalled one. */
    int members() {
        return 200;
    }

    // ---- drop

    @Test
    void messagesAreLostToItWithOneGap() throws Exception {
        try (StalledRoom room = new StalledRoom(Traffic.MESSAGES, Overflow.DROP, members())) {
            room.publishUntilFull();
            room.publishOn();
            Ledger told = new Ledger(0);
            while (told.next <= room.sent) {
                told.take(room.stalled.receive());
            }
            assertThat(told.gaps).isEqualTo(1);
            assertThat(told.messages).isPositive();
            assertThat(told.messages + told.lost).isEqualTo(room.sent);
            assertThat(room.harness.counter("porthouse.dropped.messages")).isEqualTo((double) told.lost);
            // It reads again, so it is a member like any other.
            room.publishBatch();
            while (told.next <= room.sent) {
                told.take(room.stalled.receive());
            }
            assertThat(told.gaps).isEqualTo(1);
            room.crowd.awaitFrames(room.sent);
            assertThat(room.harness.closes(CloseCode.SLOW_RECEIVER)).isZero();
            room.checkCrowd(0);
        }
    }

    @Test
    void anEnvelopeIsCancelledForItOnce() throws Exception {
        try (StalledRoom room = new StalledRoom(Traffic.CHUNKS, Overflow.DROP, members())) {
            room.publishUntilFull();
            room.publishOn();
            Ledger told = new Ledger(0);
            while (told.cancels == 0) {
                told.take(room.stalled.receive());
            }
            assertThat(told.chunks).isPositive();
            assertThat(told.unseen).isZero();
            // It reads again, so it is a member like any other.
            room.publishBatch();
            room.endEnvelope();
            while (told.whole == 0) {
                told.take(room.stalled.receive());
            }
            assertThat(told.cancels).isEqualTo(1);
            room.crowd.awaitFrames(room.sent);
            assertThat(room.harness.closes(CloseCode.SLOW_RECEIVER)).isZero();
            room.checkCrowd(2);
        }
    }

    // ---- disconnect

    @ParameterizedTest
    @EnumSource(Traffic.class)
    void disconnectingItIsToldAndTheOthersGetAll(Traffic traffic) throws Exception {
        try (StalledRoom room = new StalledRoom(traffic, Overflow.DISCONNECT, members())) {
            room.publishUntilFull();
            room.publishOn();
            assertThat(room.harness.closes(CloseCode.SLOW_RECEIVER)).isEqualTo(1);
            Ledger told = toItsClose(room.stalled);
            assertThat(told.frames()).isLessThan(room.sent);
            assertThat(told.gaps + told.cancels).isZero();
            room.harness.awaitGauge("porthouse.connections", 1 + members());
            room.checkCrowd(envelopes(traffic));
        }
    }

    @ParameterizedTest
    @EnumSource(Traffic.class)
    void whoDoesNotEvenReadThatItIsDisconnectedIsCutOff(Traffic traffic) throws Exception {
        try (StalledRoom room = new StalledRoom(traffic, Overflow.DISCONNECT, members())) {
            room.publishUntilFull();
            // The router waits for less than this.
            room.harness.skip(Duration.ofSeconds(3));
            room.harness.awaitGauge("porthouse.connections", 1 + members());
            room.publishOn();
            room.checkCrowd(envelopes(traffic));
        }
    }

    /** Reads until CLOSE 3001 and the end: as long as time stands still, the router does not give up telling it. */
    private static Ledger toItsClose(TestClient client) throws IOException {
        Ledger told = new Ledger(0);
        Received frame = client.receive();
        for (; frame.type() != FrameType.CLOSE; frame = client.receive()) {
            told.take(frame);
        }
        assertThat(frame.json().get("code").asInt()).isEqualTo(CloseCode.SLOW_RECEIVER.number());
        client.expectEnd();
        // The router has waited for that.
        client.close();
        return told;
    }

    private static int envelopes(Traffic traffic) {
        return traffic == Traffic.CHUNKS ? 1 : 0;
    }

    // ---- wait

    @ParameterizedTest
    @EnumSource(Traffic.class)
    void waitingItIsClosedIfItGoesOnAndTheOthersGetAll(Traffic traffic) throws Exception {
        try (StalledRoom room = new StalledRoom(traffic, Overflow.WAIT, members())) {
            room.publishUntilFull();
            assertThat(room.isSuspended()).isTrue();
            // It is seen to hold up the room; then it is seen to have done so for too long.
            room.harness.awaitTicks(SCAN_TICKS);
            assertThat(room.harness.closes(CloseCode.SLOW_RECEIVER)).isZero();
            room.harness.skip(WINDOW.plusSeconds(1));
            await("3001").until(() -> room.harness.closes(CloseCode.SLOW_RECEIVER) == 1);
            room.crowd.awaitFrames(room.sent);
            room.publishOn();
            assertThat(toItsClose(room.stalled).gaps).isZero();
            room.checkCrowd(envelopes(traffic));
        }
    }

    @ParameterizedTest
    @EnumSource(Traffic.class)
    void waitingNothingIsLostToItWhenItReadsAgain(Traffic traffic) throws Exception {
        try (StalledRoom room = new StalledRoom(traffic, Overflow.WAIT, members())) {
            room.publishUntilFull();
            Ledger told = new Ledger(0);
            try (Background reading = Background.start(() -> {
                while (told.frames() < room.sent || told.open() > 0) {
                    told.take(room.stalled.receive());
                }
            })) {
                room.crowd.awaitFrames(room.sent);
                room.endEnvelope();
                reading.join();
            }
            assertThat(told.gaps + told.cancels).isZero();
            assertThat(told.frames()).isEqualTo(room.sent);
            room.crowd.awaitFrames(room.sent);
            room.checkCrowd(envelopes(traffic));
        }
    }

    // ---- a byte a second

    @ParameterizedTest
    @CsvSource({"MESSAGES, WAIT", "CHUNKS, WAIT", "MESSAGES, DROP", "CHUNKS, DROP"})
    void whoReadsAByteASecondHoldsNobodyForLong(Traffic traffic, Overflow rule) throws Exception {
        try (StalledRoom room = new StalledRoom(traffic, rule, 2)) {
            room.publishUntilFull();
            for (int seconds = 0; seconds < 15; seconds += STEP_SECONDS) {
                for (int i = 0; i < STEP_SECONDS && room.harness.closes(CloseCode.SLOW_RECEIVER) == 0; i++) {
                    // Past the client's buffer, which would take more.
                    assertThat(room.stalled.socket.getInputStream().read()).isNotNegative();
                }
                room.harness.skip(Duration.ofSeconds(STEP_SECONDS));
                room.harness.awaitTicks(TICKS);
            }
            room.publishOn();
            assertThat(room.harness.closes(CloseCode.SLOW_RECEIVER)).isEqualTo(rule == Overflow.WAIT ? 1 : 0);
            room.checkCrowd(envelopes(traffic));
        }
    }
}
