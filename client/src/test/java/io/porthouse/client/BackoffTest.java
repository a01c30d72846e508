package io.porthouse.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.ControlBody;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BackoffTest {

    @Test
    void doublesUpToTheLongest() {
        Backoff most = backoff(1);
        assertThat(most.before(0, lost())).hasMillis(500);
        assertThat(most.before(1, lost())).hasMillis(1_000);
        assertThat(most.before(5, lost())).hasMillis(16_000);
        assertThat(most.before(6, lost())).hasMillis(30_000);
        assertThat(most.before(Integer.MAX_VALUE, lost())).hasMillis(30_000);
    }

    @Test
    void halfOfItIsChance() {
        assertThat(backoff(0).before(1, lost())).hasMillis(500);
        assertThat(backoff(0.5).before(1, lost())).hasMillis(750);
    }

    @Test
    void whatTheRouterAsksForIsTheLeast() {
        assertThat(backoff(0).before(0, closed(3000, 5_000L))).hasMillis(5_000);
        assertThat(backoff(1).before(0, closed(3000, 5_000L))).hasMillis(10_000);
        assertThat(backoff(1).before(0, closed(3000, 0L))).hasMillis(500);
        assertThat(backoff(0).before(0, closed(3000, Long.MAX_VALUE))).isEqualTo(Backoff.LONGEST_ASKED);
        assertThat(backoff(0).before(0, closed(3000, -1L))).isZero();
    }

    @Test
    void aLastingCauseIsGivenTime() {
        assertThat(backoff(0).before(0, closed(3003, null))).hasMillis(15_000);
        assertThat(backoff(1).before(0, closed(3005, null))).hasMillis(30_000);
    }

    private static PorthouseException lost() {
        return new PorthouseException(Kind.LOST, "gone");
    }

    private static Backoff backoff(double chance) {
        return new Backoff(Duration.ofMillis(500), Duration.ofSeconds(30), () -> chance);
    }

    private static PorthouseException closed(int code, @Nullable Long after) {
        return PorthouseException.closedByRouter(new ControlBody.Close(code, "x", after));
    }
}
