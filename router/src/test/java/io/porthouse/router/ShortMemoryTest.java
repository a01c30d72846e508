package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** While memory is short, Netty is given little, but who reads gets everything. */
final class ShortMemoryTest {

    private static final int LIMIT = 4 << 20;
    private static final int BODY_BYTES = 5_000;
    private static final int MESSAGES = 150;

    private ManualRouter router;
    private ManualPeer reader;
    private ManualPeer sender;
    private ByteBuf most;

    @BeforeEach
    void start() {
        router = new ManualRouter(
                new TestSettings().memoryBytes(LIMIT).build(),
                name -> TestRules.with(rules -> rules.overflow = Overflow.WAIT));
        reader = router.connect(0, "one");
        sender = router.connect(1, "one");
    }

    @AfterEach
    void stop() {
        if (most != null) {
            most.release();
        }
        router.close();
    }

    private void publish() {
        sender.send(TestClient.frame(FrameType.ENVELOPE, 0, sender.handle("one"), 0, new byte[BODY_BYTES]));
    }

    private void takeMostOfTheMemory() {
        most = router.node.memory.allocator().directBuffer(LIMIT);
        router.pass(Puddle.TICK_MILLIS);
    }

    @Test
    void whatWaitsForNettyIsSentWhenItHasWrittenWhatItWasGivenBefore() {
        reader.stall(true);
        publish();
        takeMostOfTheMemory();
        publish();
        publish();
        reader.stall(false);
        assertThat(reader.take()).extracting(Received::sequence).containsExactly(1L, 2L, 3L);
    }

    @Test
    void whoReadsAtOnceHoldsNobodyUp() {
        takeMostOfTheMemory();
        // Less than a member that holds a room up has to take.
        for (int i = 0; i < MESSAGES; i++) {
            publish();
            router.pass(Puddle.TICK_MILLIS);
        }
        assertThat(router.closes).isEmpty();
        assertThat(reader.take()).hasSize(MESSAGES);
    }
}
