package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.admin.api.ApiClient.Answer;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tokens, their grants, and the live connections that they have. */
class TokensTest {

    private static final String TOKENS = "/api/v1/tokens";
    private static final String SESSIONS = "/api/v1/sessions";

    private AdminNode node;

    @BeforeEach
    void start() throws Exception {
        node = new AdminNode();
        node.alice().post("/api/v1/rooms", "{\"name\":\"foo\"}").is(201);
        node.alice().post("/api/v1/rooms", "{\"name\":\"bar\"}").is(201);
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private static void assertField(Answer answer, String field) {
        answer.is(422, "invalid");
        assertThat(answer.json().get("field").textValue()).isEqualTo(field);
    }

    private JsonNode make(String body) {
        return node.alice().post(TOKENS, body).is(201).json();
    }

    @Test
    void aSecretIsShownOnceAndConnects() throws Exception {
        JsonNode made = make("{\"name\":\"laptop\",\"grants\":[{\"room\":\"foo\",\"may\":[\"read\",\"write\"]},"
                + "{\"room\":\"alice/bar\",\"may\":[\"read\"],\"autoJoin\":false}],\"maxConnections\":2,"
                + "\"expiresAt\":\"2999-01-01T00:00:00Z\",\"mayCreateTransientRooms\":true}");
        String secret = made.get("secret").textValue();
        assertThat(secret).matches("ph_[a-z2-7]{32}");
        assertThat(made.get("grants").toString())
                .isEqualTo("[{\"room\":\"alice/foo\",\"may\":[\"read\",\"write\"],\"autoJoin\":true},"
                        + "{\"room\":\"alice/bar\",\"may\":[\"read\"],\"autoJoin\":false}]");
        String path = TOKENS + "/" + made.get("id").textValue();
        Answer read = node.alice().get(path).is(200);
        assertThat(read.text()).doesNotContain(secret);
        assertThat(read.header("etag")).isEqualTo("\"" + made.get("version").longValue() + "\"");
        TestClient client = node.connect(secret);
        assertThat(client.handle("alice/foo")).isPositive();
    }

    @Test
    void anOwnersSecretHasItsNameInFront() throws Exception {
        String own = "{\"name\":\"x\",\"secret\":\"my-own-secret-0123\"}";
        assertThat(make(own).get("secret").textValue()).isEqualTo("alice.my-own-secret-0123");
        node.alice().post(TOKENS, own).is(409, "secret-taken");
        assertThat(node.bob().post(TOKENS, own).is(201).json().get("secret").textValue())
                .isEqualTo("bob.my-own-secret-0123");
        assertField(node.alice().post(TOKENS, "{\"name\":\"x\",\"secret\":\"short\"}"), "secret");
        node.connect("alice.my-own-secret-0123");
    }

    @Test
    void whatATokenCanNotBeIsNamed() {
        assertField(node.alice().post(TOKENS, "{}"), "name");
        assertField(node.alice().post(TOKENS, "{\"name\":\" \"}"), "name");
        assertField(node.alice().post(TOKENS, "{\"name\":\"x\",\"maxConnections\":-1}"), "maxConnections");
        assertField(node.alice().post(TOKENS, "{\"name\":\"x\",\"expiresAt\":\"2999\"}"), "expiresAt");
        assertField(node.alice().post(TOKENS, "{\"name\":\"x\",\"grants\":{}}"), "grants");
        assertField(node.alice().post(TOKENS, "{\"name\":\"x\",\"grants\":[7]}"), "grants");
        assertField(node.alice().post(TOKENS, grants("{\"room\":\"foo\",\"may\":[]}")), "grants[0].may");
        assertField(node.alice().post(TOKENS, grants("{\"room\":\"foo\",\"may\":[\"fly\"]}")), "grants[0].may");
        assertField(node.alice().post(TOKENS, grants("{\"room\":\"foo\",\"may\":[\"read\"],\"x\":1}")), "grants[0].x");
        assertField(
                node.alice()
                        .post(
                                TOKENS,
                                grants(
                                        "{\"room\":\"foo\",\"may\":[\"read\"]},{\"room\":\"alice/foo\",\"may\":[\"read\"]}")),
                "grants[1].room");
        node.alice()
                .post(TOKENS, grants("{\"room\":\"ghost\",\"may\":[\"read\"]}"))
                .is(404);
        node.alice()
                .post(TOKENS, grants("{\"room\":\"foo*\",\"may\":[\"read\"]}"))
                .is(404);
        node.bob()
                .post(TOKENS, grants("{\"room\":\"alice/foo\",\"may\":[\"read\"]}"))
                .is(404);
    }

    private static String grants(String grants) {
        return "{\"name\":\"x\",\"grants\":[" + grants + "]}";
    }

    @Test
    void aGrantReachesAClientBeforeTheAnswer() throws Exception {
        JsonNode made = make("{\"name\":\"t\"}");
        TestClient client = node.connect(made.get("secret").textValue());
        String grant = TOKENS + "/" + made.get("id").textValue() + "/rooms/alice/foo";
        JsonNode granted =
                node.alice().put(grant, "{\"may\":[\"read\"]}").is(200).json();
        assertThat(granted.get("changed").booleanValue()).isTrue();
        assertThat(granted.at("/live/sessions").intValue()).isEqualTo(1);
        assertThat(granted.at("/nodes/0/node").textValue()).isEqualTo("n1");
        assertThat(granted.at("/nodes/0/confirmed").booleanValue()).isTrue();
        assertThat(client.receive().type()).isEqualTo(FrameType.GRANTED);

        JsonNode again = node.alice().put(grant, "{\"may\":[\"read\"]}").is(200).json();
        assertThat(again.get("changed").booleanValue()).isFalse();
        assertThat(node.alice().delete(grant).is(200).json().get("grants")).isEmpty();
        assertThat(client.receive().type()).isEqualTo(FrameType.WITHDRAWN);
        node.alice().delete(grant).is(404);
        node.alice().put(grant.replace("foo", "ghost"), "{\"may\":[\"read\"]}").is(404);
        assertField(node.alice().put(grant, "{\"may\":[]}"), "may");
        assertField(node.alice().put(grant, "{}"), "may");
    }

    @Test
    void aDeletedTokenIsClosedBeforeTheAnswer() throws Exception {
        JsonNode made = make("{\"name\":\"t\"}");
        TestClient client = node.connect(made.get("secret").textValue());
        JsonNode deleted = node.alice()
                .delete(TOKENS + "/" + made.get("id").textValue())
                .is(200)
                .json();
        assertThat(deleted.at("/live/closed").intValue()).isEqualTo(1);
        assertThat(deleted.at("/nodes/0/closed").intValue()).isEqualTo(1);
        client.expectClose(3500);
    }

    @Test
    void aRotatedSecretEndsTheOldOne() throws Exception {
        JsonNode made = make("{\"name\":\"t\"}");
        String path = TOKENS + "/" + made.get("id").textValue();
        TestClient client = node.connect(made.get("secret").textValue());
        Answer rotated = node.alice().post(path + "/rotate", "{}").is(200);
        client.expectClose(3500);
        node.connect(rotated.json().get("secret").textValue());
        String none = node.alice()
                .send("POST", path + "/rotate", "", null)
                .is(200)
                .json()
                .get("secret")
                .textValue();
        assertThat(none).startsWith("ph_");
        assertThat(node.alice()
                        .post(path + "/rotate", "{\"secret\":\"chosen-secret-0123\"}")
                        .is(200)
                        .json()
                        .get("secret")
                        .textValue())
                .isEqualTo("alice.chosen-secret-0123");
        node.alice()
                .with("If-Match", rotated.header("etag"))
                .post(path + "/rotate", "{}")
                .is(412);
    }

    @Test
    void aTokenChangesFieldByField() throws Exception {
        JsonNode made = make("{\"name\":\"t\",\"expiresAt\":\"2999-01-01T00:00:00Z\"}");
        String path = TOKENS + "/" + made.get("id").textValue();
        JsonNode changed = node.alice().patch(path, "{\"name\":\"u\"}").is(200).json();
        assertThat(changed.get("name").textValue()).isEqualTo("u");
        assertThat(changed.get("expiresAt").textValue()).isEqualTo("2999-01-01T00:00:00Z");
        assertThat(node.alice()
                        .patch(path, "{\"expiresAt\":null}")
                        .is(200)
                        .json()
                        .get("expiresAt")
                        .isNull())
                .isTrue();
        assertField(node.alice().patch(path, "{\"secret\":\"x\"}"), "secret");
        TestClient client = node.connect(made.get("secret").textValue());
        assertThat(node.alice()
                        .patch(path, "{\"maxConnections\":0}")
                        .is(200)
                        .json()
                        .at("/live/closed")
                        .intValue())
                .isEqualTo(1);
        client.expectClose(3503);
    }

    @Test
    void configuredTokensComeFirstForOperatorsAndStayAsTheyAre() {
        make("{\"name\":\"a\"}");
        make("{\"name\":\"b\"}");
        JsonNode first = node.operator().get(TOKENS + "?limit=1").is(200).json();
        assertThat(first.at("/items/0/id").textValue()).isEqualTo("from-file");
        assertThat(first.at("/items/0/grants/0/room").textValue()).isEqualTo("conf/*");
        JsonNode second = node.operator()
                .get(TOKENS + "?limit=5&after=" + first.get("next").textValue())
                .is(200)
                .json();
        assertThat(second.at("/items").findValuesAsText("name")).containsExactly("a", "b");
        assertThat(node.operator().get(TOKENS).is(200).json().get("items")).hasSize(3);
        assertThat(node.alice().get(TOKENS).is(200).json().get("items")).hasSize(2);
        node.operator().get(TOKENS + "?after=%ff").is(400);
    }

    @Test
    void liveConnectionsAreListedReadAndClosed() throws Exception {
        JsonNode made = make(grants("{\"room\":\"foo\",\"may\":[\"read\"]}"));
        TestClient one = node.connect(made.get("secret").textValue());
        node.connect(made.get("secret").textValue());
        node.connect(AdminNode.CONFIGURED_SECRET, "conf/any");
        JsonNode all = node.operator().get(SESSIONS).is(200).json();
        assertThat(all.get("items")).hasSize(3);
        JsonNode own = node.alice().get(SESSIONS + "?limit=1").is(200).json();
        assertThat(own.at("/items/0/token").textValue())
                .isEqualTo(made.get("id").textValue());
        assertThat(own.at("/items/0/rooms").toString()).isEqualTo("[\"alice/foo\"]");
        JsonNode rest = node.alice()
                .get(SESSIONS + "?limit=1&after=" + own.get("next").textValue())
                .is(200)
                .json();
        assertThat(rest.get("items")).hasSize(1);
        assertThat(rest.get("next").isNull()).isTrue();
        assertThat(node.alice().get(SESSIONS + "?room=foo").is(200).json().get("items"))
                .hasSize(2);
        assertThat(node.alice().get(SESSIONS + "?room=bar").is(200).json().get("items"))
                .isEmpty();
        assertThat(node.operator()
                        .get(SESSIONS + "?token=from-file")
                        .is(200)
                        .json()
                        .get("items"))
                .hasSize(1);
        node.alice().get(SESSIONS + "?after=x").is(400);

        String first = own.at("/items/0/id").textValue();
        node.alice().get(SESSIONS + "/" + first).is(200);
        JsonNode closed = node.alice().delete(SESSIONS + "/" + first).is(200).json();
        assertThat(closed.at("/live/closed").intValue()).isEqualTo(1);
        node.alice().delete(SESSIONS + "/" + first).is(404);
        one.expectClose(3507);
        assertThat(node.alice()
                        .get("/api/v1/audit?limit=1")
                        .json()
                        .at("/items/0/action")
                        .textValue())
                .isEqualTo("session.disconnect");
    }
}
