package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a pause of a room means for those who publish: {@code envelopeOverflow: wait}. */
final class PauseTest {

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void thePublisherIsToldOnceOfThePauseAndOnceOfItsEnd(boolean sameLoop) throws Exception {
        try (PausedRoom paused = new PausedRoom(sameLoop)) {
            paused.slowReads(0, paused.chunks);
            paused.expectFlow(0);
            paused.publisher.expectNothing(paused.nextCorrelation());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void otherFramesOfThePublisherPass(boolean sameLoop) throws Exception {
        try (PausedRoom paused = new PausedRoom(sameLoop)) {
            long ofSameRoom = paused.nextCorrelation();
            long ofOtherRoom = paused.nextCorrelation();
            paused.publisher.send(
                    TestClient.receiptMessage(paused.room, ofSameRoom, "a message"),
                    TestClient.receiptMessage(paused.publisher.handle("acme/two"), ofOtherRoom, "another room"),
                    TestClient.ping(paused.nextCorrelation()));
            paused.fast.expectMessage("a message");
            int receipts = 0;
            for (int i = 0; i < 3; i++) {
                receipts += paused.publisher.receive().type() == FrameType.RECEIPT ? 1 : 0;
            }
            assertThat(receipts).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aChunkForThePausedRoomStopsTheWalkUntilThePauseIsOver(boolean sameLoop) throws Exception {
        try (PausedRoom paused = new PausedRoom(sameLoop)) {
            paused.suspendPublisher();
            long correlation = paused.nextCorrelation();
            paused.publisher.send(TestClient.ping(correlation));
            paused.slowReads(0, paused.chunks);
            paused.expectFlow(0);
            assertThat(paused.publisher.expect(FrameType.PONG).sequence()).isEqualTo(correlation);
            assertThat(paused.harness.gauge("porthouse.publishers.suspended")).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theCancelOfAnOpenEnvelopeDoesNotWait(boolean sameLoop) throws Exception {
        try (PausedRoom paused = new PausedRoom(sameLoop)) {
            // Nobody is closed for reading nothing.
            paused.harness.stopTime();
            paused.publisher.send(Chunks.cancel(paused.room, PausedRoom.ENVELOPE));
            Chunks.expectCancel(paused.fast, PausedRoom.ENVELOPE);
            // What was queued is given back.
            paused.expectFlow(0);
        }
    }

    @Test
    void theMetersSayWhatIsHeldAndForHowLong() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            RouterHarness harness = paused.harness;
            harness.stopTime();
            paused.suspendPublisher();
            assertThat(harness.gauge("porthouse.envelopes.open")).isEqualTo(1);
            assertThat(harness.gauge("porthouse.lag.bytes", "lane", "chunks")).isGreaterThan(PausedRoom.MARK_BYTES);
            String text = "m".repeat(20_000);
            paused.fast.send(TestClient.receiptMessage(paused.room, 2, text));
            paused.fast.expectReceipt(2);
            assertThat(harness.gauge("porthouse.lag.bytes", "lane", "messages")).isGreaterThanOrEqualTo(text.length());
            harness.skip(Duration.ofSeconds(7));
            paused.slow.reset();
            harness.awaitGauge("porthouse.publishers.suspended", 0);
            assertThat(harness.counter("porthouse.publishers.suspended.time")).isEqualTo(7);
            harness.awaitGauge("porthouse.sessions.lagging", 0);
            assertThat(harness.gauge("porthouse.lag.bytes", "lane", "chunks")).isZero();
        }
    }

    @Test
    void theSuspendedPublisherIsStillSentWhatItIsAMemberOf() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.suspendPublisher();
            paused.fast.send(TestClient.message(paused.room, "for all"));
            paused.publisher.expectMessage("for all");
        }
    }

    @Test
    void messagesOfOthersOvertakeThePausedChunks() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.suspendPublisher();
            TestClient other = paused.harness.connect("one");
            other.send(TestClient.receiptMessage(paused.room, 2, "a message"));
            // The publisher, the slow one and the fast one.
            assertThat(other.expectReceipt(2).buffer().getInt(8)).isEqualTo(3);
        }
    }

