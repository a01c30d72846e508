package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.admin.http.RawClient;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests whose body comes after what their caller may do was changed. */
class LateBodiesTest {

    private static final String ACCOUNTS = "/api/v1/accounts";

    private AdminNode node;

    @BeforeEach
    void start() throws Exception {
        node = new AdminNode();
    }

    @AfterEach
    void stop() {
        node.close();
    }

    /** Sends the head of a request, and returns when its caller was let through. */
    private RawClient admitted(String key, String line, String type, int length) throws IOException {
        RawClient client = new RawClient(node.server.address());
        client.request(
                line,
                "Authorization: Bearer " + key,
                "Content-Type: " + type,
                "Content-Length: " + length,
                "Expect: 100-continue");
        client.answer().is(100);
        return client;
    }

    @Test
    void aKeyThatIsDeletedMeanwhileMakesNothing() throws Exception {
        String body = "{\"name\":\"foo\"}";
        try (RawClient late = admitted(AdminNode.ALICE_KEY, "POST /api/v1/rooms", "application/json", body.length())) {
            deleteKeys("alice");
            late.send(body).answer().is(401, "unauthorized");
        }
        node.operator().get("/api/v1/rooms/alice/foo").is(404);
    }

    private void deleteKeys(String account) {
        String keys = ACCOUNTS + "/" + account + "/keys";
        for (JsonNode key : node.operator().get(keys).is(200).json().get("items")) {
            node.operator().delete(keys + "/" + key.get("id").textValue()).is(200);
        }
    }

    @Test
    void anOperatorWhoIsDemotedMeanwhileRaisesNobody() throws Exception {
        node.operator().patch(ACCOUNTS + "/bob", "{\"role\":\"operator\"}").is(200);
        String body = "{\"role\":\"operator\"}";
        try (RawClient late =
                admitted(AdminNode.BOB_KEY, "PATCH " + ACCOUNTS + "/bob", "application/json", body.length())) {
            node.operator().patch(ACCOUNTS + "/bob", "{\"role\":\"user\"}").is(200);
            late.send(body).answer().is(403, "forbidden");
        }
        assertThat(node.operator()
                        .get(ACCOUNTS + "/bob")
                        .is(200)
                        .json()
                        .get("role")
                        .textValue())
                .isEqualTo("user");
    }

    @Test
    void whoIsSuspendedMeanwhilePublishesNothing() throws Exception {
        node.alice().post("/api/v1/rooms", "{\"name\":\"foo\"}").is(201);
        try (RawClient late = admitted(AdminNode.ALICE_KEY, "POST /api/v1/rooms/alice/foo/messages", "text/plain", 5)) {
            node.operator().patch(ACCOUNTS + "/alice", "{\"suspended\":true}").is(200);
            late.send("hello").answer().is(401, "unauthorized");
        }
        assertThat(node.operator()
                        .get("/api/v1/rooms/alice/foo")
                        .is(200)
                        .json()
                        .get("sequence")
                        .longValue())
                .isZero();
    }

    @Test
    void anOperatorWhoIsDemotedMeanwhileImportsNothing() throws Exception {
        node.operator().patch(ACCOUNTS + "/bob", "{\"role\":\"operator\"}").is(200);
        try (RawClient late = admitted(AdminNode.BOB_KEY, "POST /api/v1/store", "application/x-ndjson", 9)) {
            node.operator().patch(ACCOUNTS + "/bob", "{\"role\":\"user\"}").is(200);
            late.send("nonsense\n").answer().is(403, "forbidden");
        }
    }
}
