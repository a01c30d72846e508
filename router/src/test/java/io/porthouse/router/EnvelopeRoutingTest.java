package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.router.TestClient.Received;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Chunks flow as they come, to those who took the first one; who stops is followed by a cancel. */
final class EnvelopeRoutingTest {

    private static final String SENDER_SECRET = "sender-token-0123456789";
    private static final byte[] ABC = "abc".getBytes(StandardCharsets.UTF_8);
    private static final byte[] ABCABC = "abcabc".getBytes(StandardCharsets.UTF_8);

    private RouterHarness harness;
    private TestClient sender;

    /** On the sender's loop, and on the other one. */
    private List<TestClient> readers;

    private int room;

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness();
        grantSender(RouterHarness.READ_WRITE, "one");
        sender = harness.dial();
        sender.hello(SENDER_SECRET, "one");
        readers = List.of(harness.connect("one"), harness.connect("one"));
        room = sender.handle("acme/one");
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    private void grantSender(Set<Right> may, String... rooms) {
        List<Grant> grants = List.of(rooms).stream()
                .map(name -> new Grant(RouterHarness.ACCOUNT, name, false, may, false))
                .toList();
        harness.put(SENDER_SECRET, new TokenState("sender", RouterHarness.ACCOUNT, grants, 100, null, false));
    }

    private void refreshSender() throws Exception {
        harness.refreshToken("sender");
    }

    /** Begins an envelope that everybody has taken the first chunk of. */
    private void begin(int envelope) throws Exception {
        sender.send(Chunks.first(room, envelope, ABC));
        for (TestClient reader : readers) {
            Chunks.expectChunk(reader, envelope, 0);
        }
    }

    private void expectCancels(int envelope) throws Exception {
        for (TestClient reader : readers) {
            Chunks.expectCancel(reader, envelope);
        }
    }

    // ---- the way of a chunk

    @Test
    void everyChunkFlowsAsItComes() throws Exception {
        begin(1);
        for (int index = 1; index < 4; index++) {
            sender.send(Chunks.next(room, 1, index, ABC));
            for (TestClient reader : readers) {
                Received chunk = Chunks.expectChunk(reader, 1, index);
                assertThat(Chunks.data(chunk)).isEqualTo(ABC);
                assertThat(chunk.room()).isEqualTo(room);
                assertThat(chunk.origin()).isEqualTo(sender.origin());
            }
        }
    }

    @Test
    void theBodyOfAChunkArrivesUnchanged() throws Exception {
        byte[] metadata = "{\"name\":\"a.txt\"}".getBytes(StandardCharsets.UTF_8);
        byte[] rest = ByteBuffer.allocate(8 + 2 + metadata.length + 3)
                .putLong(77)
                .putShort((short) metadata.length)
                .put(metadata)
                .put(ABC)
                .array();
        byte[] sent = TestClient.chunk(Flags.TEXT, room, 0, -2, 0, rest);
        sender.send(sent);
        for (TestClient reader : readers) {
            Received chunk = reader.expect(FrameType.ENVELOPE);
            assertThat(chunk.flags()).isEqualTo(Flags.CHUNK | Flags.TEXT);
            assertThat(chunk.body()).isEqualTo(Arrays.copyOfRange(sent, 24, sent.length));
        }
    }

    @Test
    void anEnvelopeMayBeOneChunk() throws Exception {
        sender.send(Chunks.last(room, 1, 0, 0, ABC, ABC));
        for (TestClient reader : readers) {
            assertThat(Chunks.receiveWhole(reader)).isEqualTo(ABC);
        }
    }

