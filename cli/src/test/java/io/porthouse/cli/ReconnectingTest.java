package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.PorthouseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReconnectingTest {

    private final PorthouseException loss = catchThrowableOfType(
            PorthouseException.class, () -> ConnectOptions.to("nowhere").build());

    private final List<String> said = new ArrayList<>();
    private final Reconnecting reconnecting = new Reconnecting(Duration.ofMinutes(1), said::add);

    /** What is begun while the connection is away fails for want of it, and is begun anew when it is back. */
    @Test
    void whoBeganDuringALossWaitsForNoOther() throws Exception {
        reconnecting.onDisconnected(loss, Duration.ZERO);
        int returns = reconnecting.returns();
        reconnecting.onReconnected();
        reconnecting.awaitBack(returns);
        assertThat(said).last().isEqualTo("the connection is back");
    }

    @Test
    void thereIsNoConnectionToWaitForBehindTheEnd() throws Exception {
        assertThat(reconnecting.awaitConnection()).isTrue();
        reconnecting.onDisconnected(loss, Duration.ZERO);
        reconnecting.onEnded(loss);
        assertThat(reconnecting.awaitConnection()).isFalse();
    }
}
