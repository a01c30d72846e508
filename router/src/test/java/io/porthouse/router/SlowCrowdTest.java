package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Very many members that read nothing hold no more together than {@code memory.limit}, and who reads loses nothing by them.
 * Most of them have no sockets, because the kernel takes megabytes for each before the router has to keep anything.
 */
final class SlowCrowdTest {

    /** A fifth above the limit: members that are all alike begin new blocks at the same time, between two looks at it. */
    private static final int SLACK = 5;

    private static final int BODY_BYTES = 3_000;
    private static final int FRAMES_A_BATCH = 10;
    private static final int ENOUGH_BATCHES = 1_000;
    private static final int BATCHES_AFTERWARDS = 20;

    private final Ledger told = new Ledger(0);
    private long sent;
    private long most;

    /** A message that is copied for each member, so that nobody's memory is shared. */
    private static byte[] message(int room, int flags, long correlation) {
        return TestClient.frame(FrameType.ENVELOPE, flags, room, correlation, new byte[BODY_BYTES]);
    }

    private void checkMost(long limitBytes) {
        assertThat(most).as("most in use").isBetween(limitBytes / 2, limitBytes + limitBytes / SLACK);
        assertThat(told.lost).as("lost by the one that reads").isZero();
        assertThat(told.messages).isEqualTo(sent);
    }

    // ---- sockets

    @Test
    void sixtySocketsHoldNoMoreThanTheLimit() throws Exception {
        long limitBytes = 4 << 20;
        try (RouterHarness harness =
                new RouterHarness(new TestSettings().memoryBytes(limitBytes).build())) {
            harness.stopTime();
            TestClient publisher = harness.dial();
            publisher.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','receive':false,'rooms':['one']}");
            for (int i = 0; i < 60; i++) {
                harness.dialSlow().hello(RouterHarness.SECRET, "one");
            }
            TestClient reader = harness.connect("one");
            int after = 0;
            for (int i = 0; after < BATCHES_AFTERWARDS; i++) {
                assertThat(i).as("batches before anything was lost").isLessThan(ENOUGH_BATCHES);
                publish(publisher, i + 2);
                while (told.next <= sent) {
                    told.take(reader.receive());
                }
                most = Math.max(most, harness.router.usedBytes());
                after += harness.counter("porthouse.dropped.messages") > 0 ? 1 : 0;
            }
            checkMost(limitBytes);
        }
    }

    /** Sends a batch, and waits until all of it was offered to everybody. */
    private void publish(TestClient publisher, long correlation) throws IOException {
        int room = publisher.handle("acme/one");
        for (int i = 1; i < FRAMES_A_BATCH; i++) {
            publisher.send(message(room, 0, 0));
        }
        publisher.send(message(room, Flags.RECEIPT, correlation));
        assertThat(publisher.expectReceipt(correlation).buffer().getInt(8))
                .as("recipients")
                .isPositive();
        sent += FRAMES_A_BATCH;
    }

    // ---- without sockets

    @Test
    void fiveHundredHoldNoMoreThanTheLimit() {
        hold(500, 16 << 20);
    }

    @Test
    @Tag("long")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void tenThousandHoldNoMoreThanTheLimit() {
        hold(10_000, 256 << 20);
    }

    private void hold(int members, long limitBytes) {
        try (ManualRouter router =
                new ManualRouter(new TestSettings().memoryBytes(limitBytes).build(), name -> RoomRules.DEFAULT)) {
            Grant every = new Grant(RouterHarness.ACCOUNT, "", true, RouterHarness.READ_WRITE, false);
            router.tokens.put(
                    MemoryTokenSource.secretHash(RouterHarness.SECRET),
                    new TokenState(
                            RouterHarness.TOKEN_ID, RouterHarness.ACCOUNT, List.of(every), members + 10, null, false));
            for (int i = 0; i < members; i++) {
                router.connect(i % 2, "one").stall(true);
            }
            ManualPeer reader = router.connect(0, "one");
            ManualPeer sender = router.connect(1, "one");
            int after = 0;
            for (int i = 0; after < BATCHES_AFTERWARDS; i++) {
                assertThat(i).as("batches before anything was lost").isLessThan(ENOUGH_BATCHES);
                after += publish(router, sender, reader) ? 1 : 0;
            }
            checkMost(limitBytes);
        }
    }

    /** Sends a batch, message by message; returns whether anybody has lost anything so far. */
    private boolean publish(ManualRouter router, ManualPeer sender, ManualPeer reader) {
        for (int i = 0; i < FRAMES_A_BATCH; i++) {
            sender.send(message(sender.handle("one"), 0, 0));
            sent++;
            most = Math.max(most, router.node.memory.usedBytes());
        }
        router.pass(Puddle.TICK_MILLIS);
        for (Received frame : reader.take()) {
            told.take(frame);
        }
        long dropped = 0;
        for (Puddle puddle : router.node.puddles()) {
            dropped += puddle.stats.droppedMessages.get();
        }
        return dropped > 0;
    }
}
