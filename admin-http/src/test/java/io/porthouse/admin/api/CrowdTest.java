package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.admin.api.ApiClient.Answer;
import io.porthouse.admin.http.RawClient;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How long it takes to list all live connections where there are nearly ten thousand. */
@Tag("long")
class CrowdTest {

    private static final String SESSIONS = "/api/v1/sessions?limit=10000";

    /** Two descriptors each, and 20,000 is all that many a machine gives to a process. */
    private static final int CONNECTIONS = 9_500;

    private static final int ROUNDS = 30;
    private static final long MOST_MICROS = 200_000;

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void aCrowdIsListedInOneAnswer() throws Exception {
        try (AdminNode node = new AdminNode()) {
            node.operator().post("/api/v1/rooms", "{\"name\":\"foo\"}").is(201);
            String secret = node.operator()
                    .post(
                            "/api/v1/tokens",
                            "{\"name\":\"t\",\"maxConnections\":20000,"
                                    + "\"grants\":[{\"room\":\"foo\",\"may\":[\"read\"]}]}")
                    .is(201)
                    .json()
                    .get("secret")
                    .textValue();
            for (int i = 0; i < CONNECTIONS; i++) {
                node.connect(secret);
            }
            Set<String> ids = new HashSet<>();
            Answer answer = node.operator().get(SESSIONS).is(200);
            answer.json()
                    .get("items")
                    .forEach(session -> ids.add(session.get("id").textValue()));
            assertThat(ids).hasSize(CONNECTIONS);
            long[] micros = new long[ROUNDS];
            try (RawClient raw = new RawClient(node.server.address())) {
                for (int round = 0; round < ROUNDS; round++) {
                    long start = System.nanoTime();
                    raw.request("GET " + SESSIONS, "Authorization: Bearer " + AdminNode.OPERATOR_KEY);
                    int bytes = raw.answer().is(200).body().length();
                    micros[round] = (System.nanoTime() - start) / 1_000;
                    assertThat(bytes).isGreaterThan(100 * CONNECTIONS);
                }
            }
            Arrays.sort(micros);
            System.out.printf(
                    "%d sessions listed in %d µs (fastest), %d µs (median), %d µs (worst but one)%n",
                    CONNECTIONS, micros[0], micros[ROUNDS / 2], micros[ROUNDS - 2]);
            // What is usual, on a machine that does nothing else.
            assertThat(micros[ROUNDS / 2]).isLessThan(MOST_MICROS);
        }
    }
}
