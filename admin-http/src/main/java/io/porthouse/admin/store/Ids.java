package io.porthouse.admin.store;

import java.time.Clock;
import java.util.random.RandomGenerator;

/**
 * Public names of things that have none of their own: the time, so that they sort as they were made, and randomness, so that
 * they can't be guessed and two nodes never make the same. Thread-safe if its parts are.
 */
final class Ids {

    /** Digits and letters in the order of their codes, so that texts sort like the numbers they stand for. */
    private static final String DIGITS = "0123456789abcdefghijklmnopqrstuv";

    private static final int BITS_PER_DIGIT = 5;

    /** 50 bits of milliseconds: until the year 37648. */
    private static final int TIME_DIGITS = 10;

    /** 50 bits. */
    private static final int RANDOM_DIGITS = 10;

    private final Clock clock;
    private final RandomGenerator random;

    Ids(Clock clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    /** @param kind one letter, so that an id tells what it is of */
    String next(char kind) {
        StringBuilder id = new StringBuilder(1 + TIME_DIGITS + RANDOM_DIGITS).append(kind);
        append(id, clock.millis(), TIME_DIGITS);
        append(id, random.nextLong(), RANDOM_DIGITS);
        return id.toString();
    }

    private static void append(StringBuilder id, long number, int digits) {
        for (int i = digits - 1; i >= 0; i--) {
            id.append(DIGITS.charAt((int) (number >>> (i * BITS_PER_DIGIT)) & 31));
        }
    }
}
