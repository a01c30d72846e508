package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.admin.api.ApiClient.Answer;
import io.porthouse.admin.http.AdminSettings.Limits;
import io.porthouse.admin.http.RawClient;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.store.LosingStore;
import io.porthouse.admin.store.Outcome;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreSettings;
import io.porthouse.admin.store.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Export and import, probes and metrics. */
class StoreTest {

    private static final String STORE = "/api/v1/store";
    private static final String LINES = "application/x-ndjson";

    @Test
    void anExportGoesIntoAnEmptyStore() throws Exception {
        byte[] export;
        try (AdminNode node = new AdminNode()) {
            node.alice().post("/api/v1/rooms", "{\"name\":\"foo\"}").is(201);
            Answer answer = node.operator().get(STORE).is(200);
            export = answer.text().getBytes(StandardCharsets.UTF_8);
            assertThat(answer.text()).contains("\"table\":\"rooms\"").doesNotContain(AdminNode.ALICE_KEY);
            node.operator().send("HEAD", STORE, "", null).is(200);
            node.operator().send("POST", STORE, LINES, export).is(409, "not-empty");
            assertThat(node.operator().get("/api/v1/audit").json().findValuesAsText("action"))
                    .contains("store.export");
        }
        try (AdminNode node = new AdminNode()) {
            node.operator().delete("/api/v1/accounts/alice").is(200);
            node.operator().delete("/api/v1/accounts/bob").is(200);
            node.operator()
                    .send("POST", STORE, LINES, "nonsense\n".getBytes(StandardCharsets.UTF_8))
                    .is(422, "malformed");
            assertThat(node.operator()
                            .send("POST", STORE, LINES, export)
                            .is(200)
                            .json()
                            .get("rows")
                            .longValue())
                    .isGreaterThan(5);
            node.alice().get("/api/v1/rooms/alice/foo").is(200);
            node.nobody().signIn("alice", AdminNode.PASSWORD).is(200);
        }
    }

    @Test
    void anImportOfWhichNobodyKnowsHowItEndedIsCalledUncertain() throws Exception {
        byte[] export;
        try (AdminNode node = new AdminNode()) {
            export = node.operator().get(STORE).is(200).text().getBytes(StandardCharsets.UTF_8);
        }
        Store empty = TestDatabase.open(TestDatabase.H2.prepared());
        LosingStore losing = new LosingStore(empty);
        try (AdminNode node = new AdminNode(losing.store, settings -> settings)) {
            for (String name : List.of("alice", "bob")) {
                assertThat(empty.deleteAccount(Actor.SYSTEM, name, OptionalLong.empty()))
                        .isInstanceOf(Outcome.Done.class);
            }
            losing.loseNext();
            node.operator().send("POST", STORE, LINES, export).is(504, "uncertain");
            // It is there; whoever reads it again knows.
            node.alice().get("/api/v1/accounts/alice").is(200);
        }
    }

    @Test
    void anImportHasABoundAndLeavesNoFile() throws Exception {
        Limits d = Limits.DEFAULT;
        Limits limits = new Limits(d.connections(), d.headBytes(), d.bodyBytes(), 2_000, d.workers());
        try (AdminNode node = new AdminNode(settings -> settings.withLimits(limits))) {
            node.operator().send("POST", STORE, LINES, new byte[2_001]).is(413, "body-too-large");
            node.operator().send("POST", STORE, LINES, new byte[2_000]).is(409);
            node.operator().send("POST", STORE, LINES, new byte[2_000]).is(409);
            node.operator().send("POST", STORE, "text/plain", new byte[1]).is(415);
            try (var files = Files.list(node.data)) {
                assertThat(files.toList()).isEqualTo(List.<Path>of());
            }
        }
    }

    @Test
    void oneImportAtATimeAndOneThatBreaksOffMakesRoom() throws Exception {
        try (AdminNode node = new AdminNode()) {
            byte[] line = "nonsense\n".getBytes(StandardCharsets.UTF_8);
            try (RawClient half = new RawClient(node.server.address())) {
                half.request(
                        "POST " + STORE,
                        "Authorization: Bearer " + AdminNode.OPERATOR_KEY,
                        "Content-Type: " + LINES,
                        "Content-Length: 100",
                        "Expect: 100-continue");
                half.answer().is(100);
                node.operator().send("POST", STORE, LINES, line).is(503, "busy");
                half.send(line);
            }
            await().until(() -> node.operator().send("POST", STORE, LINES, line).status() == 409);
            try (var files = Files.list(node.data)) {
                assertThat(files.toList()).isEqualTo(List.<Path>of());
            }
        }
    }

    @Test
    void withoutTheStoreNothingIsReadyAndNothingIsChanged() throws Exception {
        StoreSettings settings = TestDatabase.H2.prepared();
        try (AdminNode node = new AdminNode(TestDatabase.open(settings), same -> same)) {
            node.nobody().get("/health/ready").is(200);
            node.store.close();
            node.nobody().get("/health/ready").is(503, "store-unavailable");
            node.nobody().get("/health/live").is(200);
            Answer answer =
                    node.alice().post("/api/v1/rooms", "{\"name\":\"foo\"}").is(503, "store-unavailable");
            assertThat(answer.header("retry-after")).isEqualTo("1");
            node.nobody().signIn("alice", AdminNode.PASSWORD).is(503);
        }
    }

    @Test
    void metricsNameNoRoomTokenOrAddress() throws Exception {
        try (AdminNode node = new AdminNode()) {
            node.alice().post("/api/v1/rooms", "{\"name\":\"hidden\"}").is(201);
            String metrics = node.nobody().get("/metrics").is(200).text();
            assertThat(metrics)
                    .contains("porthouse_admin_requests_seconds_count{status=\"2xx\"}")
                    .contains("porthouse_connections")
                    .doesNotContain("hidden")
                    .doesNotContain("alice")
                    .doesNotContain("127.0.0.1");
        }
    }
}
