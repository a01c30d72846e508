package io.porthouse.testkit;

import java.util.Random;
import java.util.stream.LongStream;

/**
 * Seeds for property tests: a few that are always the same, and one that never is. When a property fails, its seed is
 * printed; {@code -Dporthouse.seed=N} runs that one alone.
 */
public final class Seeds {

    private static final String PROPERTY = "porthouse.seed";

    /** {@code -Dporthouse.seeds=N}: how many are fixed. */
    private static final int FIXED = Integer.getInteger("porthouse.seeds", 25);

    private static final int FEW = Math.min(FIXED, 8);

    private Seeds() {}

    /** What must hold for every source of randomness. */
    @FunctionalInterface
    public interface Property {
        void check(Random random) throws Exception;
    }

    /** Checks a property with every seed. */
    public static void forEach(Property property) throws Exception {
        forEach(FIXED, property);
    }

    /** Checks a property with a few of the seeds, for what takes seconds with all; the long tests take them all. */
    public static void few(Property property) throws Exception {
        forEach(FEW, property);
    }

    private static void forEach(int fixed, Property property) throws Exception {
        Long given = Long.getLong(PROPERTY);
        long[] seeds = given != null
                ? new long[] {given}
                : LongStream.concat(LongStream.range(0, fixed), LongStream.of(new Random().nextLong()))
                        .toArray();
        for (long seed : seeds) {
            check(seed, property);
        }
    }

    /** Checks a property with one seed that never is the same, for what takes long. */
    public static void once(Property property) throws Exception {
        check(Long.getLong(PROPERTY, new Random().nextLong()), property);
    }

    @SuppressWarnings("SystemOut") // whoever reads of the failure needs the seed, whatever is logged
    private static void check(long seed, Property property) throws Exception {
        boolean held = false;
        try {
            property.check(new Random(seed));
            held = true;
        } finally {
            if (!held) {
                System.err.println("The property failed with -D" + PROPERTY + "=" + seed);
            }
        }
    }
}
