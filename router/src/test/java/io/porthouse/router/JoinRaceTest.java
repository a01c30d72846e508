package io.porthouse.router;

import static io.porthouse.router.RouterHarness.ACCOUNT;
import static io.porthouse.router.RouterHarness.READ_WRITE;
import static io.porthouse.router.RouterHarness.TOKEN_ID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Joins and changes of rooms that meet, step by step. */
final class JoinRaceTest {

    private static final RoomName ONE = new RoomName(ACCOUNT, "one");
    private static final RoomName SQUARE = new RoomName("town", "square");
    private static final RoomRules PUBLIC = TestRules.with(rules -> rules.isPublic = true);

    private ManualRouter router;

    @BeforeEach
    void start() {
        router = new ManualRouter(RouterHarness.settings(), name -> name.equals(SQUARE) ? PUBLIC : RoomRules.DEFAULT);
    }

    @AfterEach
    void stop() {
        router.close();
    }

    private Room room(RoomName name) {
        Room room = router.node.rooms.find(name);
        assertThat(room).isNotNull();
        return room;
    }

    /** A thread that looked its rights up waits for the room's lock, under which the rules are set. */
    @Test
    void whoJoinsWhileARoomBecomesPrivateDoesNotGetIn() throws Exception {
        byte[] join = TestClient.json(FrameType.JOIN, 0, 2, "{'room':'town/square'}");
        ManualPeer first = router.connect(0);
        first.send(join);
        assertThat(first.take())
                .singleElement()
                .satisfies(granted -> assertThat(granted.type()).isEqualTo(FrameType.GRANTED));
        ManualPeer second = router.connect(1);
        Room square = room(SQUARE);
        Thread joining = new Thread(() -> second.read(join));
        long owner = Thread.currentThread().getId();
        synchronized (square) {
            joining.start();
            await().until(() -> isHeldUpBy(owner, joining));
            CompletableFuture<Refreshed> unused = square.setRules(RoomRules.DEFAULT);
        }
        joining.join();
        router.run();
        assertThat(second.take()).singleElement().satisfies(refused -> {
            assertThat(refused.type()).isEqualTo(FrameType.ERROR);
            assertThat(refused.json().get("code").asInt()).isEqualTo(ErrorCode.ROOM_UNAVAILABLE.number());
        });
        assertThat(first.take())
                .singleElement()
                .satisfies(withdrawn -> assertThat(withdrawn.type()).isEqualTo(FrameType.WITHDRAWN));
        assertThat(square.info().members()).isZero();
    }

    private static boolean isHeldUpBy(long owner, Thread thread) {
        var info = ManagementFactory.getThreadMXBean().getThreadInfo(thread.getId());
        return info != null && info.getLockOwnerId() == owner;
    }

    /** Rules that are null stand for whatever is wrong inside. */
    @Test
    void aJoinThatFailsClosesItsSessionAndHoldsNoRefreshUp() {
        ManualPeer failing = router.connect(0, "lobby");
        ManualPeer other = router.connect(1, "one");
        Room one = room(ONE);
        router.grant(ManualRouter.room("lobby", READ_WRITE), new Grant(ACCOUNT, "one", false, READ_WRITE, true));
        CompletableFuture<Refreshed> unused = one.setRules(null);
        CompletableFuture<Refreshed> refreshed =
                router.node.tokens.refreshTokens(Set.of(TOKEN_ID)).toCompletableFuture();
        router.run(0);
        unused = one.setRules(RoomRules.DEFAULT);
        router.run();
        assertThat(refreshed).isCompletedWithValue(new Refreshed(2, 1, false));
        assertThat(failing.isOpen()).isFalse();
        assertThat(other.isOpen()).isTrue();
    }

    @Test
    void aRoomIsFencedWhenAllWhoAreInItAreMuted() {
        List<ManualPeer> peers = List.of(router.connect(0, "one"), router.connect(1, "one"));
        CompletableFuture<List<ManualPeer>> alive = room(ONE)
                .fence()
                .thenApply(done ->
                        peers.stream().filter(peer -> peer.session.isAlive()).toList());
        router.run();
        assertThat(alive).isCompletedWithValue(List.of());
    }
}
