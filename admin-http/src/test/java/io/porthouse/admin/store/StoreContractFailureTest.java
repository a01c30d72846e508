package io.porthouse.admin.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.porthouse.admin.model.Role;
import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.StoreUnavailableException.Reason;
import io.porthouse.router.RoomRules;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StoreContractFailureTest extends StoreContract {

    private static final Duration PATIENCE = Duration.ofMillis(300);

    /** Far more than the patience, and far less than for ever, on whatever machine this runs. */
    private static final Duration BOUND = Duration.ofSeconds(20);

    /** A change in the middle of its transaction, holding its connection and the right to change anything. */
    private static final class Stuck {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch released = new CountDownLatch(1);
        private final CompletableFuture<Outcome<?>> outcome;

        Stuck(Store store) throws InterruptedException {
            outcome = CompletableFuture.supplyAsync(() -> store.changeRules(BY, FOO, ANY, is -> {
                reached.countDown();
                try {
                    released.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return is;
            }));
            assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();
        }

        void release() throws Exception {
            released.countDown();
            assertThat(outcome.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Unchanged.class);
        }
    }

    @Test
    void whoWaitsForAnotherChangeTooLongIsToldSo() throws Exception {
        account("alice");
        room(FOO);
        long before = store.lastChange();
        try (Store patient = TestDatabase.open(settings.withPatience(Duration.ofSeconds(20)), clock);
                Store impatient = TestDatabase.open(settings.withPatience(PATIENCE), clock)) {
            Stuck stuck = new Stuck(patient);
            assertThat(reasonOf(() -> impatient.setPassword(BY, "alice", "x"))).isEqualTo(Reason.BUSY);
            assertThat(impatient.lastChange()).isEqualTo(before);
            assertThat(impatient.credentials("alice").orElseThrow().passwordHash())
                    .isEqualTo("hash of alice");
            stuck.release();
            assertThat(number(impatient.setPassword(BY, "alice", "x"))).isEqualTo(before + 1);
        }
    }

    @Test
    void whenAllConnectionsAreTakenEachVerbFailsInTime() throws Exception {
        account("alice");
        room(FOO);
        String id = token("alice", "s", reads(FOO)).id();
        long before = store.lastChange();
        try (Store small = TestDatabase.open(settings.withPatience(PATIENCE).withConnections(2), clock)) {
            CountDownLatch released = new CountDownLatch(1);
            List<CompletableFuture<?>> readers = new ArrayList<>();
            CountDownLatch reading = new CountDownLatch(2);
            for (int i = 0; i < 2; i++) {
                readers.add(CompletableFuture.runAsync(() -> readUntil(small, reading, released)));
            }
            assertThat(reading.await(60, TimeUnit.SECONDS)).isTrue();
            Map<String, Runnable> verbs = everyVerb(small, id);
            try (Racers racers = new Racers(verbs.size())) {
                verbs.forEach((name, verb) -> racers.run(() -> {
                    long start = System.nanoTime();
                    assertThat(reasonOf(verb)).as(name).isEqualTo(Reason.BUSY);
                    assertThat(Duration.ofNanos(System.nanoTime() - start))
                            .as(name)
                            .isLessThan(BOUND);
                }));
                racers.finish();
            }
            released.countDown();
            CompletableFuture.allOf(readers.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
            assertThat(small.lastChange()).isEqualTo(before);
            verbs.values().forEach(Runnable::run);
        }
    }

    /** Exports to somebody who does not take anything, which keeps a connection. */
    private static void readUntil(Store store, CountDownLatch reading, CountDownLatch released) {
        try {
            store.exportTo(new ByteArrayOutputStream() {
                @Override
                public void write(byte[] bytes) {
                    reading.countDown();
                    try {
                        released.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aClosedStoreDoesNothingAndSaysSo() {
        String id = "t0";
        store.close();
        everyVerb(store, id)
                .forEach((name, verb) -> assertThat(reasonOf(verb)).as(name).isEqualTo(Reason.UNREACHABLE));
        store.close();
    }

    private static Reason reasonOf(Runnable verb) {
        StoreUnavailableException e = catchThrowableOfType(StoreUnavailableException.class, verb::run);
        assertThat(e).isNotNull();
        assertThat(e.getMessage()).doesNotContain("\n");
        return e.reason();
    }

    private static Map<String, Runnable> everyVerb(Store store, String id) {
        Page.Request page = Page.Request.first(10);
        Map<String, Runnable> verbs = new LinkedHashMap<>();
        verbs.put("account", () -> store.account("alice"));
        verbs.put("credentials", () -> store.credentials("alice"));
        verbs.put("accounts", () -> store.accounts(page));
        verbs.put("createAccount", () -> store.createAccount(BY, NewAccount.of("bob", USER, "x")));
        verbs.put("changeAccount", () -> store.changeAccount(BY, "alice", ANY, is -> is));
        verbs.put("setPassword", () -> store.setPassword(BY, "alice", "y"));
        verbs.put("deleteAccount", () -> store.deleteAccount(BY, "bob", ANY));
        verbs.put("createKey", () -> store.createKey(BY, "alice", "k", Secrets.hash("k")));
        verbs.put("keyOwner", () -> store.keyOwner(Secrets.hash("k")));
        verbs.put("keys", () -> store.keys("alice", page));
        verbs.put("deleteKey", () -> store.deleteKey(BY, "alice", "k0"));
        verbs.put("createInvitation", () -> store.createInvitation(BY, Secrets.hash("i"), Role.USER, TestClock.START));
        verbs.put("invitations", () -> store.invitations(page));
        verbs.put("deleteInvitation", () -> store.deleteInvitation(BY, "i0"));
        verbs.put("createRoom", () -> store.createRoom(BY, BAR, RoomRules.DEFAULT, Transience.NONE));
        verbs.put("room", () -> store.room(FOO));
        verbs.put("rooms", () -> store.rooms(RoomFilter.ALL, page));
        verbs.put("changeRules", () -> store.changeRules(BY, FOO, ANY, is -> is));
        verbs.put("deleteRoom", () -> store.deleteRoom(BY, BAR, ANY));
        verbs.put("createToken", () -> store.createToken(BY, newToken("alice", "new")));
        verbs.put("token", () -> store.token(id));
        verbs.put("tokens", () -> store.tokens(null, page));
        verbs.put("changeToken", () -> store.changeToken(BY, id, ANY, is -> is.withMaxConnections(1)));
        RoomGrant grant = writes(FOO);
        verbs.put("grant", () -> store.grant(BY, id, ANY, grant));
        verbs.put("withdraw", () -> store.withdraw(BY, id, ANY, FOO));
        verbs.put("rotate", () -> store.rotate(BY, id, ANY, Secrets.hash("rotated")));
        verbs.put("deleteToken", () -> store.deleteToken(BY, id, ANY));
        verbs.put("readToken", () -> store.readToken(Secrets.hash("s")));
        verbs.put("readRoom", () -> store.readRoom(FOO));
        verbs.put("lastChange", store::lastChange);
        verbs.put("changesAfter", () -> store.changesAfter(0, 10));
        verbs.put("record", () -> store.record(BY, "a", "b", "c", "d"));
        verbs.put("audit", () -> store.audit(null, page));
        verbs.put("ownAudit", () -> store.ownAudit("alice", page));
        verbs.put("forget", () -> store.forget(Instant.EPOCH, Instant.EPOCH));
        verbs.put("exportTo", () -> export(store));
        verbs.put("importFrom", () -> {
            try {
                store.importFrom(BY, new ByteArrayInputStream(new byte[0]));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return verbs;
    }

    private static void export(Store store) {
        try {
            store.exportTo(new ByteArrayOutputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
