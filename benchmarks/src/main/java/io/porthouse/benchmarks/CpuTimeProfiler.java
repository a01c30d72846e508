package io.porthouse.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Reports processor time per operation, of all Java threads together: on a machine that others use too, it is much steadier
 * than time by the clock. The compiler's and the collector's threads are not in it.
 */
public final class CpuTimeProfiler implements InternalProfiler {

    static final String RESULT = "cpu";

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Map<Long, Long> startNanos = new HashMap<>();

    @Override
    public String getDescription() {
        return "Processor time of Java threads, per operation";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        startNanos.clear();
        for (long thread : threads.getAllThreadIds()) {
            startNanos.put(thread, threads.getThreadCpuTime(thread));
        }
    }

    @Override
    public List<ScalarResult> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        long operations = result.getMetadata().getAllOps();
        double nanos = operations == 0 ? Double.NaN : (double) usedNanos() / operations;
        return List.of(new ScalarResult(RESULT, nanos, "ns/op", AggregationPolicy.AVG));
    }

    /** What a thread used that has ended since is not known: benchmarks end theirs in the last iteration. */
    private long usedNanos() {
        long sum = 0;
        for (long thread : threads.getAllThreadIds()) {
            sum += Math.max(0, threads.getThreadCpuTime(thread) - startNanos.getOrDefault(thread, 0L));
        }
        return sum;
    }
}
