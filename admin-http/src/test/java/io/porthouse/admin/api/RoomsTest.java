package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.admin.api.ApiClient.Answer;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.RoomRules;
import io.porthouse.router.TestClient;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rooms, their rules, and messages that are published into them. */
class RoomsTest {

    private static final String ROOMS = "/api/v1/rooms";
    private static final String FOO = ROOMS + "/alice/foo";

    private AdminNode node;

    @BeforeEach
    void start() throws Exception {
        node = new AdminNode();
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private JsonNode make(String body) {
        return node.alice().post(ROOMS, body).is(201).json();
    }

    private static void assertField(Answer answer, String field) {
        answer.is(422, "invalid");
        assertThat(answer.json().get("field").textValue()).isEqualTo(field);
    }

    @Test
    void aRoomIsMadeWithTheRulesThatAreSaid() {
        Answer made = node.alice()
                .post(
                        ROOMS,
                        "{\"name\":\"foo\",\"transience\":\"peerless\",\"rules\":{\"public\":true,\"text\":true,"
                                + "\"maxMessageBytes\":100,\"maxEnvelopeBytes\":-1,\"overflow\":\"disconnect\","
                                + "\"envelopeOverflow\":\"wait\",\"maxMembers\":5,\"messagesPerSecond\":9}}")
                .is(201);
        assertThat(made.header("location")).isEqualTo(FOO);
        JsonNode room = node.alice().get(FOO).is(200).json();
        assertThat(room.get("transience").textValue()).isEqualTo("peerless");
        assertThat(room.get("rules").toString())
                .isEqualTo("{\"maxMessageBytes\":100,\"maxEnvelopeBytes\":-1,\"maxMembers\":5,\"messagesPerSecond\":9,"
                        + "\"text\":true,\"public\":true,\"overflow\":\"disconnect\",\"envelopeOverflow\":\"wait\"}");
        assertThat(room.get("members").intValue()).isZero();
    }

    @Test
    void whatARoomCanNotBeIsNamed() {
        assertField(node.alice().post(ROOMS, "{\"name\":\"a/b\"}"), "name");
        assertField(node.alice().post(ROOMS, "{}"), "name");
        assertField(node.alice().post(ROOMS, "{\"name\":\"foo\",\"rules\":{\"overflow\":\"lose\"}}"), "rules.overflow");
        assertField(node.alice().post(ROOMS, "{\"name\":\"foo\",\"rules\":{\"maxMembers\":0}}"), "rules.maxMembers");
        assertField(node.alice().post(ROOMS, "{\"name\":\"foo\",\"rules\":{\"maxMembers\":1.5}}"), "rules.maxMembers");
        assertField(
                node.alice().post(ROOMS, "{\"name\":\"foo\",\"rules\":{\"maxMembers\":99999999999}}"),
                "rules.maxMembers");
        assertField(node.alice().post(ROOMS, "{\"name\":\"foo\",\"rules\":{\"colour\":1}}"), "rules.colour");
        assertField(node.alice().post(ROOMS, "{\"name\":\"foo\",\"rules\":[]}"), "rules");
        assertField(node.alice().post(ROOMS, "{\"name\":\"foo\",\"transience\":\"forever\"}"), "transience");
        assertField(node.alice().post(ROOMS, "{\"name\":\"foo\",\"rules\":{\"public\":\"yes\"}}"), "rules.public");
        node.alice().post(ROOMS, "[]").is(422, "invalid");
        node.alice().post(ROOMS, "{\"name\":\"foo\",\"name\":\"bar\"}").is(400, "malformed-json");
        node.alice().post(ROOMS, "{\"name\":\"foo\"} {}").is(400, "malformed-json");
        node.alice().post(ROOMS, "{\"name\":").is(400, "malformed-json");
    }

    @Test
    void noLimitOfEnvelopesIsNullBothWays() {
        JsonNode rules = make("{\"name\":\"foo\",\"rules\":{\"text\":true}}").get("rules");
        assertThat(rules.get("maxEnvelopeBytes").isNull()).isTrue();
        JsonNode limited = node.alice()
                .patch(FOO, "{\"rules\":{\"maxEnvelopeBytes\":9007199254740991}}")
                .is(200)
                .json();
        assertThat(limited.at("/rules/maxEnvelopeBytes").longValue()).isEqualTo((1L << 53) - 1);
        assertThat(node.alice()
                        .patch(FOO, "{\"rules\":{\"text\":false}}")
                        .json()
                        .at("/rules/maxEnvelopeBytes")
                        .longValue())
                .isEqualTo((1L << 53) - 1);
        // What was got is taken back as it is.
        JsonNode back =
                node.alice().patch(FOO, "{\"rules\":" + rules + "}").is(200).json();
        assertThat(back.get("rules")).isEqualTo(rules);
        assertThat(node.store.room(new RoomName("alice", "foo")).orElseThrow().rules())
                .extracting(RoomRules::maxEnvelopeBytes)
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void publicRoomsOfASuspendedAccountAreNotShown() {
        make("{\"name\":\"foo\",\"rules\":{\"public\":true}}");
        node.bob().get(FOO).is(200);
        assertThat(node.bob().get(ROOMS).json().get("items")).hasSize(1);
        node.operator().patch("/api/v1/accounts/alice", "{\"suspended\":true}").is(200);
        node.bob().get(FOO).is(404, "not-found");
        assertThat(node.bob().get(ROOMS).json().get("items")).isEmpty();
        node.operator().get(FOO).is(200);
        assertThat(node.operator().get(ROOMS).json().get("items")).hasSize(1);
        node.operator().patch("/api/v1/accounts/alice", "{\"suspended\":false}").is(200);
        node.bob().get(FOO).is(200);
    }

    @Test
    void anAccountHasAsManyRoomsAsItMay() {
        make("{\"name\":\"a\"}");
        make("{\"name\":\"b\"}");
        make("{\"name\":\"c\"}");
        node.alice().post(ROOMS, "{\"name\":\"d\"}").is(409, "limit-reached");
        node.alice().post(ROOMS, "{\"name\":\"a\"}").is(409, "name-taken");
    }

    @Test
    void rulesChangeOneByOneAndOnlyAtTheVersionThatIsMeant() {
        make("{\"name\":\"foo\",\"rules\":{\"text\":true}}");
        String tag = node.alice().get(FOO).header("etag");
        Answer changed =
                node.alice().patch(FOO, "{\"rules\":{\"maxMembers\":7}}").is(200);
        assertThat(changed.json().at("/rules/maxMembers").intValue()).isEqualTo(7);
        assertThat(changed.json().at("/rules/text").booleanValue()).isTrue();
        assertThat(changed.header("etag")).isNotEqualTo(tag);

        ApiClient late = node.alice().with("If-Match", tag);
        late.patch(FOO, "{\"rules\":{\"maxMembers\":8}}").is(412, "version-mismatch");
        late.delete(FOO).is(412, "version-mismatch");
        String now = changed.header("etag");
        node.alice().with("If-Match", "W/" + now).delete(FOO).is(412);
        node.alice().with("If-Match", "foo").delete(FOO).is(400);
        node.alice().with("If-Match", tag + " x").delete(FOO).is(400);
        node.alice().with("If-Match", tag + ",").delete(FOO).is(400);
        assertThat(node.alice()
                        .patch(FOO, "{\"rules\":{}}")
                        .is(200)
                        .json()
                        .get("changed")
                        .booleanValue())
                .isFalse();
        node.alice().with("If-Match", tag + ", " + now).delete(FOO).is(200);
        node.alice().get(FOO).is(404);
    }

    @Test
    void operatorsMakeRoomsForOthers() {
        node.operator().post(ROOMS, "{\"name\":\"foo\",\"account\":\"alice\"}").is(201);
        node.alice().get(FOO).is(200);
        node.operator().post(ROOMS, "{\"name\":\"foo\",\"account\":\"ghost\"}").is(404);
        node.bob().post(ROOMS, "{\"name\":\"bar\",\"account\":\"alice\"}").is(404);
        node.bob().post(ROOMS, "{\"name\":\"bar\",\"account\":\"ghost\"}").is(404);
        node.bob().post(ROOMS, "{\"name\":\"bar\",\"account\":\"bob\"}").is(201);
    }

    @Test
    void publicRoomsAreListedForEverybodyAndOthersAreNot() {
        make("{\"name\":\"open\",\"rules\":{\"public\":true}}");
        make("{\"name\":\"closed\"}");
        node.bob().post(ROOMS, "{\"name\":\"own\"}").is(201);
        assertThat(rooms(node.bob(), "")).containsExactly("alice/open", "bob/own");
        assertThat(rooms(node.bob(), "?account=bob")).containsExactly("bob/own");
        assertThat(rooms(node.operator(), "")).containsExactly("alice/closed", "alice/open", "bob/own");
        assertThat(rooms(node.operator(), "?account=alice")).containsExactly("alice/closed", "alice/open");
        node.bob().get(ROOMS + "?account=alice").is(404);
        node.bob().get(ROOMS + "?account=ghost").is(404);

        JsonNode open = node.bob().get(ROOMS + "/alice/open").is(200).json();
        assertThat(open.has("members")).isFalse();
        node.bob().patch(ROOMS + "/alice/open", "{\"rules\":{}}").is(404);
    }

    private static List<String> rooms(ApiClient client, String query) {
        return client.get(ROOMS + query).is(200).json().at("/items").findValuesAsText("room");
    }

    @Test
    void aRoomTellsWhoIsInItAndWhatWasSaid() throws Exception {
        make("{\"name\":\"foo\"}");
        String secret = node.alice()
                .post("/api/v1/tokens", "{\"name\":\"t\",\"grants\":[{\"room\":\"foo\",\"may\":[\"read\"]}]}")
                .is(201)
                .json()
                .get("secret")
                .textValue();
        TestClient member = node.connect(secret);
        assertThat(publish("text/plain", "hello").is(200).text()).isEqualTo("{\"sequence\":1,\"recipients\":1}");
        TestClient.Received message = member.receive();
        assertThat(message.text()).isEqualTo("hello");
        JsonNode room = node.alice().get(FOO).is(200).json();
        assertThat(room.get("members").intValue()).isEqualTo(1);
        assertThat(room.get("sequence").longValue()).isEqualTo(1);
        assertThat(room.get("epoch").textValue()).isNotEmpty();
    }

    private Answer publish(String type, String body) {
        return node.alice().send("POST", FOO + "/messages", type, body.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void whatCanNotBePublishedIsRefused() {
        publish("text/plain", "x").is(404);
        make("{\"name\":\"foo\",\"rules\":{\"maxMessageBytes\":10,\"text\":true}}");
        publish("text/plain; charset=utf-8", "x").is(200);
        publish("application/json", "{}").is(200);
        publish("application/octet-stream", "x").is(422, "text-only");
        publish("text/plain", "x".repeat(11)).is(413, "body-too-large");
        publish("text/plain; charset=latin1", "x").is(415);
        publish("image/png", "x").is(415);
        publish("", "x").is(415);
        node.alice()
                .send("POST", FOO + "/messages", "text/plain", new byte[] {(byte) 0xFF})
                .is(422, "invalid");
        node.bob().send("POST", FOO + "/messages", "text/plain", new byte[1]).is(404);
        node.operator()
                .send("POST", ROOMS + "/conf/any/messages", "text/plain", new byte[1])
                .is(200);
        node.operator()
                .send("POST", ROOMS + "/nowhere/any/messages", "text/plain", new byte[1])
                .is(404);
    }
}
