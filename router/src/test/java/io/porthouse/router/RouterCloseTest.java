package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** The router ends connections: because it stops, or because a token is gone; with CLOSE wherever that can be read. */
final class RouterCloseTest {

    private static final String SECRET = "revoked-token-0123456789";

    private RouterHarness harness;

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness();
        Grant one = new Grant(RouterHarness.ACCOUNT, "one", false, RouterHarness.READ_WRITE, true);
        harness.put(SECRET, new TokenState("revoked", RouterHarness.ACCOUNT, List.of(one), 1000, null, false));
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    private TestClient connectRevocable() throws Exception {
        TestClient client = harness.dial();
        client.hello(SECRET, new String[0]);
        return client;
    }

    private Refreshed revoke() throws Exception {
        harness.tokens.remove(MemoryTokenSource.secretHash(SECRET));
        return harness.refreshToken("revoked");
    }

    /** Publishes more than the kernel takes for members that read nothing; the last message comes with a receipt. */
    private void fill(TestClient publisher, int bodyBytes, int messages) throws Exception {
        int room = publisher.handle("acme/one");
        byte[] message = TestClient.frame(FrameType.ENVELOPE, 0, room, 0, new byte[bodyBytes]);
        for (int i = 1; i < messages; i++) {
            publisher.send(message);
        }
        publisher.send(TestClient.receiptMessage(room, 2, "the last one"));
        publisher.expectReceipt(2);
    }

    private static void assertReset(TestClient client) throws IOException {
        assertThatThrownBy(() -> client.readBytes(100 << 20))
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("reset");
    }

    // ---- the router stops

