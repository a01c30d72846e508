package io.porthouse.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.benchmarks.BackpipeThroughput.Figures;
import io.porthouse.benchmarks.BackpipeThroughput.Rate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Three JVMs and a few short rounds: that it works, not how fast. */
class BackpipeThroughputTest {

    @Test
    void bothPublishAndHaveTheirReceipts() throws Exception {
        Figures figures = BackpipeThroughput.run(64, 2, 50, 1);
        assertThat(figures.token()).hasSize(2);
        assertThat(figures.backpipe()).hasSize(2);
        assertThat(Stream.concat(figures.token().stream(), figures.backpipe().stream()))
                .allMatch(rate -> rate.messagesPerSecond() > 0 && rate.cpuNanos() > 0 && rate.recipients() == 1);
        assertThat(figures.ratio(Rate::messagesPerSecond)).isPositive();
    }
}
