package io.porthouse.admin.model;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What can be changed of a token, apart from its grants and its secret.
 *
 * @param name for people: 1 to 128 characters without control characters; need not be unique
 * @param maxConnections the most live sessions at once, at least 0; those of all tokens together are bounded by the account
 * @param expiresAt from then on it is refused; to the millisecond, 1970 to 9999; null: never
 * @param mayCreateTransientRooms whether a JOIN of a room of its account that does not exist makes it
 */
public record TokenSettings(
        String name, int maxConnections, @Nullable Instant expiresAt, boolean mayCreateTransientRooms) {

    public static final int DEFAULT_MAX_CONNECTIONS = 100;
    public static final int MAX_NAME_LENGTH = 128;

    /** @throws IllegalArgumentException if a value is out of its range, naming it */
    public TokenSettings {
        Checks.requireLabel("name", name, MAX_NAME_LENGTH);
        Checks.require(maxConnections >= 0, "maxConnections is negative");
        expiresAt = Checks.storedTime("expiresAt", expiresAt);
    }

    /** Returns the settings of a token of which only the name is given. */
    public static TokenSettings named(String name) {
        return new TokenSettings(name, DEFAULT_MAX_CONNECTIONS, null, false);
    }

    /** Returns the same settings with another name. */
    public TokenSettings withName(String other) {
        return new TokenSettings(other, maxConnections, expiresAt, mayCreateTransientRooms);
    }

    /** Returns the same settings with another bound. */
    public TokenSettings withMaxConnections(int most) {
        return new TokenSettings(name, most, expiresAt, mayCreateTransientRooms);
    }

    /** Returns the same settings with another end; null: never. */
    public TokenSettings withExpiresAt(@Nullable Instant end) {
        return new TokenSettings(name, maxConnections, end, mayCreateTransientRooms);
    }

    /** Returns the same settings with or without the right to make transient rooms. */
    public TokenSettings withMayCreateTransientRooms(boolean may) {
        return new TokenSettings(name, maxConnections, expiresAt, may);
    }
}