    @Test
    void whatIsQueuedIsSentBeforeTheRouterGoesAway() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient slow = harness.dialSlow();
        slow.hello(SECRET, new String[0]);
        // More than the kernel takes, and less than an outbox.
        fill(publisher, 4000, 1400);
        publisher.close();
        try (Background stopping = Background.start(harness.router::close)) {
            for (int i = 1; i <= 1400; i++) {
                assertThat(slow.expect(FrameType.ENVELOPE).sequence()).isEqualTo(i);
            }
            slow.expectClose(CloseCode.GOING_AWAY.number());
            slow.close();
            stopping.join();
        }
    }

    @Test
    void goingAwayTellsWhenToComeBack() throws Exception {
        TestClient client = harness.connect("one");
        try (Background stopping = Background.start(harness.router::close)) {
            Received close = client.expectClose(CloseCode.GOING_AWAY.number());
            assertThat(close.json().get("after").asLong()).isPositive();
            client.close();
            stopping.join();
        }
    }

    @Test
    void whoWasLosingMessagesIsToldBeforeTheRouterGoesAway() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient slow = harness.dialSlow();
        slow.hello(SECRET, new String[0]);
        fill(publisher, 100_000, 200);
        publisher.close();
        try (Background stopping = Background.start(harness.router::close)) {
            long next = 1;
            Received received = slow.receive();
            for (; received.type() != FrameType.CLOSE; received = slow.receive()) {
                ByteBuffer body = received.buffer();
                assertThat(received.type() == FrameType.GAP ? body.getLong(0) : received.sequence())
                        .isEqualTo(next);
                next = received.type() == FrameType.GAP ? body.getLong(8) + 1 : next + 1;
            }
            assertThat(next)
                    .as("the first number that the member knows nothing of")
                    .isEqualTo(201);
            slow.close();
            stopping.join();
        }
    }

    @Test
    void whoHasNotSaidHelloIsToldToo() throws Exception {
        TestClient silent = harness.dial();
        harness.awaitGauge("porthouse.handshakes", 1);
        try (Background stopping = Background.start(harness.router::close)) {
            silent.expectClose(CloseCode.GOING_AWAY.number());
            silent.close();
            stopping.join();
        }
    }

    @Test
    void whoNeverReadsDoesNotKeepTheRouterForLong() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient deaf = harness.dialSlow();
        deaf.hello(SECRET, new String[0]);
        fill(publisher, 100_000, 200);
        long start = System.nanoTime();
        harness.router.close();
        // It waits for four seconds; the rest is for a busy machine.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
        assertReset(deaf);
        assertThat(harness.router.usedBytes()).isZero();
    }

    @Test
    void whoeverPublishesWhileTheRouterStopsLeavesNothingBehind() throws Exception {
        List<Background> publishers = new ArrayList<>();
        TestClient reader = harness.connect("one");
        publishers.add(Background.start(() -> reader.seekClose(CloseCode.GOING_AWAY.number())));
        for (int i = 0; i < 4; i++) {
            TestClient client = harness.dial();
            client.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['one'],'receive':false}");
            byte[] message = TestClient.message(client.handle("acme/one"), "on and on");
            publishers.add(Background.start(() -> {
                try {
                    while (true) {
                        client.send(message);
                    }
                } catch (IOException e) {
                    // The router has gone.
                }
            }));
        }
        harness.router.close();
        for (Background publisher : publishers) {
            publisher.join();
        }
        assertThat(harness.router.usedBytes()).isZero();
    }

    @Test
    void aRouterThatHasGoneTakesNoConnection() {
        harness.router.close();
        assertThatThrownBy(harness::dial).isInstanceOf(ConnectException.class);
    }

    @Test
    void aSecondCloseDoesNothing() {
        harness.router.close();
        harness.router.close();
        assertThat(harness.router.usedBytes()).isZero();
    }

    // ---- a token is gone

    @RepeatedTest(10)
    void anActivePublisherReadsWhyItIsClosed() throws Exception {
        TestClient publisher = connectRevocable();
        byte[] message = TestClient.frame(FrameType.ENVELOPE, 0, publisher.handle("acme/one"), 0, new byte[1000]);
        try (Background publishing = Background.start(() -> {
            try {
                while (true) {
                    publisher.send(message);
                }
            } catch (IOException e) {
                // Closed by the test.
            }
        })) {
            TestClient other = harness.connect("one");
            other.expect(FrameType.ENVELOPE);
            assertThat(revoke().closed()).isEqualTo(1);
            publisher.seekClose(CloseCode.TOKEN_REVOKED.number());
            publisher.close();
            publishing.join();
        }
    }

    @Test
    void whoDoesNotReadIsReset() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient deaf = harness.dialSlow();
        deaf.hello(SECRET, new String[0]);
        fill(publisher, 100_000, 200);
        revoke();
        harness.awaitGauge("porthouse.connections", 1);
        assertReset(deaf);
    }

    @Test
    void aFrameThatIsHalfWrittenIsFinishedBeforeClose() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient slow = harness.dialSlow();
        slow.hello(SECRET, new String[0]);
        fill(publisher, 100_000, 200);
        harness.stopTime();
        revoke();
        Received received = slow.receive();
        int frames = 0;
        for (; received.type() != FrameType.CLOSE; received = slow.receive()) {
            assertThat(received.body()).hasSize(received.type() == FrameType.GAP ? 24 : 100_000);
            frames++;
        }
        assertThat(received.json().get("code").asInt()).isEqualTo(CloseCode.TOKEN_REVOKED.number());
        slow.expectEnd();
        assertThat(frames).as("frames that were with the kernel").isBetween(1, 150);
    }

    @Test
    void nothingThatARevokedSessionSendsIsRouted() throws Exception {
        TestClient revoked = connectRevocable();
        TestClient reader = harness.connect("one");
        revoke();
        revoked.send(TestClient.message(revoked.handle("acme/one"), "too late"));
        revoked.expectClose(CloseCode.TOKEN_REVOKED.number());
        TestClient other = harness.connect("one");
        other.send(TestClient.message(other.handle("acme/one"), "next"));
        reader.expectMessage("next");
    }

    @Test
    void afterCloseInputIsDiscardedForASecond() throws Exception {
        TestClient revoked = connectRevocable();
        harness.stopTime();
        revoke();
        revoked.expectClose(CloseCode.TOKEN_REVOKED.number());
        harness.skip(Duration.ofMillis(900));
        harness.awaitTicks(2);
        assertThat(harness.gauge("porthouse.connections")).isEqualTo(1);
        harness.skip(Duration.ofMillis(100));
        harness.awaitGauge("porthouse.connections", 0);
    }

    @Test
    void whoEndsItsStreamAfterCloseIsGoneAtOnce() throws Exception {
        TestClient revoked = connectRevocable();
        harness.stopTime();
        revoke();
        revoked.expectClose(CloseCode.TOKEN_REVOKED.number());
        revoked.shutOutput();
        harness.awaitGauge("porthouse.connections", 0);
    }

    // ---- the count

    @Test
    void everyCloseIsCountedByItsCode() throws Exception {
        connectRevocable();
        connectRevocable();
        revoke();
        TestClient wrong = harness.connect("one");
        wrong.send(new byte[] {0, 0, 0, 0}).expectClose(CloseCode.PROTOCOL_ERROR.number());
        TestClient large = harness.connect("one");
        large.send(new byte[] {1, 0, 0, 0}).expectClose(CloseCode.FRAME_TOO_LARGE.number());
        assertThat(harness.closes(CloseCode.TOKEN_REVOKED)).isEqualTo(2);
        assertThat(harness.closes(CloseCode.PROTOCOL_ERROR)).isEqualTo(1);
        assertThat(harness.closes(CloseCode.FRAME_TOO_LARGE)).isEqualTo(1);
    }

    @Test
    void whoBreaksOffIsCountedAsLost() throws Exception {
        harness.connect("one").reset();
        harness.awaitGauge("porthouse.connections", 0);
        assertThat(harness.metrics
                        .get("porthouse.closes")
                        .tag("code", "none")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void oneThatIsClosedDisturbsNoOther() throws Exception {
        TestClient good = harness.connect("one");
        TestClient reader = harness.connect("one");
        harness.connect("one").send(new byte[] {0, 0, 0, 0}).expectClose(CloseCode.PROTOCOL_ERROR.number());
        good.send(TestClient.message(good.handle("acme/one"), "as before"));
        reader.expectMessage("as before");
    }
}
