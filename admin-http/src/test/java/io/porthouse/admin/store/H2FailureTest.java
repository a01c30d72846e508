package io.porthouse.admin.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.Change;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.store.Outcome.Done;
import io.porthouse.admin.store.StoreUnavailableException.Reason;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What can happen to a store in a file. */
class H2FailureTest {

    private static final int CHANGES_BEFORE_THE_KILL = 60;

    @Test
    void whatWasAnsweredSurvivesAKill() throws Exception {
        Path directory = TestDatabase.directory();
        Process writer = DoomedWriter.start(directory);
        List<String> answered = new ArrayList<>();
        try (BufferedReader lines = writer.inputReader(UTF_8)) {
            Iterator<String> answers =
                    lines.lines().filter(line -> line.matches("\\d+ \\w+ \\d+")).iterator();
            while (answered.size() < CHANGES_BEFORE_THE_KILL) {
                answered.add(answers.next());
            }
            assertThatThrownBy(() -> TestDatabase.open(StoreSettings.inDirectory(directory)))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("in use");
            // Not the process's own method, which also closes the stream that is still to be read.
            assertThat(writer.toHandle().destroyForcibly()).isTrue();
            answers.forEachRemaining(answered::add);
        }
        assertThat(writer.waitFor(60, TimeUnit.SECONDS)).isTrue();

        try (Store store = TestDatabase.open(StoreSettings.inDirectory(directory))) {
            assertThat(isWithoutHoles(store)).isTrue();
            Map<String, Integer> last = new HashMap<>();
            for (String line : answered) {
                String[] parts = line.split(" ", -1);
                assertThat(Long.parseLong(parts[0])).isLessThanOrEqualTo(store.lastChange());
                last.merge(parts[1], Integer.parseInt(parts[2]), Math::max);
            }
            // What came last may have been committed without a chance to say so: one change of each thread at most.
            last.forEach((name, tokens) -> assertThat(store.account(name)
                            .orElseThrow()
                            .settings()
                            .limits()
                            .tokens())
                    .isBetween(tokens, tokens + 1));
        }
    }

    private static boolean isWithoutHoles(Store store) {
        long number = 0;
        for (Change change : store.changesAfter(0, Integer.MAX_VALUE).changes()) {
            assertThat(change.number()).isEqualTo(++number);
        }
        return number == store.lastChange();
    }

    @Test
    void theFileIsNobodyElsesToRead() throws IOException {
        Path directory = TestDatabase.directory();
        StoreSettings settings = StoreSettings.inDirectory(directory);
        Dialect.H2.prepare(settings);
        assertThat(mode(directory)).as("before H2 writes into it").isEqualTo("rw-------");
        try (Store store = TestDatabase.open(settings)) {
            assertThat(store.lastChange()).isZero();
            assertThat(mode(directory)).isEqualTo("rw-------");
        }
        Files.setPosixFilePermissions(directory.resolve("store.mv.db"), PosixFilePermissions.fromString("rw-r--r--"));
        try (Store store = TestDatabase.open(settings)) {
            assertThat(store.lastChange()).isZero();
            assertThat(mode(directory)).as("of an older version").isEqualTo("rw-------");
        }
    }

    private static String mode(Path directory) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("store.mv.db")));
    }

    @Test
    void aFileThatIsNoStoreIsToldInOneLine() throws IOException {
        Path directory = TestDatabase.directory();
        Files.writeString(directory.resolve("store.mv.db"), "something else".repeat(1000));
        assertThatThrownBy(() -> TestDatabase.open(StoreSettings.inDirectory(directory)))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageStartingWith("the store jdbc:h2:")
                .hasMessageNotContaining("\n");
    }

    @Test
    void aFullDiskCostsNothingButTheChangesThatFindIt() throws Exception {
        FullDisk.register();
        Path directory = TestDatabase.directory();
        StoreSettings settings = FullDisk.store(directory).withPatience(Duration.ofMillis(500));
        try (Store store = TestDatabase.open(settings)) {
            StoreContract.done(store.createAccount(StoreContract.BY, NewAccount.of("alice", StoreContract.USER, "x")));
            for (int round = 1; round <= 3; round++) {
                StoreContract.done(setTokens(store, round));
                FullDisk.setFull(true);
                List<Reason> failures = new ArrayList<>();
                try {
                    for (int i = 0; i < 3; i++) {
                        failures.add(failure(store, 100 * round + i));
                    }
                } finally {
                    FullDisk.setFull(false);
                }
                assertThat(failures).doesNotContainNull();
                Account alice =
                        StoreContract.firstAnswer(() -> store.account("alice").orElseThrow());
                // Nothing half done: the last change that was answered, or a whole one whose answer was uncertain.
                if (!failures.contains(Reason.UNCERTAIN)) {
                    assertThat(alice.settings().limits().tokens()).isEqualTo(round);
                }
                assertThat(isWithoutHoles(store)).isTrue();
                assertThat(alice.version()).isEqualTo(store.lastChange());
            }
        }
        try (Store store = TestDatabase.open(settings)) {
            assertThat(isWithoutHoles(store)).isTrue();
            assertThat(setTokens(store, 9999)).isInstanceOf(Done.class);
        }
    }

    /** H2 closes its file when a thread is interrupted while it writes. */
    @Test
    void aThreadThatIsInterruptedCostsNobodyElseAnything() throws Exception {
        try (Store store = TestDatabase.open(StoreSettings.inDirectory(TestDatabase.directory()))) {
            StoreContract.done(store.createAccount(StoreContract.BY, NewAccount.of("alice", StoreContract.USER, "x")));

            boolean isAnswered = false;
            try {
                StoreContract.done(store.changeAccount(StoreContract.BY, "alice", OptionalLong.empty(), is -> {
                    Thread.currentThread().interrupt();
                    return is.withSuspended(true);
                }));
                isAnswered = true;
            } catch (StoreUnavailableException e) {
                assertThat(e.getMessage()).doesNotContain("\n");
            }
            // Whether it is still set depends on who came upon it first.
            boolean unused = Thread.interrupted();

            Account alice =
                    StoreContract.firstAnswer(() -> store.account("alice").orElseThrow());
            assertThat(alice.settings().suspended() || !isAnswered).isTrue();
            assertThat(alice.version()).isEqualTo(alice.settings().suspended() ? 2 : 1);
            assertThat(isWithoutHoles(store)).isTrue();
            Outcome<Account> next = StoreContract.firstAnswer(() -> setTokens(store, 5));
            assertThat(StoreContract.number(next)).isEqualTo(alice.version() + 1);
        }
    }

    private static Reason failure(Store store, int tokens) {
        try {
            setTokens(store, tokens);
            return null;
        } catch (StoreUnavailableException e) {
            return e.reason();
        }
    }

    private static Outcome<Account> setTokens(Store store, int tokens) {
        return store.changeAccount(
                StoreContract.BY, "alice", OptionalLong.empty(), is -> is.withLimits(new Limits(1, tokens, 1)));
    }
}
