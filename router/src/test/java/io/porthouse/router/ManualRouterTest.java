package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.FrameType;
import org.junit.jupiter.api.Test;

/** The test kit without threads does what the router does. */
final class ManualRouterTest {

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
}
