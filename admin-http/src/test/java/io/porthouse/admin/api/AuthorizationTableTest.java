package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.admin.api.ApiClient.Answer;
import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.TokenSettings;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.NewAccount;
import io.porthouse.admin.store.NewToken;
import io.porthouse.admin.store.Outcome;
import io.porthouse.admin.store.Store;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.RoomRules;
import io.porthouse.router.TestClient;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may do what: each resource and verb for each kind of caller, with a key and with a cookie. */
class AuthorizationTableTest {

    /**
     * What is answered to: nobody, the owner of the thing, another user, the owner while suspended, an operator. In a path and
     * in a body, {@code {a}} is the owner's account.
     */
    private static final String TABLE = """
            GET    /api/v1/session                          401 200 200 401 200
            GET    /api/v1/invitations                      401 403 403 401 200
            POST   /api/v1/invitations                      401 403 403 401 201 {}
            DELETE /api/v1/invitations/{invitation}         401 403 403 401 200
            GET    /api/v1/accounts                         401 200 200 401 200
            GET    /api/v1/accounts/{a}                     401 200 404 401 200
            PATCH  /api/v1/accounts/{a}                     401 403 404 401 200 {"role":"operator"}
            PATCH  /api/v1/accounts/{a}                     401 403 404 401 200 {"suspended":false}
            PATCH  /api/v1/accounts/{a}                     401 403 404 401 200 {"limits":{"rooms":9}}
            DELETE /api/v1/accounts/{a}                     401 200 404 401 200
            PUT    /api/v1/accounts/{a}/password            401 200 404 401 200 {"password":"battery staple","currentPassword":"correct horse"}
            GET    /api/v1/accounts/{a}/keys                401 200 404 401 200
            POST   /api/v1/accounts/{a}/keys                401 201 404 401 201 {"name":"n"}
            DELETE /api/v1/accounts/{a}/keys/{key}          401 200 404 401 200
            GET    /api/v1/rooms                            401 200 200 401 200
            GET    /api/v1/rooms?account={a}                401 200 404 401 200
            POST   /api/v1/rooms                            401 201 404 401 201 {"name":"new","account":"{a}"}
            GET    /api/v1/rooms/{a}/foo                    401 200 404 401 200
            PATCH  /api/v1/rooms/{a}/foo                    401 200 404 401 200 {"rules":{"text":true}}
            DELETE /api/v1/rooms/{a}/foo                    401 200 404 401 200
            POST   /api/v1/rooms/{a}/foo/messages           401 200 404 401 200 {}
            GET    /api/v1/tokens                           401 200 200 401 200
            GET    /api/v1/tokens?account={a}               401 200 404 401 200
            POST   /api/v1/tokens                           401 201 404 401 201 {"name":"n","account":"{a}"}
            GET    /api/v1/tokens/{token}                   401 200 404 401 200
            PATCH  /api/v1/tokens/{token}                   401 200 404 401 200 {"maxConnections":1}
            DELETE /api/v1/tokens/{token}                   401 200 404 401 200
            POST   /api/v1/tokens/{token}/rotate            401 200 404 401 200 {}
            PUT    /api/v1/tokens/{token}/rooms/{a}/foo     401 200 404 401 200 {"may":["read"]}
            DELETE /api/v1/tokens/{token}/rooms/{a}/foo     401 200 404 401 200
            GET    /api/v1/tokens/from-file                 401 404 404 401 200
            DELETE /api/v1/tokens/from-file                 401 404 404 401 409
            PATCH  /api/v1/tokens/from-file                 401 404 404 401 409 {}
            GET    /api/v1/sessions                         401 200 200 401 200
            GET    /api/v1/sessions?account={a}             401 200 404 401 200
            GET    /api/v1/sessions/{session}               401 200 404 401 200
            DELETE /api/v1/sessions/{session}               401 200 404 401 200
            GET    /api/v1/audit                            401 200 200 401 200
            GET    /api/v1/audit?account={a}                401 200 404 401 200
            GET    /api/v1/store                            401 403 403 401 200
            POST   /api/v1/store                            401 403 403 401 415 {}
            GET    /api/v1/openapi.json                     200 200 200 200 200
            GET    /metrics                                 200 200 200 200 200
            GET    /health/live                             200 200 200 200 200
            GET    /health/ready                            200 200 200 200 200
            """;

    /** Each of these has a test of its own: what it answers depends on more than on who calls. */
    private static final Set<String> ELSEWHERE =
            Set.of("POST /api/v1/session", "DELETE /api/v1/session", "POST /api/v1/accounts");

    private enum Who {
        NOBODY,
        OWNER,
        OTHER,
        SUSPENDED,
        OPERATOR
    }

    private record Case(String method, String path, String body, Who who, boolean byCookie, int expected) {
        @Override
        public String toString() {
            return method + " " + path + " " + body + " by " + who + (byCookie ? " with a cookie" : " with a key");
        }
    }

    private static AdminNode node;
    private static String passwordHash;
    private static final Map<String, ApiClient> SIGNED_IN = new LinkedHashMap<>();
    private static int count;
    private static Things active;
    private static Things suspended;

