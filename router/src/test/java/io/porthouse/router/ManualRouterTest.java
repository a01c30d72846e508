package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.FrameType;
import org.junit.jupiter.api.Test;

/** The test kit without threads does what the router does. */
final class ManualRouterTest {

    private static final int JOINS = 6_000;

    @Test
    void aMessageReachesTheOtherPuddle() {
        try (ManualRouter router = new ManualRouter(RouterHarness.settings(), name -> RoomRules.DEFAULT)) {
            ManualPeer alice = router.connect(0, "lobby");
            ManualPeer bob = router.connect(1, "lobby");
            byte[] message = TestClient.message(alice.handle("lobby"), "hello");
            for (byte each : message) {
                alice.send(new byte[] {each});
            }
            assertThat(alice.take()).isEmpty();
            assertThat(bob.take()).singleElement().satisfies(received -> {
                assertThat(received.type()).isEqualTo(FrameType.ENVELOPE);
                assertThat(received.text()).isEqualTo("hello");
                assertThat(received.sequence()).isEqualTo(1);
            });
            alice.endInput();
            assertThat(alice.isOpen()).isFalse();
        }
    }

    @Test
    void aClosedRouterIsNotHeldByTheThreadThatRanIt() {
        EmptyableAllocator allocator;
        try (ManualRouter router = new ManualRouter(RouterHarness.settings(), name -> RoomRules.DEFAULT)) {
            allocator = router.allocator;
            router.connect(0, "lobby");
            assertThat(allocator.metric().numThreadLocalCaches()).isEqualTo(1);
        }
        assertThat(allocator.metric().numThreadLocalCaches()).isZero();
    }

    @Test
    void nobodyElseReadsIntoABufferWhileAReadIsUnderWay() {
        try (ManualRouter router = new ManualRouter(RouterHarness.settings(), name -> RoomRules.DEFAULT)) {
            ManualPeer alice = router.connect(0, "lobby");
            ManualPeer bob = router.connect(0, "lobby");
            ManualPeer reader = router.connect(1, "lobby");
            byte[] ofAlice = TestClient.message(alice.handle("lobby"), "of Alice");
            // As io_uring reads: what comes is written into the buffer before anybody is told.
            alice.beginRead();
            alice.session.gate.suspend(ReadGate.ANSWERS_UNREAD);
            alice.session.gate.resume(ReadGate.ANSWERS_UNREAD);
            router.run();
            bob.send(TestClient.message(bob.handle("lobby"), "of Bob, who"));
            alice.endRead(ofAlice);
            router.run();
            assertThat(reader.take()).extracting(TestClient.Received::text).containsExactly("of Bob, who", "of Alice");
        }
    }

    @Test
    void joinsThatWaitForTheirTurnAreBounded() {
        try (ManualRouter router = new ManualRouter(RouterHarness.settings(), name -> RoomRules.DEFAULT)) {
            ManualPeer peer = router.connect(0, "lobby");
            byte[][] joins = new byte[JOINS][];
            for (int i = 0; i < JOINS; i++) {
                joins[i] = TestClient.json(FrameType.JOIN, 0, i + 2, "{'room':'lobby'}");
            }
            peer.read(TestClient.concat(joins));
            assertThat(router.node.puddles()[0].inbox.bytes())
                    .isLessThanOrEqualTo((long) SessionRooms.MAX_CUTS_OUTSTANDING * InboxEntry.OVERHEAD_BYTES);
            router.run();
            assertThat(peer.take()).hasSize(JOINS).allMatch(frame -> frame.type() == FrameType.GRANTED);
        }
    }
}