    @Test
    void anEnvelopeMayBeEmpty() throws Exception {
        sender.send(Chunks.last(room, 1, 0, 0, new byte[0], new byte[0]));
        for (TestClient reader : readers) {
            assertThat(Chunks.receiveWhole(reader)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 20, 5_000, 64 << 10, 1 << 20})
    void whatIsCutArrivesWholeOnBothLoops(int chunkBytes) throws Exception {
        byte[] payload = new byte[chunkBytes < 1000 ? 20_000 * chunkBytes : 10 << 20];
        new Random(chunkBytes).nextBytes(payload);
        try (Background sending = Background.start(() -> {
            for (byte[] frame : Chunks.of(room, 1, payload, chunkBytes, 2)) {
                sender.send(frame);
            }
        })) {
            try (Background reading = Background.start(
                    () -> assertThat(Chunks.receiveWhole(readers.get(0))).isEqualTo(payload))) {
                assertThat(Chunks.receiveWhole(readers.get(1))).isEqualTo(payload);
                reading.join();
            }
            sending.join();
        }
        assertThat(sender.seek(FrameType.RECEIPT).buffer().getInt(8)).isEqualTo(2);
    }

    @Test
    void withoutEchoOnesOwnChunksDoNotComeBack() throws Exception {
        sender.send(Chunks.last(room, 1, 0, 0, ABC, ABC));
        Chunks.receiveWhole(readers.get(0));
        readers.get(0).send(TestClient.message(room, "next"));
        sender.expectMessage("next");
    }

    @Test
    void withEchoOnesOwnChunksComeBack() throws Exception {
        TestClient echoing = harness.dial();
        echoing.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['one'],'echo':true}");
        echoing.send(Chunks.last(room, 1, 0, 0, ABC, ABC));
        assertThat(Chunks.receiveWhole(echoing)).isEqualTo(ABC);
    }

