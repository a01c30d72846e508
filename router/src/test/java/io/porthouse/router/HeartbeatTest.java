package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is silent is asked, and closed if it stays so. Time is skipped. */
final class HeartbeatTest {

    private static final Duration HEARTBEAT = Duration.ofSeconds(20);
    private static final byte[] PONG = TestClient.frame(FrameType.PONG, 0, 0, 0, new byte[0]);

    private RouterHarness harness;
    private TestClient client;

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness(new TestSettings().heartbeat(HEARTBEAT).build());
        client = harness.connect("one");
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    private void beSilentUntilAsked() throws Exception {
        harness.skip(HEARTBEAT);
        client.expect(FrameType.PING);
    }

    @Test
    void welcomeTellsTheHeartbeat() throws Exception {
        TestClient other = harness.dial();
        assertThat(other.hello("{'version':1,'token':'" + RouterHarness.SECRET + "'}")
                        .json()
                        .get("heartbeat")
                        .asInt())
                .isEqualTo(20);
    }

    @Test
    void whoIsSilentIsAsked() throws Exception {
        harness.skip(HEARTBEAT);
        assertThat(client.expect(FrameType.PING).body()).isEmpty();
    }

    @Test
    void whoIsSilentForLessIsNotAsked() throws Exception {
        harness.skip(HEARTBEAT.minusSeconds(5));
        harness.awaitTicks(3);
        client.expectNothing(2);
    }

    @Test
    void whoAnswersIsKept() throws Exception {
        for (int i = 0; i < 4; i++) {
            beSilentUntilAsked();
            client.send(PONG);
            client.expectNothing(i + 2);
        }
    }

    @Test
    void whoStaysSilentIsClosedAfterTheSecondHeartbeat() throws Exception {
        beSilentUntilAsked();
        harness.skip(HEARTBEAT);
        client.expectClose(CloseCode.TIMEOUT.number());
        assertThat(harness.closes(CloseCode.TIMEOUT)).isEqualTo(1);
    }

    @Test
    void whoStaysSilentForLessThanTheSecondHeartbeatIsKept() throws Exception {
        beSilentUntilAsked();
        harness.skip(HEARTBEAT.minusSeconds(5));
        harness.awaitTicks(3);
        client.expectNothing(2);
    }

    @Test
    void anyByteIsASignOfLife() throws Exception {
        beSilentUntilAsked();
        byte[] ping = TestClient.ping(2);
        client.send(Arrays.copyOf(ping, 1));
        // The other one is on the other loop; both have read by then.
        harness.awaitTicks(2);
        harness.skip(HEARTBEAT);
        client.expect(FrameType.PING);
        client.send(Arrays.copyOfRange(ping, 1, ping.length));
        client.expect(FrameType.PONG);
    }

    @Test
    void takingWhatIsSentIsASignOfLife() throws Exception {
        TestClient publisher = harness.connect("one");
        beSilentUntilAsked();
        publisher.expect(FrameType.PING);
        for (int i = 0; i < 3; i++) {
            publisher.send(TestClient.message(publisher.handle("acme/one"), "news"));
            client.expectMessage("news");
            harness.awaitTicks(3);
            harness.skip(HEARTBEAT.minusSeconds(5));
            harness.awaitTicks(3);
        }
        client.expectNothing(2);
    }

    @Test
    void halfAFrameAndSilenceIsClosed() throws Exception {
        client.send(Arrays.copyOf(TestClient.message(client.handle("acme/one"), "never finished"), 30));
        harness.awaitTicks(2);
        beSilentUntilAsked();
        harness.skip(HEARTBEAT);
        client.expectClose(CloseCode.TIMEOUT.number());
    }
}
