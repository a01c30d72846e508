package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.admin.api.ApiClient.Answer;
import io.porthouse.admin.model.Actor;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Signing in and out, and how long that lasts. */
class SessionTest {

    private static final String SESSION = "/api/v1/session";

    private AdminNode node;

    @BeforeEach
    void start() throws Exception {
        node = new AdminNode();
    }

    @AfterEach
    void stop() {
        node.close();
    }

    @Test
    void aBrowserSignsInWithACookieThatOnlyThisServerGets() {
        Answer answer = node.nobody().signIn("alice", AdminNode.PASSWORD).is(200);
        assertThat(answer.header("set-cookie"))
                .matches("porthouse-session=phs_[a-z2-7]{32}; Path=/; HttpOnly; SameSite=Strict");
        assertThat(answer.json().get("account").textValue()).isEqualTo("alice");
        assertThat(answer.json().get("role").textValue()).isEqualTo("user");

        ApiClient alice = node.nobody().signedIn("alice", AdminNode.PASSWORD);
        Answer who = alice.get(SESSION).is(200);
        assertThat(who.json().get("csrf")).isNotNull();
        alice.delete(SESSION).is(204);
        alice.get(SESSION).is(401, "unauthorized");
    }

    @Test
    void whereCookiesNeedTlsTheyAreForThisHostAlone() throws Exception {
        node.close();
        node = new AdminNode(settings -> settings.withSecureCookies(true));
        assertThat(node.nobody().signIn("alice", AdminNode.PASSWORD).is(200).header("set-cookie"))
                .matches("__Host-porthouse-session=phs_[a-z2-7]{32}; Path=/; HttpOnly; SameSite=Strict; Secure");
        node.nobody().signedIn("alice", AdminNode.PASSWORD).get(SESSION).is(200);
    }

    @Test
    void aProgramHasAKeyAndNoSession() {
        assertThat(node.alice().get(SESSION).is(200).json().has("csrf")).isFalse();
        node.alice().delete(SESSION).is(403, "forbidden");
        node.nobody().withKey("phk_unknown").get(SESSION).is(401, "unauthorized");
        node.nobody().with("Authorization", "Basic YTpi").get(SESSION).is(401, "unauthorized");
        assertThat(node.nobody().get(SESSION).is(401).header("www-authenticate"))
                .isEqualTo("Bearer realm=\"porthouse\"");
    }

    @Test
    void wrongPasswordsAndUnknownAccountsAreAnsweredAlike() {
        Answer wrong = node.nobody().signIn("alice", "wrong password").is(401);
        Answer unknown = node.nobody().signIn("ghost", "wrong password").is(401);
        Answer noName = node.nobody().signIn("no name!", "wrong password").is(401);
        assertThat(withoutId(wrong)).isEqualTo(withoutId(unknown)).isEqualTo(withoutId(noName));
    }

    private static String withoutId(Answer answer) {
        return answer.text().replaceAll("\"requestId\":\"[^\"]*\"", "");
    }

    @Test
    void unsafeRequestsOfABrowserNeedItsCsrfToken() {
        ApiClient alice = node.nobody().signedIn("alice", AdminNode.PASSWORD);
        alice.post("/api/v1/rooms", "{\"name\":\"a\"}").is(201);
        alice.with("X-CSRF-Token", "0".repeat(64))
                .post("/api/v1/rooms", "{\"name\":\"b\"}")
                .is(403, "csrf");
        String cookie = node.nobody().signIn("alice", AdminNode.PASSWORD).header("set-cookie");
        ApiClient forged = node.nobody().with("Cookie", cookie.split(";", 2)[0]);
        forged.post("/api/v1/rooms", "{\"name\":\"b\"}").is(403, "csrf");
        forged.delete("/api/v1/rooms/alice/a").is(403, "csrf");
        forged.get("/api/v1/rooms/alice/a").is(200);
    }

    @Test
    void aSessionEndsWhenItIsIdleAndWhenItIsOld() {
        ApiClient alice = node.nobody().signedIn("alice", AdminNode.PASSWORD);
        for (int i = 0; i < 24; i++) {
            node.skip(Duration.ofMinutes(29));
            alice.get(SESSION).is(200);
        }
        node.skip(Duration.ofMinutes(29));
        alice.get(SESSION).is(401);

        ApiClient idle = node.nobody().signedIn("alice", AdminNode.PASSWORD);
        node.skip(Duration.ofMinutes(31));
        idle.get(SESSION).is(401);
    }

    @Test
    void anotherPasswordEndsAllSessionsOfTheAccount() {
        ApiClient alice = node.nobody().signedIn("alice", AdminNode.PASSWORD);
        ApiClient other = node.nobody().signedIn("alice", AdminNode.PASSWORD);
        alice.put(
                        "/api/v1/accounts/alice/password",
                        ApiClient.json("password", "battery staple", "currentPassword", AdminNode.PASSWORD))
                .is(200);
        alice.get(SESSION).is(401);
        other.get(SESSION).is(401);
        node.nobody().signIn("alice", AdminNode.PASSWORD).is(401);
        node.nobody().signedIn("alice", "battery staple").get(SESSION).is(200);
        node.alice().get(SESSION).is(200);
    }