    @Test
    void whoDoesNotReceiveGetsNoChunk() throws Exception {
        TestClient quiet = harness.dial();
        quiet.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['one'],'receive':false}");
        sender.send(Chunks.last(room, 1, 0, 2, ABC, ABC));
        assertThat(sender.expectReceipt(2).buffer().getInt(8)).isEqualTo(2);
        quiet.expectNothing(2);
    }

    // ---- several at once

    @Test
    void messagesMayOvertakeChunksAndBothKeepTheirOrder() throws Exception {
        begin(1);
        sender.send(
                TestClient.message(room, "between"),
                Chunks.next(room, 1, 1, ABC),
                TestClient.message(room, "again"),
                Chunks.last(room, 1, 2, 0, ABC, ABC));
        for (TestClient reader : readers) {
            List<Received> received = Chunks.receiveByLane(reader, 4);
            assertThat(received.subList(0, 2)).extracting(Received::text).containsExactly("between", "again");
            assertThat(received.subList(0, 2)).extracting(Received::sequence).containsExactly(1L, 2L);
            assertThat(received.subList(2, 4)).extracting(Chunks::index).containsExactly(1, 2);
        }
    }

    @Test
    void envelopesOfOneSenderMayBeInterleaved() throws Exception {
        begin(1);
        begin(2);
        sender.send(Chunks.next(room, 2, 1, ABC), Chunks.next(room, 1, 1, ABC), Chunks.last(room, 2, 2, 0, ABC, ABC));
        for (TestClient reader : readers) {
            List<Received> received = Chunks.receiveByLane(reader, 3);
            assertThat(received).extracting(Chunks::envelope).containsExactly(1, 2, 2);
            assertThat(received).extracting(Chunks::index).containsExactly(1, 1, 2);
        }
    }

    @Test
    void sendersDoNotDisturbEachOtherWithEqualIds() throws Exception {
        begin(1);
        TestClient second = readers.get(1);
        second.send(Chunks.first(room, 1, ABC), Chunks.cancel(room, 1));
        assertThat(Chunks.expectChunk(readers.get(0), 1, 0).origin()).isEqualTo(second.origin());
        Chunks.expectCancel(readers.get(0), 1);
        sender.send(Chunks.last(room, 1, 1, 0, ABC, ABCABC));
        assertThat(Chunks.expectChunk(readers.get(0), 1, 1).origin()).isEqualTo(sender.origin());
    }

    @Test
    void anIdMayBeUsedAgainWhenItsEnvelopeIsOver() throws Exception {
        for (int round = 0; round < 3; round++) {
            begin(1);
            sender.send(Chunks.last(room, 1, 1, 0, ABC, ABCABC));
            for (TestClient reader : readers) {
                Chunks.expectChunk(reader, 1, 1);
            }
        }
    }

    // ---- who joins late

    @Test
    void whoJoinsLateGetsNothingOfAnOpenEnvelope() throws Exception {
        begin(1);
        TestClient late = harness.connect("one");
        sender.send(
                Chunks.next(room, 1, 1, ABC),
                Chunks.last(room, 1, 2, 2, ABC, ABC),
                TestClient.message(room, "after it"));
        assertThat(sender.expectReceipt(2).buffer().getInt(8)).isEqualTo(2);
        late.expectMessage("after it");
    }

    @Test
    void whoJoinsLateGetsNoCancelEither() throws Exception {
        begin(1);
        TestClient late = harness.connect("one");
        sender.send(Chunks.cancel(room, 1));
        expectCancels(1);
        sender.send(TestClient.message(room, "after it"));
        late.expectMessage("after it");
    }

    @Test
    void whoLeavesAndComesBackGetsTheCancelAndNoMore() throws Exception {
        begin(1);
        TestClient reader = readers.get(0);
        reader.send(TestClient.frame(FrameType.LEAVE, 0, room, 2, new byte[0]));
        Chunks.expectCancel(reader, 1);
        reader.expect(FrameType.WITHDRAWN);
        reader.join("one", 3);
        sender.send(Chunks.next(room, 1, 1, ABC), TestClient.message(room, "after it"));
        reader.expectMessage("after it");
        reader.expectNothing(4);
        assertThat(Chunks.receiveByLane(readers.get(1), 2))
                .extracting(Chunks::isChunk)
                .containsExactly(false, true);
    }

    // ---- cancels

    @Test
    void theSenderMayCancel() throws Exception {
        begin(1);
        sender.send(Chunks.cancel(room, 1));
        expectCancels(1);
    }

    @Test
    void aCancelledIdMayBeUsedAgain() throws Exception {
        begin(1);
        sender.send(Chunks.cancel(room, 1));
        expectCancels(1);
        begin(1);
    }

    @Test
    void leavingCancels() throws Exception {
        begin(1);
        begin(2);
        sender.send(TestClient.frame(FrameType.LEAVE, 0, room, 2, new byte[0]));
        sender.expect(FrameType.WITHDRAWN);
        for (TestClient reader : readers) {
            Received first = reader.receive();
            Received second = reader.receive();
            assertThat(Chunks.isCancel(first) && Chunks.isCancel(second)).isTrue();
            assertThat(List.of(Chunks.envelope(first), Chunks.envelope(second))).containsExactlyInAnyOrder(1, 2);
        }
    }

    @Test
    void breakingOffCancels() throws Exception {
        begin(1);
        sender.reset();
        expectCancels(1);
    }

    @Test
    void theEndOfTheStreamCancels() throws Exception {
        begin(1);
        sender.shutOutput();
        expectCancels(1);
        sender.expectEnd();
    }

    @Test
    void aProtocolErrorCancels() throws Exception {
        begin(1);
        sender.send(Chunks.next(room, 1, 5, ABC));
        expectCancels(1);
        sender.expectClose(3504);
    }

    @Test
    void losingTheRightToWriteCancels() throws Exception {
        begin(1);
        grantSender(Set.of(Right.READ), "one");
        refreshSender();
        expectCancels(1);
        sender.expect(FrameType.GRANTED);
    }

    @Test
    void losingTheRoomCancels() throws Exception {
        begin(1);
        grantSender(RouterHarness.READ_WRITE, "two");
        refreshSender();
        expectCancels(1);
        sender.expect(FrameType.WITHDRAWN);
    }

    @Test
    void revocationCancels() throws Exception {
        begin(1);
        harness.tokens.remove(MemoryTokenSource.secretHash(SENDER_SECRET));
        refreshSender();
        expectCancels(1);
        sender.expectClose(3500);
    }
}
