package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.TestClient.Received;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** No memory is left just when sessions end, or lose a room: each loses itself only, and nothing of it stays. */
final class OutOfMemoryTest {

    private static final RoomName ONE = new RoomName(RouterHarness.ACCOUNT, "one");
    private static final int MEMBERS = 3;

    private ManualRouter router;

    @BeforeEach
    void start() {
        router = new ManualRouter(
                new TestSettings().outboxBytes(256 << 10).build(),
                name -> TestRules.with(rules -> rules.isPublic = true));
    }

    @AfterEach
    void stop() {
        router.close();
    }

    /** Sends an envelope to each of its rooms. */
    private ManualPeer uploader() {
        ManualPeer peer = router.connect(1, "one", "two");
        openEnvelope(peer, "one");
        openEnvelope(peer, "two");
        assertThat(router.node.puddles()[1].stats.openEnvelopes.get()).isEqualTo(2);
        return peer;
    }

    private void openEnvelope(ManualPeer peer, String room) {
        int handle = peer.handle(room);
        peer.send(Chunks.first(handle, handle, new byte[10]));
    }

    /** Holds back an ERROR, which is due when the session leaves the room. */
    private void beRefusedTwice(ManualPeer peer) {
        byte[] refused = TestClient.message(peer.handle("one"), "not permitted");
        peer.send(refused, refused);
    }

    private long membersOf(String room) {
        Room found = router.node.rooms.find(new RoomName(RouterHarness.ACCOUNT, room));
        return found == null ? 0 : found.info().members();
    }

    @Test
    void whoBreaksOffWithAnEnvelopeOpenLeavesEveryRoom() {
        router.connect(0, "one", "two");
        ManualPeer leaver = uploader();
        router.allocator.whileEmpty(leaver::hangUpAtOnce);
        router.run();
        assertThat(membersOf("one")).isEqualTo(1);
        assertThat(membersOf("two")).isEqualTo(1);
        assertThat(router.node.puddles()[1].stats.connections.get()).isZero();
    }

    @Test
    void whoIsRevokedWithAnEnvelopeOpenLeavesEveryRoom() {
        uploader();
        router.tokens.remove(MemoryTokenSource.secretHash(RouterHarness.SECRET));
        router.allocator.whileEmpty(() -> {
            CompletableFuture<Refreshed> unused = router.node
                    .tokens
                    .refreshTokens(Set.of(RouterHarness.TOKEN_ID))
                    .toCompletableFuture();
            router.run();
        });
        assertThat(router.node.rooms.size()).isZero();
        assertThat(router.node.tokens.size()).isZero();
    }

    @Test
    void whoHeldARoomUpHoldsItNoLonger() {
        ManualPeer slow = router.connect(0, "one");
        ManualPeer sender = router.connect(1, "one");
        openEnvelope(slow, "one");
        slow.stall(true);
        int room = sender.handle("one");
        byte[] data = new byte[60_000];
        sender.send(Chunks.first(room, 2, data));
        for (int i = 1; i < 20; i++) {
            sender.send(Chunks.next(room, 2, i, data));
        }
        assertThat(sender.isRead()).as("the sender is read").isFalse();
        router.allocator.whileEmpty(slow::hangUpAtOnce);
        router.run();
        assertThat(sender.isRead()).as("the sender is read").isTrue();
        assertThat(sender.unread()).isZero();
    }

    private List<ManualPeer> readersWithRefusalsHeldBack() {
        router.grant(ManualRouter.room("two", Set.of(Right.READ)));
        List<ManualPeer> readers =
                List.of(router.connect(0, "one"), router.connect(0, "one"), router.connect(0, "one"));
        readers.forEach(this::beRefusedTwice);
        assertThat(membersOf("one")).isEqualTo(MEMBERS);
        return readers;
    }

    @Test
    void aRoomThatIsNoLongerPublicIsWithdrawnFromAll() {
        List<ManualPeer> readers = readersWithRefusalsHeldBack();
        router.tokens.putRoom(ONE, RoomRules.DEFAULT);
        router.allocator.whileEmpty(() -> {
            CompletableFuture<Refreshed> unused =
                    router.node.rooms.refresh(List.of(ONE)).toCompletableFuture();
            router.run();
        });
        assertThat(membersOf("one")).isZero();
        assertThat(readers).noneMatch(ManualPeer::isOpen);
    }

    @Test
    void aRoomThatIsDeletedIsWithdrawnFromAll() {
        List<ManualPeer> readers = readersWithRefusalsHeldBack();
        router.tokens.deleteRoom(ONE);
        router.allocator.whileEmpty(() -> {
            CompletableFuture<Refreshed> unused =
                    router.node.rooms.refresh(List.of(ONE)).toCompletableFuture();
            router.run();
        });
        assertThat(readers).noneMatch(ManualPeer::isOpen);
        assertThat(router.node.rooms.size()).isZero();
    }

    @Test
    void whoLeavesARoomWithAnEnvelopeOpenHasItCancelled() {
        ManualPeer reader = router.connect(0, "one");
        ManualPeer leaver = router.connect(1, "one", "two");
        openEnvelope(leaver, "one");
        assertThat(reader.take()).hasSize(1);
        router.allocator.whileEmpty(() -> leaver.session.rooms.leaveAll());
        router.run();
        List<Received> told = reader.take();
        assertThat(told).hasSize(1);
        assertThat(Chunks.isCancel(told.get(0))).isTrue();
    }
}
