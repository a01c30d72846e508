package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import org.junit.jupiter.api.Test;

/** The limit over all buffers of a node. */
final class MemoryTest {

    private static final int MEGABYTE = 1 << 20;

    @Test
    void whatIsInUseCountsOnceHoweverOftenItIsSliced() {
        Memory memory = new Memory(MEGABYTE, 1);
        assertThat(memory.usedBytes()).isZero();
        ByteBuf buffer = memory.allocator().directBuffer(64 << 10);
        long used = memory.usedBytes();
        assertThat(used).isBetween(64L << 10, 80L << 10);
        ByteBuf slice = buffer.retainedSlice(0, 1000);
        ByteBuf duplicate = slice.retainedDuplicate();
        assertThat(memory.usedBytes()).isEqualTo(used);
        buffer.release();
        slice.release();
        assertThat(memory.usedBytes()).isEqualTo(used);
        duplicate.release();
        assertThat(memory.usedBytes()).isZero();
    }

    @Test
    void whatIsFoundHoldsUntilTheNextCheck() {
        Memory memory = new Memory(MEGABYTE, 1);
        ByteBuf buffer = memory.allocator().directBuffer(MEGABYTE + 1);
        assertThat(memory.isExceeded()).isFalse();
        memory.check();
        assertThat(memory.isExceeded()).isTrue();
        buffer.release();
        assertThat(memory.isExceeded()).isTrue();
        memory.check();
        assertThat(memory.isExceeded()).isFalse();
    }

    @Test
    void aboveTheLimitBudgetsAreSharedAndNobodyNewIsLetIn() {
        try (ManualRouter router =
                new ManualRouter(new TestSettings().memoryBytes(MEGABYTE).build(), name -> RoomRules.DEFAULT)) {
            Puddle puddle = router.node.puddles()[0];
            long configured = router.node.settings.limits().outboxBytes();
            assertThat(puddle.messageBudgetBytes() + puddle.chunkMarkBytes()).isEqualTo(configured);
            ManualPeer before = router.connect(0, "lobby");
            ByteBuf hog = router.node.memory.allocator().directBuffer(2 * MEGABYTE);
            router.pass(Puddle.TICK_MILLIS);
            assertThat(puddle.messageBudgetBytes() + puddle.chunkMarkBytes())
                    .isBetween(Memory.MIN_OUTBOX_BYTES, (long) MEGABYTE);
            ManualPeer late = router.dial(0);
            router.run();
            assertThat(late.take())
                    .singleElement()
                    .satisfies(close ->
                            assertThat(close.json().get("code").asInt()).isEqualTo(CloseCode.OVERLOADED.number()));
            before.send(TestClient.frame(FrameType.PING, 0, 0, 2, new byte[0]));
            assertThat(before.take()).extracting(frame -> frame.type()).containsExactly(FrameType.PONG);
            hog.release();
            router.pass(Puddle.TICK_MILLIS);
            assertThat(puddle.messageBudgetBytes() + puddle.chunkMarkBytes()).isEqualTo(configured);
            router.connect(0, "lobby").handle("lobby");
        }
    }

    @Test
    void manyThatLagGetNoLessThanTheSmallestBudget() {
        try (ManualRouter router =
                new ManualRouter(new TestSettings().memoryBytes(MEGABYTE).build(), name -> RoomRules.DEFAULT)) {
            ByteBuf hog = router.node.memory.allocator().directBuffer(MEGABYTE / 10 * 8);
            router.node.memory.check();
            long alone = router.node.outboxBudgetBytes();
            router.node.puddles()[0].stats.laggingSessions.set(3);
            router.node.puddles()[1].stats.laggingSessions.set(4);
            assertThat(router.node.outboxBudgetBytes()).isEqualTo(alone / 8);
            router.node.puddles()[1].stats.laggingSessions.set(4_000);
            assertThat(router.node.outboxBudgetBytes()).isEqualTo(Memory.MIN_OUTBOX_BYTES);
            router.node.puddles()[0].stats.laggingSessions.set(0);
            router.node.puddles()[1].stats.laggingSessions.set(0);
            ByteBuf more = router.node.memory.allocator().directBuffer(MEGABYTE);
            router.node.memory.check();
            assertThat(router.node.outboxBudgetBytes()).as("above the limit").isEqualTo(Memory.MIN_OUTBOX_BYTES);
            hog.release();
            more.release();
        }
    }
}
