package io.porthouse.admin.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.Change;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.store.CuttingProxy.Fault;
import io.porthouse.admin.store.StoreUnavailableException.Reason;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** What can happen to a store on a server, and on the way there. */
class PostgresFailureTest {

    private static final int WRITERS = 3;
    private static final Duration PATIENCE = Duration.ofMillis(500);
    private static final OptionalLong ANY = OptionalLong.empty();

    /** A store behind a proxy, with one account. */
    private static final class Behind implements AutoCloseable {
        final StoreSettings direct = TestDatabase.POSTGRES.prepared();
        final CuttingProxy proxy = new CuttingProxy(Postgres.shared().port());
        final Store store;

        Behind() throws Exception {
            // Without prepared statements, each COMMIT is sent as a text that the proxy can recognise.
            String url = direct.url().replace(":" + Postgres.shared().port() + "/", ":" + proxy.port() + "/")
                    + "&prepareThreshold=0";
            store = TestDatabase.open(StoreSettings.postgres(url, null, null).withPatience(PATIENCE));
            StoreContract.done(store.createAccount(StoreContract.BY, NewAccount.of("alice", StoreContract.USER, "x")));
        }

        Outcome<Account> setTokens(int tokens) {
            return PostgresFailureTest.setTokens(store, "alice", tokens);
        }

        int tokens() {
            return store.account("alice").orElseThrow().settings().limits().tokens();
        }

        @Override
        public void close() throws IOException {
            store.close();
            proxy.close();
        }
    }

    private static Outcome<Account> setTokens(Store store, String account, int tokens) {
        return store.changeAccount(StoreContract.BY, account, ANY, is -> is.withLimits(new Limits(1, tokens, 1)));
    }

    /** Who asks next may still meet a connection that was lost with the first; then it is told so, and asks again. */
    private static <T> T afterwards(Supplier<T> question) {
        return StoreContract.firstAnswer(question);
    }

    @Test
    void aCommitThatNeverArrivedIsNotMade() throws Exception {
        try (Behind behind = new Behind()) {
            behind.proxy.next(Fault.CUT_BEFORE_COMMIT);

            StoreUnavailableException e =
                    catchThrowableOfType(StoreUnavailableException.class, () -> behind.setTokens(7));

            assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE);
            assertThat(afterwards(behind.store::lastChange)).isEqualTo(1);
            assertThat(afterwards(behind::tokens)).isEqualTo(Limits.DEFAULT.tokens());
            assertThat(StoreContract.number(afterwards(() -> behind.setTokens(8))))
                    .isEqualTo(2);
        }
    }

    @Test
    void aCommitWhoseAnswerIsLostIsFoundOut() throws Exception {
        try (Behind behind = new Behind()) {
            behind.proxy.next(Fault.CUT_AFTER_COMMIT);

            assertThat(StoreContract.number(behind.setTokens(7))).isEqualTo(2);

            assertThat(afterwards(behind::tokens)).isEqualTo(7);
            assertThat(afterwards(behind.store::lastChange)).isEqualTo(2);
        }
    }

    @Test
    void aCommitThatCannotBeFoundOutIsCalledUncertain() throws Exception {
        try (Behind behind = new Behind()) {
            behind.proxy.next(Fault.CUT_AFTER_COMMIT);
            behind.proxy.refuse(true);

            StoreUnavailableException e =
                    catchThrowableOfType(StoreUnavailableException.class, () -> behind.setTokens(7));

            assertThat(e.reason()).isEqualTo(Reason.UNCERTAIN);
            behind.proxy.refuse(false);
            assertThat(afterwards(behind::tokens)).isEqualTo(7);
            assertThat(afterwards(behind.store::lastChange)).isEqualTo(2);
        }
    }

    @Test
    void aServerThatIsSilentIsTakenForDeadInTime() throws Exception {
        try (Behind behind = new Behind()) {
            behind.proxy.next(Fault.SILENCE);
            for (int i = 0; i < 2; i++) {
                long start = System.nanoTime();
                assertThatThrownBy(behind::tokens).isInstanceOf(StoreUnavailableException.class);
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
            }
            behind.proxy.next(Fault.NONE);
            assertThat(StoreContract.firstAnswer(behind::tokens)).isEqualTo(Limits.DEFAULT.tokens());
        }
    }

    @Test
    void aServerThatIsNotThereIsToldInOneLineWithoutSecrets() throws Exception {
        int port;
        try (CuttingProxy proxy = new CuttingProxy(1)) {
            port = proxy.port();
        }
        String url = Postgres.url("store", port) + "&password=geheim";
        assertThatThrownBy(() -> TestDatabase.open(StoreSettings.postgres(url, null, null)))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageStartingWith("the store jdbc:postgresql://localhost:" + port + "/store can't be opened")
                .hasMessageNotContainingAny("\n", "geheim");
    }

    @Test
    void aServerThatIsKilledUnderLoadLosesNothingThatWasAnswered() throws Exception {
        try (Postgres server = Postgres.start();
                Store store = TestDatabase.open(server.newDatabase("").withPatience(PATIENCE))) {
            Map<Long, String> answered = new ConcurrentSkipListMap<>();
            Map<String, Integer> last = new ConcurrentHashMap<>();
            CountDownLatch underLoad = new CountDownLatch(60);
            CountDownLatch failed = new CountDownLatch(WRITERS);
            CountDownLatch backAgain = new CountDownLatch(1);
            try (Racers racers = new Racers(WRITERS)) {
                for (int i = 0; i < WRITERS; i++) {
                    String account = "account" + i;
                    StoreContract.done(
                            store.createAccount(StoreContract.BY, NewAccount.of(account, StoreContract.USER, "x")));
                    racers.run(() -> {
                        boolean hasFailed = false;
                        int doneAfterwards = 0;
                        for (int tokens = 0; doneAfterwards < 10; tokens++) {
                            try {
                                Outcome<Account> outcome = setTokens(store, account, tokens);
                                answered.put(StoreContract.number(outcome), account);
                                last.put(account, tokens);
                                underLoad.countDown();
                                doneAfterwards += hasFailed && backAgain.getCount() == 0 ? 1 : 0;
                            } catch (StoreUnavailableException e) {
                                if (!hasFailed) {
                                    failed.countDown();
                                }
                                hasFailed = true;
                                assertThat(backAgain.await(60, TimeUnit.SECONDS))
                                        .isTrue();
                            }
                        }
                    });
                }
                assertThat(underLoad.await(60, TimeUnit.SECONDS)).isTrue();
                server.kill();
                assertThat(failed.await(60, TimeUnit.SECONDS)).isTrue();
                server.startAgain();
                backAgain.countDown();
                racers.finish();
            }
            assertThat(answered.keySet()).isSubsetOf(numbers(store));
            last.forEach((account, tokens) -> assertThat(store.account(account)
                            .orElseThrow()
                            .settings()
                            .limits()
                            .tokens())
                    .isEqualTo(tokens));
        }
    }

    /** Returns the numbers of all changes, which must be without holes. */
    private static Iterable<Long> numbers(Store store) {
        ChangesRead all = store.changesAfter(0, Integer.MAX_VALUE);
        long number = 0;
        for (Change change : all.changes()) {
            assertThat(change.number()).isEqualTo(++number);
        }
        assertThat(number).isEqualTo(all.last());
        return all.changes().stream().map(Change::number).toList();
    }
}
