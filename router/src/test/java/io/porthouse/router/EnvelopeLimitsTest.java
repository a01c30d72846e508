package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.router.TestClient.Received;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Envelopes that a room or a session does not take: all of it, or the rest of it. */
final class EnvelopeLimitsTest {

    private static final int MAX_ENVELOPE_BYTES = 1000;
    private static final int MAX_OPEN = 3;

    private RouterHarness harness;
    private TestClient sender;
    private TestClient reader;

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness(
                new TestSettings()
                        .maxOpenEnvelopes(MAX_OPEN)
                        .outboxBytes(256 << 10)
                        .build(),
                name -> rules(name.name()));
        harness.grant(
                new Grant(RouterHarness.ACCOUNT, "read-only", false, Set.of(Right.READ), false),
                new Grant(RouterHarness.ACCOUNT, "", true, RouterHarness.READ_WRITE, false));
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    private static RoomRules rules(String room) {
        long maxEnvelopeBytes = room.equals("small") ? MAX_ENVELOPE_BYTES : room.equals("none") ? -1 : Long.MAX_VALUE;
        Overflow overflow =
                room.equals("drop") ? Overflow.DROP : room.equals("disconnect") ? Overflow.DISCONNECT : Overflow.WAIT;
        return new RoomRules(
                1 << 20,
                maxEnvelopeBytes,
                100,
                room.equals("paced") ? 2 : 0,
                room.equals("text"),
                false,
                Overflow.DROP,
                overflow);
    }

    private int enter(String room) throws Exception {
        sender = harness.connect(room);
        reader = harness.connect(room);
        return sender.handle("acme/" + room);
    }

    /** Takes ERROR for an envelope that was refused before its end. */
    private void expectRefusal(ErrorCode code, int room, int envelope) throws Exception {
        Received error = sender.expectError(code);
        assertThat(error.sequence()).isZero();
        assertThat(error.room()).isEqualTo(room);
        assertThat(error.json().get("envelope").asLong()).isEqualTo(envelope);
    }

    @Test
    void chunksWithoutDataDoNotGoOnForEver() throws Exception {
        int room = enter("small");
        byte[] empty = new byte[0];
        sender.send(Chunks.first(room, 1, empty));
        for (int i = 1; i <= MAX_ENVELOPE_BYTES; i++) {
            sender.send(Chunks.next(room, 1, i, empty));
        }
        sender.expectNothing(2);
        sender.send(Chunks.next(room, 1, MAX_ENVELOPE_BYTES + 1, empty));
        expectRefusal(ErrorCode.TOO_LARGE, room, 1);
    }

    @Test
    void theFirstAndTheLastChunkMayBeEmptyWhereEachByteCounts() throws Exception {
        int room = enter("small");
        byte[] empty = new byte[0];
        byte[] most = new byte[MAX_ENVELOPE_BYTES];
        sender.send(
                Chunks.first(room, 1, MAX_ENVELOPE_BYTES, empty),
                Chunks.next(room, 1, 1, most),
                Chunks.last(room, 1, 2, 2, empty, most));
        assertThat(Chunks.receiveWhole(reader)).isEqualTo(most);
        sender.expectReceipt(2);
    }

    private void expectRefusalOfLast(ErrorCode code, int room, long correlation) throws Exception {
        Received error = sender.expectError(code);
        assertThat(error.sequence()).isEqualTo(correlation);
        assertThat(error.room()).isEqualTo(room);
    }

    // ---- maxEnvelopeBytes

    @Test
    void anEnvelopeMayBeAsLargeAsItsRoomAllows() throws Exception {
        int room = enter("small");
        byte[] payload = new byte[MAX_ENVELOPE_BYTES];
        for (byte[] frame : Chunks.of(room, 1, payload, 300, 2)) {
            sender.send(frame);
        }
        assertThat(Chunks.receiveWhole(reader)).isEqualTo(payload);
        sender.expectReceipt(2);
    }

    @Test
    void metadataDoesNotCountAsData() throws Exception {
        int room = enter("small");
        byte[] metadata = new byte[5000];
        byte[] rest = ByteBuffer.allocate(8 + 2 + metadata.length + MAX_ENVELOPE_BYTES)
                .putLong(Chunks.UNKNOWN_TOTAL)
                .putShort((short) metadata.length)
                .put(metadata)
                .put(new byte[MAX_ENVELOPE_BYTES])
                .array();
        sender.send(TestClient.chunk(0, room, 0, 1, 0, rest));
        sender.send(Chunks.last(room, 1, 1, 2, new byte[0], new byte[MAX_ENVELOPE_BYTES]));
        sender.expectReceipt(2);
    }

