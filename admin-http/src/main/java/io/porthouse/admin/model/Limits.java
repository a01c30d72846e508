package io.porthouse.admin.model;

/**
 * How much an account may have. A limit that is lowered below what exists takes nothing away, and refuses more; only
 * connections above it are closed, the newest first.
 *
 * @param rooms rooms
 * @param tokens tokens
 * @param connections live connections of all its tokens and backpipes together, on each node
 */
public record Limits(int rooms, int tokens, int connections) {

    /** What an account gets where nothing else is said. */
    public static final Limits DEFAULT = new Limits(1_000, 10_000, 100_000);

    /** No limits, for those who run the router. */
    public static final Limits NONE = new Limits(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

    /** @throws IllegalArgumentException if a limit is negative, naming it */
    public Limits {
        Checks.require(rooms >= 0, "limits.rooms is negative");
        Checks.require(tokens >= 0, "limits.tokens is negative");
        Checks.require(connections >= 0, "limits.connections is negative");
    }
}
