package io.porthouse.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Three JVMs and a second of traffic: that it works, not how fast. */
class ClientThroughputTest {

    @Test
    void messagesArriveAndLossesAreCounted() throws Exception {
        ClientThroughput.Figures figures = ClientThroughput.run(false, 64, 1, 1);
        assertThat(figures.messages()).isPositive();
        assertThat(figures.payloadBytes()).isEqualTo(64 * figures.messages());
        assertThat(figures.lost()).isNotNegative();
        assertThat(figures.cpuNanos()).hasSize(3).allMatch(nanos -> nanos > 0);
    }

    @Test
    void envelopesArriveWhole() throws Exception {
        ClientThroughput.Figures figures = ClientThroughput.run(true, 1 << 20, 1, 1);
        assertThat(figures.messages()).isPositive();
        assertThat(figures.lost()).isZero();
    }
}