    @BeforeAll
    static void start() throws Exception {
        node = new AdminNode();
        passwordHash = node.store.credentials("alice").orElseThrow().passwordHash();
        active = new Things();
        suspended = new Things();
        for (String name : List.of("bob", "operator", active.account, suspended.account)) {
            SIGNED_IN.put(name, node.nobody().signedIn(name, AdminNode.PASSWORD));
        }
        Things.done(node.store.changeAccount(
                Actor.SYSTEM, suspended.account, OptionalLong.empty(), before -> before.withSuspended(true)));
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (String line : TABLE.lines().toList()) {
            String[] parts = line.strip().split("\\s+", 8);
            int column = 2;
            for (Who who : Who.values()) {
                int expected = Integer.parseInt(parts[column++]);
                for (boolean byCookie : who == Who.NOBODY ? new boolean[] {false} : new boolean[] {false, true}) {
                    cases.add(new Case(parts[0], parts[1], parts.length == 8 ? parts[7] : "", who, byCookie, expected));
                }
            }
        }
        return cases.stream();
    }

    /** What an owner has; fresh for each case that may change it. */
    private static final class Things {
        final String account = "owner" + ++count;
        final Map<String, String> names = new LinkedHashMap<>();
        final Actor by = new Actor(account, "test", "");
        final Store store = node.store;

        Things() throws Exception {
            AccountSettings settings = new AccountSettings(Role.USER, false, Limits.DEFAULT);
            done(store.createAccount(
                    by,
                    new NewAccount(
                            account, settings, passwordHash, null, new NewAccount.FirstKey("k", Secrets.hash(key())))));
            RoomName room = new RoomName(account, "foo");
            done(store.createRoom(by, room, RoomRules.DEFAULT, Transience.NONE));
            String secret = "secret of " + account;
            names.put("a", account);
            names.put(
                    "key",
                    done(store.createKey(by, account, "second", Secrets.hash("2nd of " + account)))
                            .id());
            names.put(
                    "token",
                    done(store.createToken(
                                    by,
                                    new NewToken(
                                            account,
                                            TokenSettings.named("t"),
                                            List.of(new RoomGrant(room, Set.of(Right.READ, Right.WRITE), true)),
                                            Secrets.hash(secret))))
                            .id());
            names.put(
                    "invitation",
                    done(store.createInvitation(
                                    by,
                                    Secrets.hash("code " + account),
                                    Role.USER,
                                    Instant.now().plusSeconds(600)))
                            .id());
            names.put("secret", secret);
            names.put("session", "4242");
        }

        String key() {
            return "phk_of_" + account;
        }

        String filled(String text) {
            String filled = text;
            for (Map.Entry<String, String> name : names.entrySet()) {
                filled = filled.replace("{" + name.getKey() + "}", name.getValue());
            }
            return filled;
        }

        private static <T> T done(Outcome<T> outcome) {
            assertThat(outcome).isInstanceOf(Outcome.Done.class);
            return ((Outcome.Done<T>) outcome).value();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachCallerMayDoWhatTheTableSays(Case one) throws Exception {
        boolean isChange = !one.method().equals("GET") && one.expected() < 300;
        Things things = one.who() == Who.SUSPENDED ? suspended : isChange ? new Things() : active;
        boolean isAboutSession = one.path().contains("{session}") && one.who() != Who.SUSPENDED;
        try (TestClient client = isAboutSession ? new TestClient(node.router.address()) : null) {
            if (client != null) {
                client.hello(things.names.get("secret"), new String[0]);
                things.names.put(
                        "session",
                        node.operator()
                                .get("/api/v1/sessions?account=" + things.account)
                                .json()
                                .at("/items/0/id")
                                .textValue());
            }
            ApiClient caller = caller(one, things);
            Answer answer = send(caller, one, things.filled(one.path()), things.filled(one.body()));
            assertThat(answer.status()).as(answer.text()).isEqualTo(one.expected());
            if (one.expected() == 404) {
                assertIsAsIfThereWereNothing(caller, one, answer);
            }
            if (one.expected() >= 400
                    && one.method().equals("DELETE")
                    && one.path().endsWith("{a}")) {
                assertThat(node.store.account(things.account)).isPresent();
            }
        }
    }

    /** Things of others are told from what does not exist by nobody. */
    private static void assertIsAsIfThereWereNothing(ApiClient caller, Case one, Answer answer) {
        String path = one.path().replaceAll("\\{session}", "4242").replaceAll("\\{[^}]*}|from-file", "ghost");
        Answer nothing = send(caller, one, path, one.body().replace("{a}", "ghost"));
        assertThat(withoutId(answer)).isEqualTo(withoutId(nothing));
        assertThat(answer.status()).isEqualTo(nothing.status());
    }

    private static String withoutId(Answer answer) {
        return answer.text().replaceAll("\"requestId\":\"[^\"]*\"", "");
    }

    private static Answer send(ApiClient caller, Case one, String path, String body) {
        return body.isEmpty()
                ? caller.send(one.method(), path, "", null)
                : caller.send(one.method(), path, "application/json", body.getBytes(StandardCharsets.UTF_8));
    }

    private static ApiClient caller(Case one, Things things) {
        return switch (one.who()) {
            case NOBODY -> node.nobody();
            case OTHER -> one.byCookie() ? SIGNED_IN.get("bob") : node.bob();
            case OPERATOR -> one.byCookie() ? SIGNED_IN.get("operator") : node.operator();
            case OWNER, SUSPENDED ->
                one.byCookie()
                        ? SIGNED_IN.computeIfAbsent(
                                things.account, name -> node.nobody().signedIn(name, AdminNode.PASSWORD))
                        : node.nobody().withKey(things.key());
        };
    }

    @Test
    void theTableHasEveryOperation() {
        Set<String> listed = new TreeSet<>(ELSEWHERE);
        for (String line : TABLE.lines().toList()) {
            String[] parts = line.strip().split("\\s+", 3);
            listed.add(Contract.operationOf(parts[0], parts[1].replaceAll("\\?.*", ""))
                    .orElseThrow());
        }
        assertThat(listed).isEqualTo(Contract.operations());
    }
}
