package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.TestClient.Received;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ends that cross something else on its way: a join, a leave, a deletion, a pause, or what was read and not walked yet. */
final class GoodbyeTest {

    private static final byte[] CLOSE = TestClient.json(FrameType.CLOSE, 0, 0, "{'code':1000,'reason':'done'}");

    private ManualRouter router;

    @BeforeEach
    void start() {
        router = new ManualRouter(
                new TestSettings().inboxBytes(64 << 10).outboxBytes(64 << 10).build(), name -> RoomRules.DEFAULT);
    }

    @AfterEach
    void stop() {
        router.close();
    }

    private static byte[] join(String room, long correlation) {
        return TestClient.json(FrameType.JOIN, 0, correlation, "{'room':'" + room + "'}");
    }

    private static byte[] leave(int handle, long correlation) {
        return TestClient.frame(FrameType.LEAVE, 0, handle, correlation, new byte[0]);
    }

    private static List<String> types(ManualPeer peer) {
        return peer.take().stream().map(frame -> FrameType.name(frame.type())).toList();
    }

    // ---- a goodbye

    @Test
    void whoJoinsAndSaysGoodbyeIsToldOfItsRoomBeforeItsMessages() {
        ManualPeer other = router.connect(1, "lobby");
        ManualPeer peer = router.connect(0);
        peer.read(join("lobby", 2), CLOSE);
        other.read(TestClient.message(other.handle("lobby"), "missed"));
        router.run();
        assertThat(types(peer)).containsExactly("GRANTED");
        assertThat(peer.isOutputShut()).isTrue();
    }

    @Test
    void whoLeavesAndSaysGoodbyeIsToldThatItHasLeft() {
        ManualPeer peer = router.connect(0, "lobby");
        peer.read(leave(peer.handle("lobby"), 2), CLOSE);
        router.run();
        assertThat(types(peer)).containsExactly("WITHDRAWN");
        assertThat(peer.isOutputShut()).isTrue();
    }

    @Test
    void whatWasPublishedBeforeAGoodbyeComesBeforeTheEnd() {
        ManualPeer other = router.connect(1, "lobby");
        ManualPeer peer = router.connect(0, "lobby");
        other.read(TestClient.message(other.handle("lobby"), "before"));
        peer.read(CLOSE);
        router.run();
        assertThat(peer.take()).singleElement().extracting(Received::text).isEqualTo("before");
        assertThat(peer.isOutputShut()).isTrue();
    }

    // ---- a deletion

    private void delete(String room) {
        RoomName name = new RoomName(RouterHarness.ACCOUNT, room);
        router.tokens.deleteRoom(name);
        router.node.rooms.refresh(List.of(name));
    }

    /** In either order: WITHDRAWN is in the room's, the answer is not. */
    private static void assertWithdrawnAndRefused(ManualPeer peer, long correlation, int code) {
        List<Received> got = peer.take();
        assertThat(got).extracting(Received::type).containsExactlyInAnyOrder(FrameType.WITHDRAWN, FrameType.ERROR);
        assertThat(got)
                .filteredOn(frame -> frame.type() == FrameType.ERROR)
                .singleElement()
                .satisfies(error -> {
                    assertThat(error.sequence()).isEqualTo(correlation);
                    assertThat(error.json().get("code").asInt()).isEqualTo(code);
                });
    }

    @Test
    void leavingARoomThatIsBeingDeletedIsAnswered() {
        ManualPeer peer = router.connect(0, "lobby");
        delete("lobby");
        peer.read(leave(peer.handle("lobby"), 2));
        router.run();
        assertWithdrawnAndRefused(peer, 2, 101);
    }

    @Test
    void joiningARoomThatIsBeingDeletedIsAnswered() {
        ManualPeer peer = router.connect(0, "lobby");
        delete("lobby");
        peer.read(join("lobby", 2));
        router.run();
        assertWithdrawnAndRefused(peer, 2, 102);
    }

    @Test
    void nothingIsPublishedToARoomThatIsBeingDeletedAndNoReceiptSaysSo() {
        ManualPeer peer = router.connect(0, "lobby");
        ManualPeer other = router.connect(1, "lobby");
        delete("lobby");
        int lobby = peer.handle("lobby");
        peer.read(TestClient.frame(FrameType.ENVELOPE, Flags.RECEIPT, lobby, 2, new byte[] {1}), CLOSE);
        router.run();
        assertThat(types(peer)).containsExactly("WITHDRAWN");
        assertThat(peer.isOutputShut()).as("no receipt is waited for").isTrue();
        assertThat(types(other)).containsExactly("WITHDRAWN");
    }

    // ---- a pause

    @Test
    void whoHasLeftAPausedRoomHearsNoMoreOfIt() {
        ManualPeer slow = router.connect(1, "lobby");
        ManualPeer sender = router.connect(0, "lobby");
        int lobby = sender.handle("lobby");
        byte[] first =
                ByteBuffer.allocate(10 + 60_000).putLong(Chunk.UNKNOWN_TOTAL).array();
        sender.send(TestClient.chunk(0, lobby, 0, 1, 0, first));
        slow.stall(true);
        List<String> told = types(sender);
        for (int i = 1; told.isEmpty(); i++) {
            sender.send(TestClient.chunk(0, lobby, 0, 1, i, new byte[60_000]));
            told = types(sender);
        }
        assertThat(told).containsExactly("FLOW");
        // The room tells the sender to go on, but the sender has left before it hears of that.
        slow.takeOn();
        router.run(1);
        sender.read(leave(lobby, 2));
        router.run();
        assertThat(types(sender)).containsExactly("WITHDRAWN");
    }

    // ---- what was read and not walked

    @Test
    void theEndOfAStreamThatCrossesAResumptionLetsTheRestBeRouted() {
        ManualPeer member = router.connect(1, "lobby");
        ManualPeer sender = router.connect(0, "lobby");
        int lobby = sender.handle("lobby");
        byte[][] frames = new byte[8][];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = TestClient.frame(FrameType.ENVELOPE, 0, lobby, 0, new byte[20_000]);
        }
        sender.read(TestClient.concat(frames));
        assertThat(sender.session.gate.isSuspended())
                .as("the inbox of the other puddle is full")
                .isTrue();
        sender.session.gate.resume(ReadGate.WAITS_FOR_INBOX);
        sender.hangUp();
        router.run();
        assertThat(member.take()).hasSize(frames.length);
        assertThat(sender.isOpen()).isFalse();
    }

    @Test
    void theEndOfAStreamThatAFullInboxHoldsUpLetsTheRestBeRouted() {
        ManualPeer member = router.connect(1, "lobby");
        ManualPeer sender = router.connect(0, "lobby");
        int lobby = sender.handle("lobby");
        byte[][] frames = new byte[40][];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = TestClient.frame(FrameType.ENVELOPE, 0, lobby, 0, new byte[20_000]);
        }
        sender.read(TestClient.concat(frames));
        assertThat(sender.unread()).as("not read any more").isPositive();
        sender.hangUp();
        router.run();
        assertThat(member.take()).hasSize(frames.length);
        assertThat(sender.isOpen()).isFalse();
    }
}
