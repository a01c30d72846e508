package io.porthouse.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark still works: one tiny iteration of each, with all its own checks and with the leak detector looking on. */
final class BenchmarksTest {

    @Test
    void everyBenchmarkRuns() throws Exception {
        Collection<RunResult> results = InProcess.run(InProcess.options(".*")
                .param("bytes", "88", "65536")
                .param("members", "2")
                .param("rooms", "2")
                .param("sessions", "10"));
        assertThat(results)
                .extracting(result -> result.getParams().getBenchmark())
                .containsAll(BenchmarkList.defaultList()
                        .getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of())
                        .stream()
                        .map(entry -> entry.getUsername())
                        .toList());
        assertThat(Main.table(results).lines()).hasSize(2 + results.size()).noneMatch(line -> line.contains("NaN"));
    }

    @Test
    void theMedianIsTheMiddleOrBetweenTheTwo() {
        assertThat(Main.median(new double[] {3, 1, 2})).isEqualTo(2);
        assertThat(Main.median(new double[] {4, 1, 2, 3})).isEqualTo(2.5);
        assertThat(Main.median(new double[0])).isNaN();
    }
}