    @Test
    void oneByteTooManyCancelsTheEnvelope() throws Exception {
        int room = enter("small");
        sender.send(
                Chunks.first(room, 1, new byte[MAX_ENVELOPE_BYTES]),
                Chunks.next(room, 1, 1, new byte[1]),
                Chunks.next(room, 1, 2, new byte[1]),
                Chunks.last(room, 1, 3, 2, new byte[1], new byte[1]));
        expectRefusal(ErrorCode.TOO_LARGE, room, 1);
        expectRefusalOfLast(ErrorCode.ENVELOPE_NOT_OPEN, room, 2);
        Chunks.expectChunk(reader, 1, 0);
        Chunks.expectCancel(reader, 1);
    }

    @Test
    void oneByteTooManyInTheLastChunkIsAnsweredWithItsCorrelation() throws Exception {
        int room = enter("small");
        sender.send(
                Chunks.first(room, 1, new byte[MAX_ENVELOPE_BYTES]),
                Chunks.last(room, 1, 1, 2, new byte[1], new byte[1]));
        expectRefusalOfLast(ErrorCode.TOO_LARGE, room, 2);
        Chunks.expectChunk(reader, 1, 0);
        Chunks.expectCancel(reader, 1);
    }

    @Test
    void aTooLargeFirstChunkReachesNobody() throws Exception {
        int room = enter("small");
        sender.send(Chunks.first(room, 1, new byte[MAX_ENVELOPE_BYTES + 1]), TestClient.message(room, "next"));
        expectRefusal(ErrorCode.TOO_LARGE, room, 1);
        reader.expectMessage("next");
    }

    @Test
    void aTooLargeTotalIsRefusedAtOnce() throws Exception {
        int room = enter("small");
        sender.send(
                Chunks.first(room, 1, MAX_ENVELOPE_BYTES + 1, new byte[1]),
                Chunks.next(room, 1, 1, new byte[1]),
                Chunks.last(room, 1, 2, 2, new byte[1], new byte[1]),
                TestClient.message(room, "next"));
        expectRefusal(ErrorCode.TOO_LARGE, room, 1);
        expectRefusalOfLast(ErrorCode.ENVELOPE_NOT_OPEN, room, 2);
        reader.expectMessage("next");
    }

    @Test
    void aTotalAsLargeAsTheRoomAllowsIsTaken() throws Exception {
        int room = enter("small");
        sender.send(Chunks.first(room, 1, MAX_ENVELOPE_BYTES, new byte[1]));
        Chunks.expectChunk(reader, 1, 0);
    }

    @Test
    void whatFlowsCountsAndNotTheTotalThatWasTold() throws Exception {
        int room = enter("small");
        sender.send(Chunks.first(room, 1, 1, new byte[MAX_ENVELOPE_BYTES]), Chunks.next(room, 1, 1, new byte[1]));
        expectRefusal(ErrorCode.TOO_LARGE, room, 1);
    }

    @Test
    void aRefusedIdMayBeUsedAgain() throws Exception {
        int room = enter("small");
        sender.send(
                Chunks.first(room, 1, new byte[MAX_ENVELOPE_BYTES]),
                Chunks.next(room, 1, 1, new byte[1]),
                Chunks.last(room, 1, 0, 2, new byte[1], new byte[1]));
        expectRefusal(ErrorCode.TOO_LARGE, room, 1);
        sender.expectReceipt(2);
        Chunks.expectChunk(reader, 1, 0);
        Chunks.expectCancel(reader, 1);
        assertThat(Chunks.receiveWhole(reader)).hasSize(1);
    }

    // ---- maxOpenEnvelopes

    @Test
    void oneEnvelopeMoreThanMayBeOpenIsRefused() throws Exception {
        int room = enter("one");
        for (int id = 1; id <= MAX_OPEN; id++) {
            sender.send(Chunks.first(room, id, new byte[1]));
        }
        sender.send(Chunks.first(room, 9, new byte[1]), Chunks.last(room, 9, 1, 2, new byte[0], new byte[1]));
        expectRefusal(ErrorCode.TOO_MANY_ENVELOPES, room, 9);
        expectRefusalOfLast(ErrorCode.ENVELOPE_NOT_OPEN, room, 2);
    }

