package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.FrameType;
import org.junit.jupiter.api.Test;

/** The main job: what a member sends reaches every other member, byte for byte, in order. */
final class RoutingTest {

    @Test
    void aMessageReachesEveryOtherMember() throws Exception {
        try (RouterHarness harness = new RouterHarness();
                TestClient alice = harness.connect("lobby");
                TestClient bob = harness.connect("lobby");
                TestClient carol = harness.connect("lobby")) {
            alice.send(TestClient.message(alice.handle("acme/lobby"), "hello"));
            for (TestClient other : new TestClient[] {bob, carol}) {
                TestClient.Received received = other.expectMessage("hello");
                assertThat(received.origin()).isEqualTo(alice.origin());
                assertThat(received.sequence()).isEqualTo(1);
            }
            alice.send(TestClient.frame(FrameType.PING, 0, 0, 7, new byte[0]));
            assertThat(alice.expect(FrameType.PONG).sequence()).isEqualTo(7);
        }
    }
}
