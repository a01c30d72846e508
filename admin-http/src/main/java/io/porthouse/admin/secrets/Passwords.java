package io.porthouse.admin.secrets;

import com.password4j.Argon2Function;
import com.password4j.types.Argon2;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Hashes and checks passwords with Argon2id, which takes memory and time on purpose. Few are worked on at once, because each
 * takes its memory; who waits too long for a turn is told so. Methods block and are thread-safe.
 */
public final class Passwords {

    public static final int MIN_LENGTH = 8;
    public static final int MAX_LENGTH = 256;

    private static final int SALT_BYTES = 16;
    private static final int HASH_BYTES = 32;

    /** What an imported hash may ask for, so that none can take the machine down. */
    private static final Cost HIGHEST = new Cost(64 << 10, 10, 4);

    private static final Pattern HASH = Pattern.compile(
            "\\$argon2id\\$v=19\\$m=(\\d{1,6}),t=(\\d{1,3}),p=(\\d{1,3})\\$[A-Za-z0-9+/]{11,86}\\$[A-Za-z0-9+/]{22,86}");

    private final Cost cost;
    private final Semaphore turns;
    private final Duration patience;
    private final RandomGenerator random;

    /** Checked where there is no hash, so that who asks can't tell from the time whether an account exists. */
    private final String nobodys;

    /**
     * What a hash takes.
     *
     * @param memoryKibibytes while it is worked on
     * @param iterations passes over that memory
     * @param parallelism lanes of that memory
     */
    public record Cost(int memoryKibibytes, int iterations, int parallelism) {

        /** 19 MiB and two passes, as OWASP recommends at the least: about a tenth of a second. */
        public static final Cost DEFAULT = new Cost(19 << 10, 2, 1);

        boolean isAtMost(Cost other) {
            return memoryKibibytes <= other.memoryKibibytes
                    && iterations <= other.iterations
                    && parallelism <= other.parallelism;
        }
    }

    /** What checking a password gave. */
    public enum Verdict {
        RIGHT,
        WRONG,
        /** Not checked: too many are being checked. */
        BUSY
    }

    /**
     * @param cost of new hashes; old ones keep theirs
     * @param atOnce how many are worked on at the same time, at least 1
     * @param patience how long a caller waits for its turn
     * @param random for salts, must be fit for secrets
     */
    public Passwords(Cost cost, int atOnce, Duration patience, RandomGenerator random) {
        this.cost = cost;
        this.turns = new Semaphore(atOnce, true);
        this.patience = patience;
        this.random = random;
        this.nobodys = compute("nobody's password");
    }

    /** Returns passwords as a router needs them: two at once, for whom callers wait at most 2 s. */
    public static Passwords standard(RandomGenerator random) {
        return new Passwords(Cost.DEFAULT, 2, Duration.ofSeconds(2), random);
    }

    /** Returns what is wrong with a password that somebody wants to have; empty: nothing. */
    public static Optional<String> objection(String password) {
        int length = password.codePointCount(0, password.length());
        if (length < MIN_LENGTH || length > MAX_LENGTH) {
            return Optional.of("a password has " + MIN_LENGTH + " to " + MAX_LENGTH + " characters");
        }
        return Optional.empty();
    }

    /**
     * Hashes a new password, with salt and cost in the result (PHC format).
     *
     * @return empty if there are too many before it
     * @throws IllegalArgumentException if there is an {@link #objection}
     */
    public Optional<String> hash(String password) {
        Optional<String> objection = objection(password);
        if (objection.isPresent()) {
            throw new IllegalArgumentException(objection.get());
        }
        return inTurn(() -> compute(password));
    }

    /**
     * Checks a password. Takes as long when there is nothing to check it against.
     *
     * @param hash null: there is no such account, or it has no password
     */
    public Verdict verify(String password, @Nullable String hash) {
        if (password.length() > 2 * MAX_LENGTH) {
            return Verdict.WRONG;
        }
        boolean isUsable = hash != null && isUsable(hash);
        String against = isUsable && hash != null ? hash : nobodys;
        return inTurn(() -> check(password, against))
                .map(matches -> matches && isUsable ? Verdict.RIGHT : Verdict.WRONG)
                .orElse(Verdict.BUSY);
    }

    /** Returns whether {@code hash} is one that this class can check. */
    public static boolean isUsable(String hash) {
        Matcher parts = HASH.matcher(hash);
        return parts.matches()
                && new Cost(
                                Integer.parseInt(parts.group(1)),
                                Integer.parseInt(parts.group(2)),
                                Integer.parseInt(parts.group(3)))
                        .isAtMost(HIGHEST);
    }

    private <T> Optional<T> inTurn(Supplier<T> work) {
        try {
            if (!turns.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                return Optional.empty();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
        try {
            return Optional.of(work.get());
        } finally {
            turns.release();
        }
    }

    private String compute(String password) {
        byte[] salt = new byte[SALT_BYTES];
        random.nextBytes(salt);
        return Argon2Function.getInstance(
                        cost.memoryKibibytes, cost.iterations, cost.parallelism, HASH_BYTES, Argon2.ID)
                .hash(bytes(password), salt)
                .getResult();
    }

    private static boolean check(String password, String hash) {
        return Argon2Function.getInstanceFromHash(hash)
                .check(bytes(password), hash.getBytes(StandardCharsets.US_ASCII));
    }

    /** The same characters typed on another keyboard are the same password. */
    private static byte[] bytes(String password) {
        return Normalizer.normalize(password, Normalizer.Form.NFC).getBytes(StandardCharsets.UTF_8);
    }
}
