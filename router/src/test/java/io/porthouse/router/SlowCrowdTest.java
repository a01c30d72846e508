package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.UnixOperatingSystemMXBean;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Very many members that read nothing hold no more together than {@code memory.limit}, and who reads loses nothing by them.
 * Once with sockets, and once without, where all happens at the same time and nothing is with the kernel.
 */
final class SlowCrowdTest {

    /** A fiftieth above the limit, for what comes between two looks at it. */
    private static final int SLACK = 50;

    private static final int RECEIVE_BUFFER_BYTES = 4 << 10;
    private static final int FILES_FOR_THE_REST = 1_000;
    private static final int BODY_BYTES = 3_000;
    private static final int FRAMES_A_BATCH = 10;
    private static final int ENOUGH_BATCHES = 1_000;
    private static final int BATCHES_AFTERWARDS = 20;

    /** As many, copied for each member, are more than the limit. */
    private static final int RUNS_AT_ONCE = 26;

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
    void fiveHundredSocketsHoldNoMoreThanTheLimit() throws Exception {
        holdSockets(500, 16 << 20);
    }

    /** As many as there may be open files, for both ends of a connection are in one process. */
    @Test
    @Tag("long")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void tenThousandSocketsHoldNoMoreThanTheLimit() throws Exception {
        UnixOperatingSystemMXBean system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        holdSockets((int) Math.min(10_000, (system.getMaxFileDescriptorCount() - FILES_FOR_THE_REST) / 2), 256 << 20);
    }

    private void holdSockets(int members, long limitBytes) throws Exception {
        List<SocketChannel> slow = new ArrayList<>();
        try (RouterHarness harness =
                new RouterHarness(new TestSettings().memoryBytes(limitBytes).build())) {
            harness.stopTime();
            TestClient publisher = harness.dial();
            publisher.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','receive':false,'rooms':['one']}");
            for (int i = 0; i < members; i++) {
                slow.add(dial(harness));
            }
            RoomName room = new RoomName(RouterHarness.ACCOUNT, "one");
            await().atMost(Duration.ofMinutes(1))
                    .until(() ->
                            harness.router.room(room).map(RoomInfo::members).orElse(0) == members + 1);
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
            // Before the router stops, which would wait for them.
            for (SocketChannel channel : slow) {
                channel.close();
            }
        }
    }

    /** Joins with a small buffer, and reads nothing. */
    private static SocketChannel dial(RouterHarness harness) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER_BYTES);
        channel.connect(harness.router.address());
        byte[] hello = TestClient.json(
                FrameType.HELLO, 0, 1, "{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['one']}");
        channel.write(ByteBuffer.wrap(hello));
        return channel;
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

    private static void connectSlow(ManualRouter router, int members) {
        Grant every = new Grant(RouterHarness.ACCOUNT, "", true, RouterHarness.READ_WRITE, false);
        router.tokens.put(
                MemoryTokenSource.secretHash(RouterHarness.SECRET),
                new TokenState(
                        RouterHarness.TOKEN_ID, RouterHarness.ACCOUNT, List.of(every), members + 10, null, false));
        for (int i = 0; i < members; i++) {
            router.connect(i % 2, "one").stall(true);
        }
    }

    private void hold(int members, long limitBytes) {
        try (ManualRouter router =
                new ManualRouter(new TestSettings().memoryBytes(limitBytes).build(), name -> RoomRules.DEFAULT)) {
            connectSlow(router, members);
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

    // ---- what is offered before anybody can stop the publisher

    @ParameterizedTest
    @CsvSource({"WAIT, MESSAGES", "WAIT, CHUNKS", "DISCONNECT, MESSAGES", "DISCONNECT, CHUNKS", "DROP, CHUNKS"})
    void whatIsOfferedAtOnceIsNotCopiedBeyondTheLimit(Overflow overflow, Traffic traffic) {
        offer(200, 16 << 20, overflow, traffic);
    }

    @ParameterizedTest
    @CsvSource({"WAIT, MESSAGES", "WAIT, CHUNKS"})
    @Tag("long")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void whatIsOfferedAtOnceIsNotCopiedBeyondTheLimitForTenThousand(Overflow overflow, Traffic traffic)
            throws Exception {
        Shallow.run(() -> offer(10_000, 512 << 20, overflow, traffic));
    }

    private void offer(int members, long limitBytes, Overflow overflow, Traffic traffic) {
        RoomRules rules = TestRules.with(changed -> {
            changed.overflow = overflow;
            changed.envelopeOverflow = overflow;
        });
        try (ManualRouter router =
                new ManualRouter(new TestSettings().memoryBytes(limitBytes).build(), name -> rules)) {
            connectSlow(router, members);
            ManualPeer sender = router.connect(1, "one");
            int room = sender.handle("one");
            for (int i = 0; i < RUNS_AT_ONCE; i++) {
                sender.read(
                        traffic == Traffic.MESSAGES
                                ? message(room, 0, 0)
                                : Chunks.last(room, i, 0, 0, new byte[BODY_BYTES], 0));
            }
            router.run();
            most = router.node.memory.usedBytes();
            // Above the limit each may keep a little all the same.
            long leastBytes = members * Memory.MIN_OUTBOX_BYTES;
            assertThat(most).as("most in use").isLessThan(limitBytes + limitBytes / SLACK + leastBytes);
            if (overflow == Overflow.WAIT) {
                assertThat(most).isGreaterThan(limitBytes / 2);
                assertThat(router.closes).isEmpty();
                assertThat(router.node.puddles()[0].stats.laggingSessions.get()).isEqualTo(members / 2);
            }
        }
    }
}
