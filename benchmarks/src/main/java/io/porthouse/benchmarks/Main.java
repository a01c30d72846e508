package io.porthouse.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * JMH's own command line, with allocation and processor time always measured, and a table of medians at the end: on a shared
 * machine one disturbed iteration spoils a mean, and a median hardly.
 */
public final class Main {

    /** What JMH's profiler calls the bytes allocated per operation. */
    static final String ALLOCATED = "gc.alloc.rate.norm";

    private Main() {}

    public static void main(String[] arguments) throws CommandLineOptionException, IOException, RunnerException {
        CommandLineOptions options = new CommandLineOptions(arguments);
        if (isQuestion(options)) {
            org.openjdk.jmh.Main.main(arguments);
            return;
        }
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .parent(options)
                        .addProfiler(GCProfiler.class)
                        .addProfiler(CpuTimeProfiler.class)
                        .build())
                .run();
        System.out.println();
        System.out.print(table(results));
    }

    private static boolean isQuestion(CommandLineOptions options) {
        return options.shouldHelp()
                || options.shouldList()
                || options.shouldListWithParams()
                || options.shouldListProfilers()
                || options.shouldListResultFormats();
    }

    /**
     * Returns a Markdown table: for each benchmark the medians over the iterations of all forks. Of single shots only the
     * time is shown, because profilers see what sets them up too.
     */
    static String table(Collection<RunResult> results) {
        StringBuilder table = new StringBuilder("""
                | benchmark | parameters | time | CPU | allocated |
                |---|---|--:|--:|--:|
                """);
        for (RunResult result : results) {
            BenchmarkParams params = result.getParams();
            boolean isSingle = params.getMode() == Mode.SingleShotTime;
            table.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %s %s | %s | %s |%n",
                    params.getBenchmark().replaceAll("^.*\\.(\\w+)Benchmark\\.(\\w+)$", "$1.$2"),
                    parameters(params),
                    figure(median(primary(result))),
                    params.getTimeUnit() == TimeUnit.MILLISECONDS ? "ms" : "ns",
                    isSingle ? "" : figure(median(secondary(result, CpuTimeProfiler.RESULT))) + " ns",
                    isSingle ? "" : figure(median(secondary(result, ALLOCATED))) + " B"));
        }
        return table.toString();
    }

    private static String parameters(BenchmarkParams params) {
        List<String> all = new ArrayList<>();
        for (String key : params.getParamsKeys()) {
            all.add(key + " " + params.getParam(key));
        }
        return String.join(", ", all);
    }

    private static double[] primary(RunResult result) {
        return iterations(result).stream()
                .mapToDouble(iteration -> iteration.getPrimaryResult().getScore())
                .toArray();
    }

    /** Returns what a profiler reported, by iteration. */
    static double[] secondary(RunResult result, String name) {
        List<Double> values = new ArrayList<>();
        for (IterationResult iteration : iterations(result)) {
            for (String key : iteration.getSecondaryResults().keySet()) {
                if (key.endsWith(name)) {
                    values.add(iteration.getSecondaryResults().get(key).getScore());
                }
            }
        }
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static List<IterationResult> iterations(RunResult result) {
        List<IterationResult> all = new ArrayList<>();
        for (BenchmarkResult fork : result.getBenchmarkResults()) {
            all.addAll(fork.getIterationResults());
        }
        return all;
    }

    /** Returns the middle one; not a number if there is none. */
    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        if (sorted.length == 0) {
            return Double.NaN;
        }
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Three digits, or all before the point. */
    private static String figure(double value) {
        String format = value >= 100 ? "%,.0f" : value >= 10 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }
}
