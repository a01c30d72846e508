package io.porthouse.client;

import io.porthouse.protocol.CloseCode;
import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * How long to wait before connecting again; whether to is {@link Lifeline}'s question. Doubles from attempt to attempt, and
 * half of every wait is chance: clients that lost a router at one moment don't come back at one moment.
 */
final class Backoff {

    /** More than a router asks for in earnest: one that is wrong does not keep its clients away for ever. */
    static final Duration LONGEST_ASKED = Duration.ofMinutes(10);

    private static final int MAX_DOUBLINGS = 30;

    private final Duration first;
    private final Duration longest;
    private final DoubleSupplier chance;

    /**
     * @param first the most to wait for the first attempt
     * @param longest the most to wait for any
     * @param chance from 0 to 1
     */
    Backoff(Duration first, Duration longest, DoubleSupplier chance) {
        this.first = first;
        this.longest = longest;
        this.chance = chance;
    }

    /**
     * Returns the wait before an attempt.
     *
     * @param attempt how many failed before, since the connection last held
     * @param cause why there is no connection
     */
    Duration before(int attempt, PorthouseException cause) {
        Duration most = most(attempt);
        Duration asked = cause.retryAfter().orElse(null);
        if (asked != null) {
            Duration least = asked.compareTo(LONGEST_ASKED) < 0 ? asked : LONGEST_ASKED;
            return least.plus(share(least.compareTo(most) > 0 ? least : most, chance.getAsDouble()));
        }
        return share(isLasting(cause) ? longest : most, (1 + chance.getAsDouble()) / 2);
    }

    private Duration most(int attempt) {
        double nanos = first.toNanos() * (double) (1L << Math.min(attempt, MAX_DOUBLINGS));
        return nanos < longest.toNanos() ? Duration.ofNanos((long) nanos) : longest;
    }

    private static boolean isLasting(PorthouseException cause) {
        return CloseCode.of(cause.code())
                .filter(code -> code.again() == CloseCode.Again.LATER)
                .isPresent();
    }

    private static Duration share(Duration whole, double part) {
        return Duration.ofNanos((long) (whole.toNanos() * part));
    }
}
