package io.porthouse.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.KeyOwner;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.secrets.Passwords;
import io.porthouse.admin.secrets.Passwords.Cost;
import io.porthouse.admin.secrets.Passwords.Verdict;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.NewAccount;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FirstStartTest {

    private final SecureRandom random = new SecureRandom();
    private final Secrets secrets = new Secrets(random);
    private final Passwords passwords = new Passwords(new Cost(64, 1, 1), 1, Duration.ofSeconds(20), random);

    @TempDir
    Path data;

    private Store store;

    @BeforeEach
    void open() {
        store = Store.open(StoreSettings.inDirectory(data), Clock.systemUTC(), new Random(), new SimpleMeterRegistry());
    }

    @AfterEach
    void close() {
        store.close();
    }

    private String read(String file) throws IOException {
        Path path = data.resolve(file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                .isEqualTo("rw-------");
        return Files.readString(path).strip();
    }

    private void assertOperatorIsInTheFiles() throws IOException {
        assertThat(store.account(Account.OPERATOR).orElseThrow().settings().role())
                .isEqualTo(Role.OPERATOR);
        String hash = store.credentials(Account.OPERATOR).orElseThrow().passwordHash();
        assertThat(passwords.verify(read(FirstStart.PASSWORD_FILE), hash)).isEqualTo(Verdict.RIGHT);
        KeyOwner owner = store.keyOwner(Secrets.hash(read(FirstStart.KEY_FILE))).orElseThrow();
        assertThat(owner.account().name()).isEqualTo(Account.OPERATOR);
    }

    @Test
    void theFirstStartMakesTheOperatorAndNoOtherDoes() throws IOException {
        assertThat(FirstStart.run(store, data, secrets, passwords)).isTrue();
        assertOperatorIsInTheFiles();
        String password = read(FirstStart.PASSWORD_FILE);

        assertThat(FirstStart.run(store, data, secrets, passwords)).isFalse();
        assertThat(read(FirstStart.PASSWORD_FILE)).isEqualTo(password);
        assertThat(store.lastChange()).isEqualTo(1);
    }

    @Test
    void aFirstStartThatWasCutOffIsMadeGood() throws IOException {
        Files.writeString(data.resolve(FirstStart.PASSWORD_FILE), "of nobody");
        Files.writeString(data.resolve(FirstStart.KEY_FILE), "of nothing");

        assertThat(FirstStart.run(store, data, secrets, passwords)).isTrue();
        assertOperatorIsInTheFiles();
    }

    @Test
    void whereAnotherNodeWasFasterNoFilesStay() throws IOException {
        // Between the look and the change: while the password is hashed, for which a salt is asked for.
        SecureRandom late = new SecureRandom() {
            private int count;

            @Override
            public void nextBytes(byte[] bytes) {
                super.nextBytes(bytes);
                if (++count == 2) {
                    store.createAccount(
                            Actor.SYSTEM,
                            NewAccount.of(
                                    Account.OPERATOR,
                                    new AccountSettings(Role.OPERATOR, false, Limits.NONE),
                                    "theirs"));
                }
            }
        };
        Passwords slow = new Passwords(new Cost(64, 1, 1), 1, Duration.ofSeconds(20), late);

        assertThat(FirstStart.run(store, data, secrets, slow)).isFalse();
        assertThat(data.resolve(FirstStart.PASSWORD_FILE)).doesNotExist();
        assertThat(data.resolve(FirstStart.KEY_FILE)).doesNotExist();
        assertThat(store.credentials(Account.OPERATOR).orElseThrow().passwordHash())
                .isEqualTo("theirs");
    }
}
