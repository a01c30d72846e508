package io.porthouse.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.Frame;
import java.time.Duration;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectOptionsTest {

    @ParameterizedTest
    @CsvSource({
        "tcp://localhost, localhost, 7070,",
        "tcp://localhost:1, localhost, 1,",
        "tcp://a.b-c_d:65535/, a.b-c_d, 65535,",
        "tcp://tok~en@10.0.0.1:99, 10.0.0.1, 99, tok~en",
        "tcp://t@[::1]:7070, ::1, 7070, t",
        "tcp://@h, h, 7070,"
    })
    void anAddressIsRead(String text, String host, int port, String token) {
        assertThat(Address.parse(text)).isEqualTo(new Address(host, port, token));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "localhost", "http://h", "tcp://", "tcp://h:x", "tcp://h:70000", "tcp://h:0", "tcp://h/path"
            })
    void whatIsNoAddressIsAUsageError(String text) {
        assertThatThrownBy(() -> Address.parse(text))
                .isInstanceOfSatisfying(
                        PorthouseException.class, e -> assertThat(e.kind()).isEqualTo(Kind.USAGE));
    }

    @Test
    void secretsAreNeverShown() {
        String secret = "very-secret-0123456789";
        assertThat(Address.parse("tcp://" + secret + "@h")).hasToString("tcp://h:7070");
        assertThat(ConnectOptions.to("tcp://h").token(secret).build().toString())
                .doesNotContain(secret);
        assertThatThrownBy(() -> ConnectOptions.to("tcp://" + secret + "@h:x").build())
                .hasMessageNotContaining(secret);
        assertThatThrownBy(
                        () -> ConnectOptions.to("tcp://h").token(secret + "!").build())
                .hasMessageNotContaining(secret);
    }

    @Test
    void aTokenIsNeeded() {
        assertThatThrownBy(() -> ConnectOptions.to("tcp://h").build())
                .hasMessageContaining("no token for tcp://h:7070");
    }

    @Test
    void limitsHaveBounds() {
        var builder = ConnectOptions.to("tcp://t@h");
        assertThatThrownBy(() -> builder.sendBufferBytes(1)).hasMessageContaining("at least 65536");
        assertThatThrownBy(() -> builder.receiveBufferBytes(1)).hasMessageContaining("at least 65536");
        assertThatThrownBy(() -> builder.maxUnacknowledged(0)).hasMessageContaining("at least 1");
        assertThatThrownBy(() -> builder.maxIncomingEnvelopes(0)).hasMessageContaining("at least 1");
        assertThatThrownBy(() -> builder.connectTimeout(Duration.ZERO)).hasMessageContaining("more than nothing");
        assertThatThrownBy(() -> builder.sendTimeout(Duration.ofSeconds(-1))).hasMessageContaining("more than nothing");
    }

    @Test
    void helloMustFit() {
        var builder = ConnectOptions.to("tcp://t@h").rooms(Collections.nCopies(300, "r".repeat(64)));
        assertThatThrownBy(builder::build).hasMessageContaining("join some of the rooms after connecting");
        // Each of these takes 67 bytes, of 16,384.
        assertThat(builder.rooms(Collections.nCopies(240, "r".repeat(64))).build())
                .isNotNull();
        assertThat(Frame.MAX_HELLO_FRAME_BYTES).isEqualTo(16384);
    }
}