    @Test
    void whoIsSuspendedHasNoSayFromThenOn() {
        ApiClient alice = node.nobody().signedIn("alice", AdminNode.PASSWORD);
        node.operator().patch("/api/v1/accounts/alice", "{\"suspended\":true}").is(200);
        alice.get(SESSION).is(401);
        node.alice().get(SESSION).is(401, "unauthorized");
        node.nobody().signIn("alice", AdminNode.PASSWORD).is(403, "forbidden");
        node.nobody().signIn("alice", "wrong password").is(401);

        node.operator().patch("/api/v1/accounts/alice", "{\"suspended\":false}").is(200);
        alice.get(SESSION).is(401);
        node.alice().get(SESSION).is(200);
    }

    @Test
    void aSessionDoesNotComeBackWithTheAccount() {
        ApiClient alice = node.nobody().signedIn("alice", AdminNode.PASSWORD);
        node.operator().patch("/api/v1/accounts/alice", "{\"suspended\":true}").is(200);
        node.operator().patch("/api/v1/accounts/alice", "{\"suspended\":false}").is(200);
        alice.get(SESSION).is(401);
    }

    @Test
    void otherLimitsSignNobodyOut() {
        ApiClient alice = node.nobody().signedIn("alice", AdminNode.PASSWORD);
        node.operator()
                .patch("/api/v1/accounts/alice", "{\"limits\":{\"rooms\":9}}")
                .is(200);
        alice.get(SESSION).is(200);
    }

    @Test
    void whoIsDeletedHasNoSayEvenIfTheNameComesBack() {
        ApiClient alice = node.nobody().signedIn("alice", AdminNode.PASSWORD);
        node.operator().delete("/api/v1/accounts/alice").is(200);
        alice.get(SESSION).is(401);
        node.alice().get(SESSION).is(401);
        node.nobody()
                .post("/api/v1/accounts", ApiClient.json("name", "alice", "password", AdminNode.PASSWORD))
                .is(201);
        alice.get(SESSION).is(401);
    }

    @Test
    void aDeletedKeyIsWorthNothing() {
        ApiClient alice = node.alice();
        String id = alice.get("/api/v1/accounts/alice/keys")
                .json()
                .at("/items/0/id")
                .textValue();
        alice.delete("/api/v1/accounts/alice/keys/" + id).is(200);
        alice.get(SESSION).is(401);
    }

    @Test
    void thePasswordOfOneAccountCanBeTriedTenTimes() {
        for (int i = 0; i < SignInLimits.TRIES_PER_ACCOUNT; i++) {
            node.nobody().signIn("alice", "wrong password").is(401);
        }
        Answer refused = node.nobody().signIn("alice", AdminNode.PASSWORD).is(429, "too-many-tries");
        assertThat(Integer.parseInt(refused.header("retry-after"))).isBetween(1, 10);
        node.nobody().signIn("bob", AdminNode.PASSWORD).is(200);
        node.skip(SignInLimits.ACCOUNT_REFILL);
        node.nobody().signIn("alice", AdminNode.PASSWORD).is(200);
    }

    @Test
    void oneAddressCanTryManyAccountsButNotAnyNumber() {
        for (int i = 0; i < SignInLimits.TRIES_PER_ADDRESS; i++) {
            node.nobody().signIn("ghost" + i, "wrong password").is(401);
        }
        node.nobody().signIn("alice", AdminNode.PASSWORD).is(429, "too-many-tries");
        node.skip(SignInLimits.ADDRESS_REFILL);
        node.nobody().signIn("alice", AdminNode.PASSWORD).is(200);
    }

    @Test
    void rightPasswordsAreNotCounted() {
        for (int i = 0; i < 2 * SignInLimits.TRIES_PER_ACCOUNT; i++) {
            node.nobody().signIn("alice", AdminNode.PASSWORD).is(200);
        }
    }

    @Test
    void signInsAreInTheAuditTrail() {
        node.nobody().signIn("alice", "wrong password").is(401);
        node.nobody().signedIn("alice", AdminNode.PASSWORD).delete(SESSION).is(204);
        Answer audit = node.alice().get("/api/v1/audit?limit=3").is(200);
        assertThat(audit.json().at("/items").findValuesAsText("action"))
                .containsExactly("session.end", "session.begin", "session.refused");
        assertThat(audit.json().at("/items/2/by").textValue()).isEmpty();
        assertThat(audit.json().at("/items/1/address").textValue()).isEqualTo("127.0.0.1");
    }

    @Test
    void aPasswordThatIsResetByAnotherProcessEndsSessionsToo() {
        ApiClient alice = node.nobody().signedIn("alice", AdminNode.PASSWORD);
        node.store.setPassword(Actor.SYSTEM, "alice", "another hash");
        alice.get(SESSION).is(401);
    }
}
