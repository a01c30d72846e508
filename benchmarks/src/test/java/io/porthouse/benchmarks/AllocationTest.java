package io.porthouse.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;

/**
 * A frame in a run allocates nothing, wherever on its way; a run allocates a few small objects, however many frames it has
 * and however many members it goes to. Each benchmark is called a fixed number of times, so how busy the machine is changes
 * nothing.
 */
final class AllocationTest {

    /** Half of the smallest object, as what JMH itself allocates is spread over all calls. */
    private static final double NOTHING = 8;

    /** The same, spread over the frames of a full buffer too. */
    private static final double NOTHING_PER_FRAME = 1;

    private static Level levelOfOtherTests;

    /** The detector's records would be all that is seen. */
    @BeforeAll
    static void lookForNoLeaks() {
        levelOfOtherTests = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(Level.DISABLED);
    }

    @AfterAll
    static void lookForLeaksAgain() {
        ResourceLeakDetector.setLevel(levelOfOtherTests);
    }

    @Test
    void walkingAndStampingAllocatesNothingPerFrame() throws Exception {
        assertThat(bytes(500, "RouteBenchmark.fullBuffers", "rooms", "1")).isLessThan(NOTHING_PER_FRAME);
    }

    @Test
    void fanOutAllocatesNothingPerFrame() throws Exception {
        for (String puddles : new String[] {"1", "2"}) {
            assertThat(bytes(500, "FanOutBenchmark.fullBuffers", "members", "100", "puddles", puddles))
                    .as("%s puddles", puddles)
                    .isLessThan(NOTHING_PER_FRAME);
        }
    }

    @Test
    void aRunAllocatesTheSameForOneMemberAndForMany() throws Exception {
        double forOne = bytes(5_000, "FanOutBenchmark.singleFrames", "members", "1", "puddles", "1");
        // As many as Netty's recycler keeps at hand with its defaults.
        double forMany = bytes(5_000, "FanOutBenchmark.singleFrames", "members", "30", "puddles", "1");
        assertThat(forOne).isLessThan(200);
        assertThat((forMany - forOne) / 29).as("bytes a member").isLessThan(NOTHING);
    }

    @Test
    void aRoundOfTheOutboxAllocatesNothing() throws Exception {
        for (String bytes : new String[] {"88", "65536"}) {
            assertThat(bytes(5_000, "OutboxBenchmark.outbox", "bytes", bytes, "runs", "8"))
                    .as("runs of %s bytes", bytes)
                    .isLessThan(NOTHING);
        }
    }

    private static double bytes(int calls, String benchmark, String... parameters) throws RunnerException {
        ChainedOptionsBuilder options = InProcess.options(".*\\." + benchmark.replace(".", "\\.") + "$")
                .mode(Mode.SingleShotTime)
                .warmupIterations(1)
                .warmupBatchSize(calls)
                .measurementIterations(4)
                .measurementBatchSize(calls);
        for (int i = 0; i < parameters.length; i += 2) {
            options = options.param(parameters[i], parameters[i + 1]);
        }
        RunResult result = InProcess.run(options).iterator().next();
        // The least counts: what a call allocates is in every iteration, what JMH or a class that is loaded late
        // adds only in some. A single shot is one operation to JMH, however large its batch.
        return Arrays.stream(Main.secondary(result, Main.ALLOCATED)).min().orElseThrow() / calls;
    }
}
