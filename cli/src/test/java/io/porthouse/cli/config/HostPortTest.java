package io.porthouse.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostPortTest {

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:7070", "0.0.0.0:0", "[::1]:65535", "localhost:1"})
    void whatIsReadIsWrittenTheSame(String text) {
        String written = HostPort.format(HostPort.parse(text).orElseThrow());
        assertThat(HostPort.parse(written)).isEqualTo(HostPort.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "7070", "h", "h:", ":1", "h:65536", "::1:7070", "h:1:2", "h h:1"})
    void theRestIsRefused(String text) {
        assertThat(HostPort.parse(text)).isEmpty();
    }

    @Test
    void anUnknownHostIsSaidToBeUnknown() {
        assertThat(HostPort.parse("no.such.invalid:1").orElseThrow().isUnresolved())
                .isTrue();
    }
}
