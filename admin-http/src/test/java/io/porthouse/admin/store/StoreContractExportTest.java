package io.porthouse.admin.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.admin.model.ApiKey;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.model.Room;
import io.porthouse.admin.model.TokenSettings;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.NewAccount.FirstKey;
import io.porthouse.admin.store.Outcome.Refusal;
import io.porthouse.admin.store.Outcome.Refused;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Overflow;
import io.porthouse.router.RoomRules;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class StoreContractExportTest extends StoreContract {

    private static final RoomRules RULES =
            new RoomRules(7, Long.MAX_VALUE, 1, 3, true, true, Overflow.DISCONNECT, Overflow.DROP);

    private void fill() {
        operator("operator's password", "operator's key");
        account("alice");
        done(store.createRoom(BY, FOO, RULES, Transience.PEER));
        room(BAR);
        token("alice", "plain secret", reads(FOO), writes(BAR));
        done(store.createToken(
                BY,
                new NewToken(
                        "alice",
                        new TokenSettings("Tür \"1\"\u2028", 3, clock.instant().plusSeconds(60), true),
                        List.of(),
                        Secrets.hash("s2"))));
        done(store.createKey(BY, "alice", "laptop", Secrets.hash("plain key")));
        done(store.createInvitation(BY, Secrets.hash("plain code"), Role.OPERATOR, clock.instant()));
    }

    private void operator(String passwordHash, String key) {
        FirstKey first = new FirstKey("first start", Secrets.hash(key));
        done(store.createAccount(BY, new NewAccount("operator", OPERATOR, passwordHash, null, first)));
    }

    private static String export(Store store) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        store.exportTo(out);
        return out.toString(UTF_8);
    }

    private static Outcome<Long> importInto(Store store, String export) throws IOException {
        return store.importFrom(BY, new ByteArrayInputStream(export.getBytes(UTF_8)));
    }

    private static List<String> rows(String export) {
        return export.lines().filter(line -> line.contains("\"table\"")).toList();
    }

    @Test
    void whatIsExportedIsImportedIntoEitherDatabase() throws Exception {
        fill();
        String export = export(store);
        assertThat(export).doesNotContain("plain secret", "plain key", "plain code");
        for (TestDatabase other : TestDatabase.values()) {
            try (Store target = TestDatabase.open(other.prepared(), clock)) {
                Outcome<Long> outcome = importInto(target, export);

                assertThat(done(outcome)).isEqualTo(rows(export).size());
                assertThat(number(outcome)).isEqualTo(store.lastChange() + 1);
                List<String> again = rows(export(target));
                assertThat(again.subList(0, again.size() - 1)).isEqualTo(rows(export));
                assertThat(again.get(again.size() - 1)).contains("store.import");
                assertThat(target.account("alice")).isEqualTo(store.account("alice"));
                assertThat(target.room(FOO)).isEqualTo(store.room(FOO));
                assertThat(all(1, request -> target.tokens(null, request)))
                        .isEqualTo(all(1, request -> store.tokens(null, request)));
                assertThat(target.readToken(Secrets.hash("plain secret")).state())
                        .isEqualTo(store.readToken(Secrets.hash("plain secret")).state());
                assertThat(target.keyOwner(Secrets.hash("plain key")))
                        .map(key -> key.account().name())
                        .contains("alice");
                // Who followed the log of the empty store can't go on from there.
                assertThat(target.changesAfter(0, 10).gap()).isTrue();
                assertThat(number(target.deleteRoom(BY, BAR, ANY))).isEqualTo(number(outcome) + 1);
            }
        }
    }

    @Test
    void manyPagesAreExportedWhole() throws Exception {
        account("alice");
        done(store.changeAccount(BY, "alice", ANY, is -> is.withLimits(Limits.NONE)));
        room(FOO);
        String head = export(store).lines().findFirst().orElseThrow();
        StringBuilder lines = new StringBuilder(head).append('\n');
        List<String> rows = rows(export(store));
        rows.subList(0, 2).forEach(row -> lines.append(row).append('\n'));
        String room = rows.stream()
                .filter(row -> row.contains("\"rooms\""))
                .findFirst()
                .orElseThrow();
        for (int i = 0; i < 1200; i++) {
            lines.append(room.replace("\"foo\"", "\"r" + i + "\"")).append('\n');
        }
        lines.append("{\"end\":true,\"rows\":1202}\n");

        try (Store target = TestDatabase.open(database.prepared(), clock)) {
            assertThat(done(importInto(target, lines.toString()))).isEqualTo(1202);
            assertThat(rows(export(target)).stream()
                            .filter(row -> row.contains("\"rooms\""))
                            .distinct())
                    .hasSize(1200);
            assertThat(all(500, request -> target.rooms(RoomFilter.ALL, request)).stream()
                            .map(Room::name)
                            .distinct())
                    .hasSize(1200);
        }
    }

    @Test
    void theOperatorOfTheStoreMakesRoomButKeepsItsKey() throws Exception {
        fill();
        String export = export(store);
        settings = database.prepared();
        store.close();
        store = TestDatabase.open(settings, clock);
        operator("local password", "local key");

        done(importInto(store, export));

        assertThat(store.credentials("operator").orElseThrow().passwordHash()).isEqualTo("operator's password");
        assertThat(store.keyOwner(Secrets.hash("local key"))).isPresent();
        assertThat(store.keyOwner(Secrets.hash("operator's key"))).isPresent();
        assertThat(all(5, request -> store.keys("operator", request)))
                .extracting(ApiKey::name)
                .hasSize(2);
    }

    @Test
    void anExportWithoutOperatorLeavesTheOneThatIsThere() throws Exception {
        account("alice");
        String export = export(store);
        try (Store target = TestDatabase.open(database.prepared(), clock)) {
            FirstKey key = new FirstKey("first start", Secrets.hash("local key"));
            done(target.createAccount(BY, new NewAccount("operator", OPERATOR, "local password", null, key)));
            done(importInto(target, export));
            assertThat(target.credentials("operator").orElseThrow().passwordHash())
                    .isEqualTo("local password");
            assertThat(target.keyOwner(Secrets.hash("local key"))).isPresent();
            assertThat(target.account("alice")).isPresent();
        }
    }

    @Test
    void aStoreWithSomethingInItIsLeftAlone() throws Exception {
        fill();
        long before = store.lastChange();
        assertThat(refusal(importInto(store, export(store)))).isEqualTo(Refusal.NOT_EMPTY);
        assertThat(store.lastChange()).isEqualTo(before);
    }

    @Test
    void whatIsNoWholeExportIsRefusedAsAWhole() throws Exception {
        fill();
        String export = export(store);
        String token = rows(export).stream()
                .filter(row -> row.contains("\"tokens\"") && row.contains("\"max_connections\":100"))
                .findFirst()
                .orElseThrow();
        List<String> broken = List.of(
                "",
                "no JSON\n",
                "{\"porthouse\":\"something else\"}\n",
                export.replace("\"schema\":\"" + Schema.VERSION + "\"", "\"schema\":\"1\""),
                export.substring(0, export.length() / 2),
                export.substring(0, export.lastIndexOf("{\"end\"")),
                export.replace(token + "\n", ""),
                export.replace(token, token + "\n" + token),
                export.replace(token, token.replace("\"max_connections\":100", "\"max_connections\":\"100\"")),
                export.replace(token, token.replace("\"max_connections\":100", "\"max_connections\":99999999999")),
                export.replace(token, token.replace("\"max_connections\":100", "\"max_connections\":-1")),
                export.replace(token, token.replace("\"account\":\"alice\"", "\"account\":\"nobody\"")),
                export.replace(token, token.replace("\"table\":\"tokens\"", "\"table\":\"change_counter\"")),
                export.replace(token, token.replace("\"created_at\":\"2026", "\"created_at\":\"yesterday 2026")),
                export.replace("\"name\":\"bar\"", "\"name\":\"b r\""),
                export.replace("\"overflow\":\"DROP\"", "\"overflow\":\"LOSE\""),
                export.replace("\"role\":\"USER\"", "\"role\":\"KING\""),
                export.replace(token, "x".repeat(100_000)));
        try (Store target = TestDatabase.open(database.prepared(), clock)) {
            for (String text : broken) {
                assertThat(text).isNotEqualTo(export);
                Outcome<Long> outcome = importInto(target, text);
                assertThat(refusal(outcome)).as(text).isEqualTo(Refusal.MALFORMED);
                assertThat(((Refused<?>) outcome).about()).startsWith("line ").doesNotContain("\n");
                assertThat(target.lastChange()).isZero();
                assertThat(target.accounts(Page.Request.first(5)).items()).isEmpty();
            }
            done(importInto(target, export));
        }
    }

    /** Changes go on while somebody takes an export slowly: what he gets is what there was when it began. */
    @Test
    void anExportIsOfOneMoment() throws Exception {
        fill();
        List<String> before = rows(export(store));
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch changed = new CountDownLatch(1);
        ByteArrayOutputStream slow = new ByteArrayOutputStream() {
            @Override
            public void write(byte[] bytes) throws IOException {
                begun.countDown();
                try {
                    changed.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                super.write(bytes);
            }
        };
        try (Racers racers = new Racers(1)) {
            Future<Boolean> exported = racers.call(() -> {
                store.exportTo(slow);
                return true;
            });
            begun.await();
            done(store.deleteAccount(BY, "alice", ANY));
            account("bob");
            done(store.createRoom(BY, new RoomName("bob", "x"), RULES, Transience.NONE));
            clock.advance(Duration.ofDays(1));
            store.forget(clock.instant(), clock.instant());
            changed.countDown();
            assertThat(exported.get()).isTrue();
        }
        assertThat(rows(slow.toString(UTF_8))).isEqualTo(before);
    }
}
