package io.porthouse.admin.secrets;

import io.porthouse.router.MemoryTokenSource;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * Makes the secrets that are not passwords. Each is shown once; what is kept is its SHA-256, which is enough for what has 160
 * random bits. Their prefixes let people, and programs that look for leaked secrets, tell what they are. Thread-safe if its
 * random generator is.
 */
public final class Secrets {

    public static final String TOKEN_PREFIX = "ph_";
    public static final String KEY_PREFIX = "phk_";
    public static final String INVITATION_PREFIX = "phi_";
    public static final String SESSION_PREFIX = "phs_";

    private static final int RANDOM_BYTES = 20;
    private static final int PASSWORD_LENGTH = 20;
    private static final int BITS_PER_CHARACTER = 5;

    /** Without what is easily taken for something else. */
    private static final String BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

    private static final Pattern OWN = Pattern.compile("[A-Za-z0-9._~-]{16,128}");

    private final RandomGenerator random;

    /** @param random must be fit for secrets, such as {@link java.security.SecureRandom} */
    public Secrets(RandomGenerator random) {
        this.random = random;
    }

    /** Makes a token's secret. */
    public String newToken() {
        return TOKEN_PREFIX + randomText();
    }

    /** Makes an API key. */
    public String newKey() {
        return KEY_PREFIX + randomText();
    }

    /** Makes an invitation's code. */
    public String newInvitation() {
        return INVITATION_PREFIX + randomText();
    }

    /** Makes what a browser shows that it has signed in. */
    public String newSession() {
        return SESSION_PREFIX + randomText();
    }

    /** Makes a password of 100 random bits. */
    public String newPassword() {
        return randomText().substring(0, PASSWORD_LENGTH);
    }

    /**
     * Returns the secret that stands for one which an owner has chosen: with the account in front, so that owners don't meet
     * each other's.
     *
     * @return empty if it is not {@code [A-Za-z0-9._~-]{16,128}}
     */
    public static Optional<String> owned(String account, String chosen) {
        return OWN.matcher(chosen).matches() ? Optional.of(account + "." + chosen) : Optional.empty();
    }

    /** Returns what is kept of a secret: SHA-256, 64 lower-case hex digits. */
    public static String hash(String secret) {
        return MemoryTokenSource.secretHash(secret);
    }

    /** Returns whether two secrets are the same, in a time that does not tell how much of them is. */
    public static boolean areSame(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }

    private String randomText() {
        byte[] bytes = new byte[RANDOM_BYTES];
        random.nextBytes(bytes);
        StringBuilder text = new StringBuilder(RANDOM_BYTES * Byte.SIZE / BITS_PER_CHARACTER);
        int held = 0;
        int bits = 0;
        for (byte next : bytes) {
            held = held << Byte.SIZE | (next & 0xFF);
            bits += Byte.SIZE;
            while (bits >= BITS_PER_CHARACTER) {
                bits -= BITS_PER_CHARACTER;
                text.append(BASE32.charAt(held >>> bits & 31));
            }
        }
        return text.toString();
    }
}
