package io.porthouse.admin.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.admin.http.AdminSettings.Limits;
import io.porthouse.admin.http.AdminSettings.SignUp;
import io.porthouse.admin.http.AdminSettings.Times;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class AdminSettingsTest {

    @Test
    void theDefaultsAreForThisMachineAlone() {
        AdminSettings settings = AdminSettings.defaults();
        assertThat(settings.listen().getAddress().isLoopbackAddress()).isTrue();
        assertThat(settings.listen().getPort()).isEqualTo(7071);
        assertThat(settings.effectiveSignUp()).isEqualTo(SignUp.OPEN);
        assertThat(settings.allowedHosts()).isEmpty();
    }

    @Test
    void whereOthersCanReachItNobodySignsUpWithoutAnInvitation() throws UnknownHostException {
        InetAddress everywhere = InetAddress.getByAddress(new byte[4]);
        AdminSettings settings = AdminSettings.defaults().withListen(new InetSocketAddress(everywhere, 0));
        assertThat(settings.effectiveSignUp()).isEqualTo(SignUp.INVITED);
        assertThat(settings.withSignUp(SignUp.CLOSED).effectiveSignUp()).isEqualTo(SignUp.CLOSED);
        InetSocketAddress nowhere = InetSocketAddress.createUnresolved("nowhere.invalid", 0);
        assertThat(settings.withListen(nowhere).effectiveSignUp()).isEqualTo(SignUp.INVITED);
    }

    @Test
    void whatIsOutOfItsRangeIsNamed() {
        Duration ok = Duration.ofSeconds(1);
        assertThatThrownBy(() -> new Limits(0, 8_192, 8_192, 8_192, 1)).hasMessageContaining("connections");
        assertThatThrownBy(() -> new Limits(1, 100, 8_192, 8_192, 1)).hasMessageContaining("headBytes");
        assertThatThrownBy(() -> new Limits(1, 8_192, 100, 8_192, 1)).hasMessageContaining("bodyBytes");
        assertThatThrownBy(() -> new Limits(1, 8_192, 8_192, 100, 1)).hasMessageContaining("importBytes");
        assertThatThrownBy(() -> new Limits(1, 8_192, 8_192, 8_192, 0)).hasMessageContaining("workers");
        assertThatThrownBy(() -> new Times(Duration.ZERO, ok, ok, ok, ok)).hasMessageContaining("idle");
        assertThatThrownBy(() -> new Times(ok, Duration.ofDays(1), ok, ok, ok)).hasMessageContaining("request");
        assertThatThrownBy(() -> new Times(ok, ok, Duration.ZERO, ok, ok)).hasMessageContaining("answer");
        assertThatThrownBy(() -> new Times(ok, ok, ok, Duration.ZERO, ok)).hasMessageContaining("sessionIdle");
        assertThatThrownBy(() -> new Times(ok, ok, ok, ok, Duration.ZERO)).hasMessageContaining("sessionLifetime");
    }
}
