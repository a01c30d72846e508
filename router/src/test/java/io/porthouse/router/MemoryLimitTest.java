package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One limit over all buffers of a node: near it outboxes shrink, above it nobody new is let in, below it all is as before. */
final class MemoryLimitTest {

    private static final long LIMIT = 4 << 20;
    private static final int SLOW = 4;
    private static final int PAIRS = 125;

    /** So much for what comes in while the limit is looked at only now and then. */
    private static final long SLACK = 1 << 20;

    private static final int HALF_FRAME_BYTES = 1_000_000;

    private RouterHarness harness;
    private TestClient publisher;
    private final List<TestClient> slow = new ArrayList<>();
    private final List<TestClient> hogs = new ArrayList<>();
    private long correlation = 10;

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness(new TestSettings().memoryBytes(LIMIT).build());
        publisher = harness.connect("one", "two");
        for (int i = 0; i < SLOW; i++) {
            TestClient client = harness.dialSlow();
            client.hello(RouterHarness.SECRET, "one", "two");
            slow.add(client);
        }
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    /** Has clients begin frames that they do not end, until the node is over its limit. */
    private void exceed() throws Exception {
        byte[] begun = TestClient.frame(FrameType.ENVELOPE, 0, publisher.handle("acme/one"), 0, new byte[2_000_000]);
        while (harness.router.usedBytes() <= LIMIT) {
            assertThat(hogs).as("clients with half a frame").hasSizeLessThan(20);
            TestClient hog = harness.connect("two");
            hogs.add(hog);
            double before = harness.counter("porthouse.received.bytes");
            hog.send(Arrays.copyOf(begun, HALF_FRAME_BYTES));
            await().until(() -> harness.counter("porthouse.received.bytes") >= before + HALF_FRAME_BYTES);
        }
        harness.awaitTicks(1);
    }

    private void publishMegabyte() throws Exception {
        int room = publisher.handle("acme/one");
        // Runs of one message are copied for each member, so that nobody's memory is shared.
        byte[] one = TestClient.frame(FrameType.ENVELOPE, 0, room, 0, new byte[4000]);
        byte[] two = TestClient.frame(FrameType.ENVELOPE, 0, publisher.handle("acme/two"), 0, new byte[4000]);
        for (int i = 0; i < PAIRS; i++) {
            publisher.send(one, two);
        }
        publisher.send(TestClient.frame(FrameType.ENVELOPE, Flags.RECEIPT, room, ++correlation, new byte[4000]));
        publisher.expectReceipt(correlation);
    }

    @Test
    void whatSlowMembersHoldComesToRestBelowTheLimit() throws Exception {
        long most = 0;
        for (int i = 0; i < 40; i++) {
            publishMegabyte();
            most = Math.max(most, harness.router.usedBytes());
        }
        assertThat(most).isBetween(LIMIT / 2, LIMIT + SLACK);
        harness.connect("one");
    }

    @Test
    void nobodyNewIsLetInAboveTheLimit() throws Exception {
        exceed();
        harness.dial().expectClose(CloseCode.OVERLOADED.number());
        assertThat(harness.closes(CloseCode.OVERLOADED)).isEqualTo(1);
    }

    @Test
    void whoIsThereAlreadyGoesOnAboveTheLimit() throws Exception {
        TestClient other = harness.connect("three");
        TestClient reader = harness.connect("three");
        exceed();
        other.send(TestClient.message(other.handle("acme/three"), "as before"));
        reader.expectMessage("as before");
    }

    @Test
    void lossUnderPressureIsToldLikeAnyOther() throws Exception {
        for (int i = 0; i < 12; i++) {
            publishMegabyte();
        }
        long published = correlation - 10;
        long told = 0;
        long next = 1;
        while (next <= published * (PAIRS + 1)) {
            Received received = slow.get(0).receive();
            if (received.room() != publisher.handle("acme/one")) {
                continue;
            }
            if (received.type() == FrameType.GAP) {
                told += received.buffer().getLong(16);
                next = received.buffer().getLong(8) + 1;
            } else {
                assertThat(received.sequence()).isEqualTo(next++);
            }
        }
        assertThat(told).isPositive();
    }

    @Test
    void belowTheLimitEverybodyIsLetInAgain() throws Exception {
        exceed();
        for (TestClient client : hogs) {
            client.reset();
        }
        harness.awaitGauge("porthouse.connections", 1 + SLOW);
        harness.awaitTicks(1);
        harness.connect("one");
    }
}
