package io.porthouse.admin.secrets;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class SecretsTest {

    /** Counts up, so that every bit can be followed. */
    private static final RandomGenerator COUNTING = new RandomGenerator() {
        @Override
        public long nextLong() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void nextBytes(byte[] bytes) {
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (i * 0x11);
            }
        }
    };

    @Test
    void everyRandomBitIsInTheSecret() {
        // RFC 4648 base32 of 00 11 22 … ff 10 21 32 43, in lower case.
        assertThat(new Secrets(COUNTING).newToken()).isEqualTo("ph_aaisem2ekvthpcezvk54zxpo74iccmsd");
    }

    @Test
    void secretsTellWhatTheyAreAndAreNeverTheSame() {
        Secrets secrets = new Secrets(new SecureRandom());
        Set<String> all = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            assertThat(all.add(secrets.newToken())).isTrue();
        }
        assertThat(all).allMatch(secret -> secret.matches("ph_[a-z2-7]{32}"));
        assertThat(secrets.newKey()).matches("phk_[a-z2-7]{32}");
        assertThat(secrets.newInvitation()).matches("phi_[a-z2-7]{32}");
        assertThat(secrets.newPassword()).matches("[a-z2-7]{20}");
    }

    @Test
    void aChosenSecretHasItsAccountInFront() {
        assertThat(Secrets.owned("alice", "0123456789-._~AZ")).contains("alice.0123456789-._~AZ");
        assertThat(Secrets.owned("alice", "x".repeat(128))).contains("alice." + "x".repeat(128));
        assertThat(Secrets.owned("alice", "x".repeat(15))).isEmpty();
        assertThat(Secrets.owned("alice", "x".repeat(129))).isEmpty();
        assertThat(Secrets.owned("alice", "0123456789012345 ")).isEmpty();
        assertThat(Secrets.owned("alice", "0123456789012345\n")).isEmpty();
        assertThat(Secrets.owned("alice", "01234567890123456ü")).isEmpty();
    }

    @Test
    void whatIsKeptIsSha256() {
        // FIPS 180-2, B.1
        assertThat(Secrets.hash("abc")).isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    @Test
    void equalityIsOfTheWhole() {
        assertThat(Secrets.areSame("abc", "abc")).isTrue();
        assertThat(Secrets.areSame("abc", "abd")).isFalse();
        assertThat(Secrets.areSame("abc", "abcd")).isFalse();
    }
}
