package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.admin.http.AdminSettings.Times;
import io.porthouse.admin.secrets.Secrets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BrowserSessionsTest {

    private final AtomicLong nanos = new AtomicLong();
    private final BrowserSessions sessions =
            new BrowserSessions(new Secrets(new SecureRandom()), nanos::get, Times.DEFAULT);

    @Test
    void anAccountHasABoundedNumberAndLosesTheOneThatWasNotSeenForLongest() {
        List<String> secrets = new ArrayList<>();
        for (int i = 0; i < BrowserSessions.MAX_SESSIONS_OF_ACCOUNT; i++) {
            secrets.add(sessions.begin("alice", "mark"));
        }
        String other = sessions.begin("bob", "mark");
        assertThat(sessions.find(secrets.get(0))).isPresent();
        sessions.begin("alice", "mark");
        assertThat(sessions.find(secrets.get(0))).isPresent();
        assertThat(sessions.find(secrets.get(1))).isEmpty();
        assertThat(sessions.find(other)).isPresent();
        assertThat(sessions.size()).isEqualTo(BrowserSessions.MAX_SESSIONS_OF_ACCOUNT + 1);
    }

    @Test
    void allTogetherHaveABoundToo() {
        String first = sessions.begin("a", "mark");
        for (int i = 0; i < BrowserSessions.MAX_SESSIONS; i++) {
            sessions.begin("account" + i, "mark");
        }
        assertThat(sessions.size()).isEqualTo(BrowserSessions.MAX_SESSIONS);
        assertThat(sessions.find(first)).isEmpty();
    }

    @Test
    void whatHasExpiredTakesNoPlace() {
        sessions.begin("alice", "mark");
        nanos.addAndGet(Times.DEFAULT.sessionIdle().plusSeconds(1).toNanos());
        sessions.begin("bob", "mark");
        assertThat(sessions.size()).isEqualTo(1);
    }

    @Test
    void theCsrfValueIsAnothersForEachSession() {
        assertThat(BrowserSessions.csrf("one"))
                .isNotEqualTo(BrowserSessions.csrf("other"))
                .hasSize(64);
    }
}