    @Test
    void theOpenEnvelopesOfAllRoomsCount() throws Exception {
        sender = harness.connect("one", "two");
        for (int id = 1; id <= MAX_OPEN; id++) {
            sender.send(Chunks.first(sender.handle("acme/one"), id, new byte[1]));
        }
        sender.send(Chunks.first(sender.handle("acme/two"), 9, new byte[1]));
        expectRefusal(ErrorCode.TOO_MANY_ENVELOPES, sender.handle("acme/two"), 9);
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void anEnvelopeThatIsOverMakesPlace(boolean cancelled) throws Exception {
        int room = enter("one");
        for (int id = 1; id <= MAX_OPEN; id++) {
            sender.send(Chunks.first(room, id, new byte[1]));
        }
        sender.send(cancelled ? Chunks.cancel(room, 2) : Chunks.last(room, 2, 1, 0, new byte[0], new byte[1]));
        sender.send(Chunks.last(room, 9, 0, 2, new byte[1], new byte[1]));
        sender.expectReceipt(2);
    }

    // ---- rooms that take none

    @ParameterizedTest
    @CsvSource({"none,TOO_LARGE", "text,TEXT_ONLY", "read-only,MAY_NOT_WRITE"})
    void aRoomMayTakeNoEnvelopeAtAll(String name, ErrorCode code) throws Exception {
        int room = enter(name);
        sender.send(
                Chunks.first(room, 1, new byte[1]),
                Chunks.next(room, 1, 1, new byte[1]),
                Chunks.last(room, 1, 2, 2, new byte[1], new byte[1]));
        expectRefusal(code, room, 1);
        expectRefusalOfLast(ErrorCode.ENVELOPE_NOT_OPEN, room, 2);
    }

    @Test
    void anEnvelopeToARoomThatIsNotHeldIsRefused() throws Exception {
        enter("one");
        sender.send(Chunks.first(12345, 1, new byte[1]));
        expectRefusal(ErrorCode.NOT_HELD, 12345, 1);
    }

    @Test
    void everyRefusedEnvelopeIsToldNeverHeldBack() throws Exception {
        int room = enter("none");
        for (int id = 1; id <= 20; id++) {
            sender.send(Chunks.first(room, id, new byte[1]));
        }
        for (int id = 1; id <= 20; id++) {
            expectRefusal(ErrorCode.TOO_LARGE, room, id);
        }
    }

    @Test
    void chunksOfWhatIsNotOpenAreSkippedInSilence() throws Exception {
        int room = enter("one");
        sender.send(
                Chunks.next(room, 1, 1, new byte[1]),
                Chunks.next(room, 1, 7, new byte[1]),
                Chunks.last(room, 1, 8, 0, new byte[1], new byte[1]),
                Chunks.cancel(room, 1),
                TestClient.message(room, "next"));
        reader.expectMessage("next");
        sender.expectNothing(2);
    }

    @Test
    void anEnvelopeCountsOnceAgainstTheRate() throws Exception {
        int room = enter("paced");
        sender.send(
                Chunks.first(room, 1, new byte[1]),
                Chunks.next(room, 1, 1, new byte[1]),
                Chunks.last(room, 1, 2, 2, new byte[1], new byte[1]),
                TestClient.receiptMessage(room, 3, "the second of two a second"),
                Chunks.first(room, 2, new byte[1]));
        expectRefusal(ErrorCode.RATE_LIMITED, room, 2);
        assertThat(sender.expect(FrameType.RECEIPT).sequence()).isBetween(2L, 3L);
    }

    // ---- envelopeOverflow

    /** Sends chunks until a member that reads nothing has lost one; returns how many. */
    private int sendUntil(int room, BooleanSupplier lost) throws Exception {
        byte[] data = new byte[60_000];
        int index = 0;
        while (!lost.getAsBoolean()) {
            sender.send(index == 0 ? Chunks.first(room, 1, data) : Chunks.next(room, 1, index, data));
            Chunks.expectChunk(reader, 1, index++);
            assertThat(index).as("chunks").isLessThan(1000);
        }
        return index;
    }

    @Test
    void aRoomThatDropsCancelsTheEnvelopeForWhoDoesNotRead() throws Exception {
        int room = enter("drop");
        TestClient slow = harness.dialSlow();
        slow.hello(RouterHarness.SECRET, "drop");
        int sent = sendUntil(room, () -> harness.counter("porthouse.cancelled.envelopes") == 1);
        Received received = slow.receive();
        int expected = 0;
        while (!Chunks.isCancel(received)) {
            assertThat(Chunks.index(received)).isEqualTo(expected++);
            received = slow.receive();
        }
        sender.send(Chunks.next(room, 1, sent, new byte[1]), TestClient.message(room, "next"));
        slow.expectMessage("next");
        assertThat(Chunks.receiveByLane(reader, 2)).extracting(Chunks::isChunk).containsExactly(false, true);
    }

    @Test
    void aRoomThatDropsGivesTheNextEnvelopeToWhoReadsAgain() throws Exception {
        int room = enter("drop");
        TestClient slow = harness.dialSlow();
        slow.hello(RouterHarness.SECRET, "drop");
        sendUntil(room, () -> harness.counter("porthouse.cancelled.envelopes") == 1);
        while (!Chunks.isCancel(slow.receive())) {
            // Takes what was queued.
        }
        sender.send(Chunks.last(room, 2, 0, 0, new byte[10], new byte[10]));
        assertThat(Chunks.receiveWhole(slow)).hasSize(10);
    }

    @Test
    void aRoomThatDisconnectsClosesWhoDoesNotTakeChunks() throws Exception {
        int room = enter("disconnect");
        harness.dialSlow().hello(RouterHarness.SECRET, "disconnect");
        sendUntil(room, () -> harness.closes(CloseCode.SLOW_RECEIVER) == 1);
        harness.awaitGauge("porthouse.connections", 2);
    }
}
