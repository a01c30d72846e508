package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.admin.api.ApiClient.Answer;
import io.porthouse.admin.http.AdminSettings.SignUp;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Accounts, their keys, and invitations. */
class AccountsTest {

    private static final String ACCOUNTS = "/api/v1/accounts";
    private static final String INVITATIONS = "/api/v1/invitations";

    private AdminNode node;

    @BeforeEach
    void start() throws Exception {
        node = new AdminNode();
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private static String signUp(String name) {
        return ApiClient.json("name", name, "password", AdminNode.PASSWORD);
    }

    private void restart(SignUp signUp) throws Exception {
        node.close();
        node = new AdminNode(settings -> settings.withSignUp(signUp));
    }

    @Test
    void whoeverReachesLoopbackSignsUpAndIn() {
        Answer made = node.nobody().post(ACCOUNTS, signUp("carol")).is(201);
        assertThat(made.header("location")).isEqualTo("/api/v1/accounts/carol");
        assertThat(made.json().get("role").textValue()).isEqualTo("user");
        assertThat(made.json().get("changed").booleanValue()).isTrue();
        assertThat(made.text()).doesNotContain(AdminNode.PASSWORD);
        ApiClient carol = node.nobody().signedIn("carol", AdminNode.PASSWORD);
        assertThat(carol.get(ACCOUNTS).is(200).json().at("/items").findValuesAsText("name"))
                .containsExactly("carol");
        node.nobody().post(ACCOUNTS, signUp("carol")).is(409, "name-taken");
    }

    @Test
    void whatASignUpGetsWrongIsNamed() {
        assertField(node.nobody().post(ACCOUNTS, signUp("no name!")), "name");
        assertField(node.nobody().post(ACCOUNTS, ApiClient.json("name", "x", "password", "short")), "password");
        assertField(node.nobody().post(ACCOUNTS, "{\"name\":\"x\"}"), "password");
        assertField(node.nobody().post(ACCOUNTS, "{\"name\":7,\"password\":\"long enough\"}"), "name");
        assertField(node.nobody().post(ACCOUNTS, "{\"name\":\"x\",\"password\":\"long enough\",\"pet\":1}"), "pet");
        node.nobody()
                .post(ACCOUNTS, "{\"name\":\"x\",\"password\":\"long enough\",\"role\":\"operator\"}")
                .is(403, "forbidden");
        node.nobody()
                .post(ACCOUNTS, "{\"name\":\"x\",\"password\":\"long enough\",\"invitation\":\"phi_none\"}")
                .is(403, "invitation-void");
    }

    private static void assertField(Answer answer, String field) {
        answer.is(422, "invalid");
        assertThat(answer.json().get("field").textValue()).isEqualTo(field);
    }

    @Test
    void anInvitationIsForOneAccountAndGivesItsRole() throws Exception {
        restart(SignUp.INVITED);
        node.nobody().post(ACCOUNTS, signUp("carol")).is(403, "sign-up-closed");
        Answer invitation =
                node.operator().post(INVITATIONS, "{\"role\":\"operator\"}").is(201);
        String code = invitation.json().get("code").textValue();
        String body = ApiClient.json("name", "carol", "password", AdminNode.PASSWORD, "invitation", code);
        assertThat(node.nobody().post(ACCOUNTS, body).is(201).json().get("role").textValue())
                .isEqualTo("operator");
        node.nobody().post(ACCOUNTS, body.replace("carol", "dave")).is(403, "invitation-void");
        JsonNode listed = node.operator().get(INVITATIONS).is(200).json().at("/items/0");
        assertThat(listed.get("usedBy").textValue()).isEqualTo("carol");
        assertThat(listed.has("code")).isFalse();
        String id = listed.get("id").textValue();
        node.operator().delete(INVITATIONS + "/" + id).is(200);
        node.operator().delete(INVITATIONS + "/" + id).is(404, "not-found");
    }

    @Test
    void whoIsNotInvitedLearnsOfNoAccount() throws Exception {
        restart(SignUp.INVITED);
        String taken = ApiClient.json("name", "alice", "password", AdminNode.PASSWORD, "invitation", "phi_none");
        node.nobody().post(ACCOUNTS, taken).is(403, "invitation-void");
        node.nobody().post(ACCOUNTS, taken.replace("alice", "ghost")).is(403, "invitation-void");
    }

    @Test
    void theAccountOfAConfiguredTokenIsForOperatorsToMake() throws Exception {
        node.nobody().post(ACCOUNTS, signUp("conf")).is(409, "name-taken");
        node.alice().post(ACCOUNTS, signUp("conf")).is(409, "name-taken");
        restart(SignUp.INVITED);
        String code = node.operator()
                .post(INVITATIONS, "{\"role\":\"user\"}")
                .is(201)
                .json()
                .get("code")
                .textValue();
        String invited = ApiClient.json("name", "conf", "password", AdminNode.PASSWORD, "invitation", code);
        node.nobody().post(ACCOUNTS, invited).is(409, "name-taken");
        node.operator().post(ACCOUNTS, signUp("conf")).is(201);
    }

    @Test
    void whoTakesANameReadsNothingOfWhoHadIt() {
        node.alice().post("/api/v1/rooms", "{\"name\":\"secret\"}").is(201);
        node.operator().delete(ACCOUNTS + "/alice").is(200);
        node.nobody().signIn("alice", "wrong password").is(401);
        node.nobody().post(ACCOUNTS, signUp("alice")).is(201);
        ApiClient heir = node.nobody().signedIn("alice", AdminNode.PASSWORD);
        assertThat(actions(heir)).containsExactly("session.begin", "account.create");
        assertThat(actions(node.operator())).contains("account.delete", "room.create");
    }

    @Test
    void whereOperatorsAreIsNotInTheTrailOfOthers() {
        node.operator().patch(ACCOUNTS + "/alice", "{\"limits\":{\"rooms\":1}}").is(200);
        JsonNode own = newestEntry(node.alice());
        assertThat(own.get("by").textValue()).isEqualTo("operator");
        assertThat(own.get("via").textValue()).isEmpty();
        assertThat(own.get("address").textValue()).isEmpty();
        assertThat(newestEntry(node.operator()).get("address").textValue()).isEqualTo("127.0.0.1");
    }

    private static List<String> actions(ApiClient client) {
        return client.get("/api/v1/audit?account=alice")
                .is(200)
                .json()
                .at("/items")
                .findValuesAsText("action");
    }

    private static JsonNode newestEntry(ApiClient client) {
        return client.get("/api/v1/audit?account=alice").is(200).json().at("/items/0");
    }

    @Test
    void anInvitationLastsNinetyDaysAtMost() {
        assertField(node.operator().post(INVITATIONS, "{\"expiresAt\":\"2999-01-01T00:00:00Z\"}"), "expiresAt");
        assertField(node.operator().post(INVITATIONS, "{\"expiresAt\":\"2001-01-01T00:00:00Z\"}"), "expiresAt");
        assertField(node.operator().post(INVITATIONS, "{\"expiresAt\":\"tomorrow\"}"), "expiresAt");
    }

    @Test
    void whereSignUpIsClosedOperatorsMakeAccounts() throws Exception {
        restart(SignUp.CLOSED);
        node.nobody().post(ACCOUNTS, signUp("carol")).is(403, "sign-up-closed");
        node.alice().post(ACCOUNTS, signUp("carol")).is(403, "sign-up-closed");
        JsonNode made = node.operator()
                .post(
                        ACCOUNTS,
                        "{\"name\":\"carol\",\"password\":\"long enough\",\"role\":\"operator\",\"limits\":{\"rooms\":7}}")
                .is(201)
                .json();
        assertThat(made.get("role").textValue()).isEqualTo("operator");
        assertThat(made.at("/limits/rooms").intValue()).isEqualTo(7);
    }

    @Test
    void anOperatorChangesRoleSuspensionAndLimits() {
        String path = ACCOUNTS + "/alice";
        JsonNode changed = node.operator()
                .patch(path, "{\"role\":\"operator\",\"limits\":{\"tokens\":0}}")
                .is(200)
                .json();
        assertThat(changed.get("role").textValue()).isEqualTo("operator");
        assertThat(changed.at("/limits/tokens").intValue()).isZero();
        assertThat(changed.at("/limits/rooms").intValue()).isEqualTo(3);
        assertThat(node.operator()
                        .patch(path, "{\"role\":\"operator\"}")
                        .is(200)
                        .json()
                        .get("changed")
                        .booleanValue())
                .isFalse();
        assertField(node.operator().patch(path, "{\"limits\":{\"tokens\":-1}}"), "limits.tokens");
        assertField(node.operator().patch(path, "{\"limits\":{\"token\":1}}"), "limits.token");
        assertField(node.operator().patch(path, "{\"role\":\"king\"}"), "role");
    }

    @Test
    void theLastOperatorStays() {
        node.operator().delete(ACCOUNTS + "/operator").is(409, "last-operator");
        node.operator().patch(ACCOUNTS + "/operator", "{\"suspended\":true}").is(409, "last-operator");
        node.operator().patch(ACCOUNTS + "/operator", "{\"role\":\"user\"}").is(409, "last-operator");
    }

    @Test
    void aChangeOfWhatWasChangedMeanwhileIsRefused() {
        String path = ACCOUNTS + "/alice";
        String tag = node.operator().get(path).is(200).header("etag");
        ApiClient careful = node.operator().with("If-Match", tag);
        assertThat(careful.patch(path, "{\"suspended\":true}").is(200).header("etag"))
                .isNotEqualTo(tag);
        careful.patch(path, "{\"suspended\":false}").is(412, "version-mismatch");
        careful.delete(path).is(412, "version-mismatch");
        node.operator().with("If-Match", "*").delete(path).is(200);
        node.operator().with("If-Match", "*").delete(path).is(404);
    }

    @Test
    void aNewPasswordNeedsTheOldOneUnlessAnOperatorSetsIt() {
        String path = ACCOUNTS + "/alice/password";
        assertField(node.alice().put(path, ApiClient.json("password", "battery staple")), "currentPassword");
        node.alice()
                .put(path, ApiClient.json("password", "battery staple", "currentPassword", "wrong one"))
                .is(403, "wrong-password");
        assertField(
                node.alice().put(path, ApiClient.json("password", "x", "currentPassword", AdminNode.PASSWORD)),
                "password");
        node.operator().put(path, ApiClient.json("password", "battery staple")).is(200);
        node.nobody().signIn("alice", "battery staple").is(200);
        assertField(
                node.operator().put(ACCOUNTS + "/operator/password", ApiClient.json("password", "battery staple")),
                "currentPassword");
    }

    @Test
    void whoTriesOldPasswordsIsSlowedDownToo() {
        String guess = ApiClient.json("password", "battery staple", "currentPassword", "wrong one");
        for (int i = 0; i < SignInLimits.TRIES_PER_ACCOUNT; i++) {
            node.alice().put(ACCOUNTS + "/alice/password", guess).is(403);
        }
        node.alice().put(ACCOUNTS + "/alice/password", guess).is(429, "too-many-tries");
    }

    @Test
    void aKeyIsShownOnceAndWorks() {
        String keys = ACCOUNTS + "/alice/keys";
        JsonNode made = node.alice().post(keys, "{\"name\":\"build\"}").is(201).json();
        String key = made.get("key").textValue();
        assertThat(key).matches("phk_[a-z2-7]{32}");
        assertThat(node.nobody()
                        .withKey(key)
                        .get("/api/v1/session")
                        .is(200)
                        .json()
                        .get("account")
                        .textValue())
                .isEqualTo("alice");
        Answer listed = node.alice().get(keys).is(200);
        assertThat(listed.json().at("/items").findValuesAsText("name")).containsExactly("first", "build");
        assertThat(listed.text()).doesNotContain(key);
        assertField(node.alice().post(keys, "{\"name\":\"\"}"), "name");
        node.alice().delete(keys + "/" + made.get("id").textValue()).is(200);
        node.alice().delete(keys + "/" + made.get("id").textValue()).is(404);
        node.nobody().withKey(key).get("/api/v1/session").is(401);
    }

    @Test
    void listsComeInPages() {
        JsonNode first = node.operator().get(ACCOUNTS + "?limit=2").is(200).json();
        assertThat(first.at("/items").findValuesAsText("name")).containsExactly("alice", "bob");
        JsonNode rest = node.operator()
                .get(ACCOUNTS + "?limit=2&after=" + first.get("next").textValue())
                .is(200)
                .json();
        assertThat(rest.at("/items").findValuesAsText("name")).containsExactly("operator");
        assertThat(rest.get("next").isNull()).isTrue();
        for (String query : new String[] {"limit=0", "limit=501", "limit=x", "limit=-1", "page=2", "limit=1&limit=2"}) {
            node.operator().get(ACCOUNTS + "?" + query).is(400);
        }
    }
}
