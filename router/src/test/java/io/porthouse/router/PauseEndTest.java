package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a pause ends, and how those end who wait for it or cause it. */
final class PauseEndTest {

    private static final Duration WINDOW = Duration.ofSeconds(10);

    /** So that each session has been looked at. */
    private static final int TICKS = 4;

    /** More than a member has to take in a window, because the kernel asks for more only when a third of its buffer is free. */
    private static final int ENOUGH_BYTES = 2 << 20;

    private static byte[] leave(TestClient client, long correlation) {
        return TestClient.frame(FrameType.LEAVE, 0, client.handle(PausedRoom.NAME), correlation, new byte[0]);
    }

    // ---- the member that holds the room

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void thePauseEndsWhenTheSlowMemberBreaksOff(boolean sameLoop) throws Exception {
        try (PausedRoom paused = new PausedRoom(sameLoop)) {
            paused.slow.reset();
            paused.expectFlow(0);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void thePauseEndsWhenTheSlowMemberLeaves(boolean sameLoop) throws Exception {
        try (PausedRoom paused = new PausedRoom(sameLoop)) {
            paused.slow.send(leave(paused.slow, 2));
            paused.expectFlow(0);
        }
    }

    @Test
    void thePauseEndsWhenTheSlowMemberStopsReceiving() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.slow.send(TestClient.json(FrameType.JOIN, 0, 2, "{'room':'one','receive':false}"));
            paused.expectFlow(0);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"DROP", "DISCONNECT"})
    void thePauseEndsWhenTheRoomWaitsNoLonger(Overflow changed) throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.suspendPublisher();
            RoomName room = new RoomName(RouterHarness.ACCOUNT, "one");
            paused.harness.tokens.putRoom(room, TestRules.with(rules -> rules.envelopeOverflow = changed));
            paused.harness.refreshRoom(room);
            paused.expectFlow(0);
            Chunks.expectChunk(paused.fast, PausedRoom.ENVELOPE, paused.chunks - 1);
            if (changed == Overflow.DROP) {
                Received received = paused.slow.receive();
                while (!Chunks.isCancel(received)) {
                    received = paused.slow.receive();
                }
                paused.slow.expectNothing(2);
            } else {
                await().until(() -> paused.harness.closes(CloseCode.SLOW_RECEIVER) == 1);
            }
        }
    }

    @Test
    void ofTwoThatStreamAtEachOtherAndDoNotReadNobodyStaysForEver() throws Exception {
        try (RouterHarness harness =
                new RouterHarness(new TestSettings().outboxBytes(1 << 20).build())) {
            // On both loops.
            TestClient first = harness.dialSlow();
            first.hello(RouterHarness.SECRET, "one");
            TestClient second = harness.dialSlow();
            second.hello(RouterHarness.SECRET, "one");
            int room = first.handle(PausedRoom.NAME);
            try (Background one = Background.start(() -> streamToTheEnd(first, room));
                    Background other = Background.start(() -> streamToTheEnd(second, room))) {
                harness.awaitGauge("porthouse.publishers.suspended", 2);
                harness.awaitTicks(TICKS);
                harness.skip(WINDOW);
                await().until(() -> harness.closes(CloseCode.SLOW_RECEIVER) > 0);
                TestClient late = harness.connect("one");
                TestClient reader = harness.connect("one");
                byte[] payload = {1, 2, 3};
                late.send(Chunks.last(late.handle(PausedRoom.NAME), 2, 0, 2, payload, payload));
                assertThat(Chunks.receiveWhole(reader)).isEqualTo(payload);
                first.close();
                second.close();
                one.join();
                other.join();
            }
        }
    }

    private static void streamToTheEnd(TestClient client, int room) {
        byte[] data = new byte[100_000];
        try {
            client.send(Chunks.first(room, 1, data));
            for (int i = 1; ; i++) {
                client.send(Chunks.next(room, 1, i, data));
            }
        } catch (IOException e) {
            // The router has closed it, or the test is over.
        }
    }

    @Test
    void whoLeavesGetsWhatWasOnItsWayThenTheCancelThenWithdrawn() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.slow.send(leave(paused.slow, 2));
            paused.expectFlow(0);
            Received received = paused.slow.receive();
            while (!Chunks.isCancel(received)) {
                received = paused.slow.receive();
            }
            paused.slow.expect(FrameType.WITHDRAWN);
            paused.slow.expectNothing(3);
        }
    }

    @Test
    void theSuspendedPublisherGoesOnWhenTheSlowMemberBreaksOff() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.suspendPublisher();
            paused.slow.reset();
            Chunks.expectChunk(paused.fast, PausedRoom.ENVELOPE, paused.chunks - 1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoHoldsARoomForTenSecondsIsClosed(boolean sameLoop) throws Exception {
        try (PausedRoom paused = new PausedRoom(sameLoop)) {
            paused.harness.awaitTicks(TICKS);
            paused.harness.skip(WINDOW);
            paused.expectFlow(0);
            assertThat(paused.harness.closes(CloseCode.SLOW_RECEIVER)).isEqualTo(1);
        }
    }

    @Test
    void whoHoldsARoomForLessIsKept() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.harness.awaitTicks(TICKS);
            paused.harness.skip(WINDOW.minusSeconds(3));
            paused.harness.awaitTicks(TICKS);
            assertThat(paused.harness.closes(CloseCode.SLOW_RECEIVER)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {128 << 10, 8 << 20})
    void whoTakesEnoughInEveryTenSecondsIsKept(int chunkBytes) throws Exception {
        try (PausedRoom paused = new PausedRoom(false, chunkBytes)) {
            Thread publisher = new Thread(() -> sendChunksToTheEnd(paused));
            publisher.start();
            paused.harness.awaitTicks(TICKS);
            for (int i = 0; i < 2; i++) {
                paused.slow.readBytes(ENOUGH_BYTES);
                paused.harness.skip(WINDOW);
                paused.harness.awaitTicks(TICKS);
            }
            assertThat(paused.harness.closes(CloseCode.SLOW_RECEIVER)).isZero();
        }
    }

    /** Whatever the router does, there is more to send. */
    private static void sendChunksToTheEnd(PausedRoom paused) {
        try {
            paused.fast.send(leave(paused.fast, 1000));
            while (true) {
                paused.sendChunk();
            }
        } catch (IOException e) {
            // The test is over, and has closed the connection.
        }
    }

    @Test
    void whoHasLeftTheRoomDoesNotHoldItAnyMore() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.slow.send(leave(paused.slow, 2));
            paused.expectFlow(0);
            paused.harness.awaitTicks(TICKS);
            paused.harness.skip(WINDOW);
            paused.harness.awaitTicks(TICKS);
            paused.harness.skip(WINDOW);
            paused.harness.awaitTicks(TICKS);
            assertThat(paused.harness.closes(CloseCode.SLOW_RECEIVER)).isZero();
        }
    }

    @Test
    void whoHoldsTwoRoomsAndLeavesOneHoldsTheOther() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            int two = paused.publisher.handle("acme/two");
            // More than the mark, and the kernel takes no more for the slow one: it holds this room too.
            paused.publisher.send(Chunks.first(two, 1, new byte[400_000]));
            PausedRoom.assertFlow(paused.publisher.receive(), two, 1);
            paused.slow.send(leave(paused.slow, 2));
            paused.expectFlow(0);
            paused.publisher.expectNothing(paused.nextCorrelation());
            paused.slow.seek(FrameType.WITHDRAWN);
            PausedRoom.assertFlow(paused.publisher.receive(), two, 0);
        }
    }

    // ---- the publisher that waits

    @Test
    void whoDiesWaitingHasItsEnvelopeCancelled() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.suspendPublisher();
            paused.publisher.reset();
            Chunks.expectCancel(paused.fast, PausedRoom.ENVELOPE);
            paused.harness.awaitGauge("porthouse.publishers.suspended", 0);
        }
    }

    @Test
    void theEndOfAStreamThatAPauseOfChunksHoldsUpLetsTheRestBeRouted() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.suspendPublisher();
            byte[] end = {1};
            long correlation = paused.nextCorrelation();
            paused.publisher.send(Chunks.last(paused.room, PausedRoom.ENVELOPE, paused.chunks, correlation, end, end));
            paused.publisher.shutOutput();
            paused.slowReads(0, paused.chunks);
            Chunks.expectChunk(paused.slow, PausedRoom.ENVELOPE, paused.chunks);
            paused.expectFlow(0);
            assertThat(paused.publisher.expectReceipt(correlation).buffer().getInt(8))
                    .isEqualTo(2);
            paused.publisher.expectEnd();
        }
    }

    @Test
    void revocationDiscardsWhatASuspendedPublisherHasSent() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.suspendPublisher();
            paused.publisher.send(TestClient.message(paused.publisher.handle("acme/two"), "too late"));
            paused.harness.tokens.remove(MemoryTokenSource.secretHash(PausedRoom.PUBLISHER_SECRET));
            paused.harness.refreshToken("publisher");
            paused.publisher.expectClose(CloseCode.TOKEN_REVOKED.number());
            // What was queued for the slow member is given up with the envelope.
            Received received = paused.slow.receive();
            int taken = 0;
            while (!Chunks.isCancel(received)) {
                assertThat(Chunks.index(received)).isEqualTo(taken++);
                received = paused.slow.receive();
            }
            assertThat(taken).isBetween(1, paused.chunks - 1);
            paused.slow.expectNothing(2);
            assertThat(paused.harness.gauge("porthouse.publishers.suspended")).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aPublisherWhoseRoomIsWithdrawnWaitsForItNoLonger(boolean sameLoop) throws Exception {
        try (PausedRoom paused = new PausedRoom(sameLoop)) {
            paused.suspendPublisher();
            long correlation = paused.nextCorrelation();
            paused.publisher.send(TestClient.ping(correlation));
            paused.grantPublisher("two");
            paused.harness.refreshToken("publisher");
            paused.publisher.seek(FrameType.WITHDRAWN);
            assertThat(paused.publisher.expect(FrameType.PONG).sequence()).isEqualTo(correlation);
        }
    }

    @Test
    void aPublisherThatMayNoLongerWriteWaitsNoLonger() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.suspendPublisher();
            long correlation = paused.nextCorrelation();
            paused.publisher.send(TestClient.ping(correlation));
            Grant readOnly = new Grant(RouterHarness.ACCOUNT, "one", false, Set.of(Right.READ), false);
            paused.harness.put(
                    PausedRoom.PUBLISHER_SECRET,
                    new TokenState("publisher", RouterHarness.ACCOUNT, List.of(readOnly), 100, null, false));
            paused.harness.refreshToken("publisher");
            assertThat(paused.publisher.seek(FrameType.PONG).sequence()).isEqualTo(correlation);
        }
    }

    @Test
    void thePublisherGoesOnWhenTheRoomIsDeleted() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.suspendPublisher();
            long correlation = paused.nextCorrelation();
            paused.publisher.send(TestClient.ping(correlation));
            RoomName room = new RoomName(RouterHarness.ACCOUNT, "one");
            paused.harness.tokens.deleteRoom(room);
            paused.harness.refreshRoom(room);
            assertThat(paused.publisher.seek(FrameType.PONG).sequence()).isEqualTo(correlation);
        }
    }

    @Test
    void aRouterThatStopsTellsThePublisherToo() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.suspendPublisher();
            try (Background stopping = Background.start(paused.harness.router::close)) {
                paused.slow.reset();
                paused.publisher.seekClose(CloseCode.GOING_AWAY.number());
                paused.publisher.close();
                stopping.join();
            }
            assertThat(paused.harness.router.usedBytes()).isZero();
        }
    }

    @Test
    void timeStandsStillForASuspendedPublisher() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.suspendPublisher();
            paused.harness.skip(Duration.ofHours(1));
            paused.harness.awaitTicks(TICKS);
            paused.harness.skip(Duration.ofHours(1));
            paused.harness.awaitTicks(TICKS);
            await().until(() -> paused.harness.closes(CloseCode.TIMEOUT) > 0);
            paused.expectFlow(0);
            paused.publisher.send(TestClient.ping(paused.nextCorrelation())).seek(FrameType.PONG);
        }
    }
}
