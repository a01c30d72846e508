package io.porthouse.admin.secrets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.porthouse.admin.secrets.Passwords.Cost;
import io.porthouse.admin.secrets.Passwords.Verdict;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class PasswordsTest {

    /** As cheap as Argon2 gets. */
    private static final Cost CHEAP = new Cost(64, 1, 1);

    private final Passwords passwords = new Passwords(CHEAP, 2, Duration.ofSeconds(20), new SecureRandom());

    @Test
    void theRightPasswordIsTold() {
        String hash = passwords.hash("correct horse").orElseThrow();

        assertThat(hash).startsWith("$argon2id$v=19$m=64,t=1,p=1$").doesNotContain("horse");
        assertThat(passwords.hash("correct horse").orElseThrow()).isNotEqualTo(hash);
        assertThat(passwords.verify("correct horse", hash)).isEqualTo(Verdict.RIGHT);
        assertThat(passwords.verify("Correct horse", hash)).isEqualTo(Verdict.WRONG);
        assertThat(passwords.verify("", hash)).isEqualTo(Verdict.WRONG);
        assertThat(passwords.verify("x".repeat(100_000), hash)).isEqualTo(Verdict.WRONG);
    }

    @Test
    void theStandardCostIsChecked() {
        Passwords standard = Passwords.standard(new SecureRandom());
        String hash = standard.hash("correct horse").orElseThrow();
        assertThat(hash).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");
        assertThat(standard.verify("correct horse", hash)).isEqualTo(Verdict.RIGHT);
        // Hashes keep their cost, so that it can be raised.
        assertThat(passwords.verify("correct horse", hash)).isEqualTo(Verdict.RIGHT);
    }

    @Test
    void aHashOfAnotherProgramIsRead() {
        // From the tests of the reference implementation, src/test.c of phc-winner-argon2.
        String hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assertThat(passwords.verify("password", hash)).isEqualTo(Verdict.RIGHT);
        assertThat(passwords.verify("passwort", hash)).isEqualTo(Verdict.WRONG);
    }

    @Test
    void thereIsNothingToFindWhereThereIsNoHash() {
        assertThat(passwords.verify("correct horse", null)).isEqualTo(Verdict.WRONG);
        assertThat(passwords.verify("nobody's password", null)).isEqualTo(Verdict.WRONG);
    }

    @Test
    void aHashThatAsksForTooMuchOrIsNoneMatchesNothing() {
        String hash = passwords.hash("correct horse").orElseThrow();
        for (String other : new String[] {
            "",
            "correct horse",
            hash.replace("m=64", "m=999999"),
            hash.replace("t=1", "t=99"),
            hash.replace("p=1", "p=99"),
            hash.replace("argon2id", "argon2i"),
            hash + "x".repeat(100)
        }) {
            assertThat(Passwords.isUsable(other)).isFalse();
            assertThat(passwords.verify("correct horse", other)).isEqualTo(Verdict.WRONG);
        }
    }

    @Test
    void howItIsTypedMakesNoDifference() {
        String hash = passwords.hash("Za\u0308hlwerk").orElseThrow();
        assertThat(passwords.verify("Z\u00e4hlwerk", hash)).isEqualTo(Verdict.RIGHT);
    }

    @Test
    void aPasswordThatNobodyShouldHaveIsRefused() {
        assertThat(Passwords.objection("1234567")).isPresent();
        assertThat(Passwords.objection("12345678")).isEmpty();
        assertThat(Passwords.objection("🚪".repeat(256))).isEmpty();
        assertThat(Passwords.objection("🚪".repeat(257))).isPresent();
        assertThatIllegalArgumentException().isThrownBy(() -> passwords.hash("short"));
        String longest = "🚪".repeat(256);
        assertThat(passwords.verify(longest, passwords.hash(longest).orElseThrow()))
                .isEqualTo(Verdict.RIGHT);
    }

    /** Holds up who asks for a salt, from the second on: the first one is asked for when the passwords are made. */
    private static final class SlowSalt implements RandomGenerator {
        final CountDownLatch reached = new CountDownLatch(1);
        final CountDownLatch released = new CountDownLatch(1);
        private final AtomicInteger count = new AtomicInteger();

        @Override
        public long nextLong() {
            return 0;
        }

        @Override
        public void nextBytes(byte[] bytes) {
            if (count.incrementAndGet() == 2) {
                reached.countDown();
                try {
                    released.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    @Test
    void whoWaitsTooLongForATurnIsToldSo() throws Exception {
        SlowSalt salt = new SlowSalt();
        Passwords one = new Passwords(CHEAP, 1, Duration.ofMillis(50), salt);
        CompletableFuture<Boolean> first =
                CompletableFuture.supplyAsync(() -> one.hash("correct horse").isPresent());
        assertThat(salt.reached.await(60, TimeUnit.SECONDS)).isTrue();

        assertThat(one.verify("correct horse", null)).isEqualTo(Verdict.BUSY);
        assertThat(one.hash("correct horse")).isEmpty();

        salt.released.countDown();
        assertThat(first.get(60, TimeUnit.SECONDS)).isTrue();
        assertThat(one.verify("correct horse", null)).isEqualTo(Verdict.WRONG);
    }
}