    @Test
    void whoPublishesToAnotherRoomIsNotHeldUp() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            paused.suspendPublisher();
            TestClient other = paused.harness.connect("three");
            TestClient reader = paused.harness.connect("three");
            byte[] payload = new byte[100_000];
            for (byte[] frame : Chunks.of(other.handle("acme/three"), 1, payload, 10_000, 2)) {
                other.send(frame);
            }
            assertThat(Chunks.receiveWhole(reader)).hasSize(100_000);
            other.expectReceipt(2);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoOpensAnEnvelopeDuringThePauseIsToldAndWaits(boolean sameLoop) throws Exception {
        try (PausedRoom paused = new PausedRoom(sameLoop)) {
            TestClient other = paused.harness.connect("one");
            byte[] payload = {1, 2, 3};
            other.send(Chunks.last(paused.room, 1, 0, 2, payload, payload));
            PausedRoom.assertFlow(other.receive(), paused.room, 1);
            paused.slowReads(0, paused.chunks);
            PausedRoom.assertFlow(other.receive(), paused.room, 0);
            // The publisher, the slow one and the fast one.
            assertThat(other.expectReceipt(2).buffer().getInt(8)).isEqualTo(3);
            assertThat(Chunks.receiveWhole(paused.slow)).isEqualTo(payload);
        }
    }

    @Test
    void whoHasNoEnvelopeOpenIsNotTold() throws Exception {
        try (PausedRoom paused = new PausedRoom(false)) {
            TestClient other = paused.harness.connect("one");
            other.expectNothing(2);
            paused.slowReads(0, paused.chunks);
            paused.expectFlow(0);
            other.expectNothing(3);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void thePauseLastsAsLongAsOneMemberHoldsTheRoom(boolean sameLoop) throws Exception {
        try (RouterHarness harness =
                new RouterHarness(new TestSettings().outboxBytes(1 << 20).build())) {
            TestClient publisher = harness.connect("one");
            TestClient first = harness.dialSlow();
            first.hello(RouterHarness.SECRET, "one");
            if (sameLoop) {
                harness.connect("two");
            }
            TestClient second = harness.dialSlow();
            second.hello(RouterHarness.SECRET, "one");
            int room = publisher.handle("acme/one");
            fillWithMessages(publisher, room);
            byte[] data = new byte[400_000];
            publisher.send(Chunks.first(room, 1, data));
            PausedRoom.assertFlow(publisher.receive(), room, 1);
            seekChunk(first);
            first.send(TestClient.ping(2)).seek(FrameType.PONG);
            publisher.expectNothing(3);
            publisher.expectNothing(4);
            seekChunk(second);
            PausedRoom.assertFlow(publisher.receive(), room, 0);
        }
    }

    /** Leaves no place in the kernel for members that read nothing; they lose messages. */
    private static void fillWithMessages(TestClient publisher, int room) throws Exception {
        byte[] message = TestClient.frame(FrameType.ENVELOPE, 0, room, 0, new byte[32_000]);
        for (int i = 0; i < 500; i++) {
            publisher.send(message);
        }
        publisher.send(TestClient.receiptMessage(room, 2, "the last one"));
        assertThat(publisher.expectReceipt(2).buffer().getInt(8))
                .as("recipients")
                .isZero();
    }

    private static void seekChunk(TestClient client) throws Exception {
        Received received = client.receive();
        while (!Chunks.isChunk(received)) {
            received = client.receive();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aPublisherThatNeverWaitsLosesNothingOfItsEnvelope(boolean sameLoop) throws Exception {
        byte[] payload = new byte[24 << 20];
        new Random(1).nextBytes(payload);
        try (RouterHarness harness = new RouterHarness(
                new TestSettings().outboxBytes(1 << 20).inboxBytes(2 << 20).build())) {
            TestClient publisher = harness.connect("one");
            if (sameLoop) {
                harness.connect("two");
            }
            TestClient slow = harness.dialSlow();
            slow.hello(RouterHarness.SECRET, "one");
            Thread sender = new Thread(() -> sendAll(publisher, payload));
            sender.start();
            harness.awaitGauge("porthouse.publishers.suspended", 1);
            assertThat(harness.router.usedBytes()).isLessThan(8 << 20);
            assertThat(Chunks.receiveWhole(slow)).isEqualTo(payload);
            sender.join();
            Received next = publisher.receive();
            while (next.type() == FrameType.FLOW) {
                next = publisher.receive();
            }
            assertThat(FrameType.name(next.type())).isEqualTo("RECEIPT");
        }
    }

    private static void sendAll(TestClient publisher, byte[] payload) {
        try {
            for (byte[] frame : Chunks.of(publisher.handle("acme/one"), 1, payload, 100_000, 2)) {
                publisher.send(frame);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
