package io.porthouse.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.DefaultEventLoop;
import io.porthouse.benchmarks.LoopProbe.Held;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a probe says of a loop that does something. */
class LoopProbeTest {

    private static final long WORK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final DefaultEventLoop loop = new DefaultEventLoop();
    private final LoopProbe probe = new LoopProbe(loop);

    @AfterEach
    void stop() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private static void work() {
        long start = System.nanoTime();
        while (System.nanoTime() - start < WORK_NANOS) {
            Thread.onSpinWait();
        }
    }

    @Test
    void onlyWhatIsMarkedCounts() throws Exception {
        probe.start().join();
        loop.submit(LoopProbeTest::work).sync();
        loop.submit(() -> {
                    work();
                    probe.mark();
                })
                .sync();
        List<Held> held = probe.stop().join();
        assertThat(held).singleElement().satisfies(work -> {
            assertThat(work.nanos()).isGreaterThanOrEqualTo(WORK_NANOS);
            assertThat(work.cpuNanos()).isPositive();
        });
    }

    @Test
    void marksAloneAreCountedEachForItself() {
        probe.start().join();
        probe.markOnly(5).join();
        assertThat(probe.stop().join()).hasSize(5);
    }
}
