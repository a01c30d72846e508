package io.porthouse.router;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a token is at one moment.
 *
 * @param id the token's public name, never its secret
 * @param account its owner
 * @param grants in the order in which they are joined; the first that covers a room counts
 * @param maxConnections the most live sessions at once, at least 0
 * @param accountConnections the most live sessions of all tokens of the account together; {@value #NOT_COUNTED}: this
 *     token's are not among them
 * @param expiresAt from then on the token is refused and its sessions are closed; null: never
 * @param suspended whether its account is suspended
 * @param transientRooms how many rooms of its account that nobody has set up may be live for its JOIN to make one more;
 *     {@value #NO_TRANSIENT_ROOMS}: it may neither make nor enter any
 * @param backpipe where it publishes without grants; unless it is {@link Backpipe#NONE}, there are no grants
 */
public record TokenState(
        String id,
        String account,
        List<Grant> grants,
        int maxConnections,
        int accountConnections,
        @Nullable Instant expiresAt,
        boolean suspended,
        int transientRooms,
        Backpipe backpipe) {

    /** Has nothing to do with transient rooms. */
    public static final int NO_TRANSIENT_ROOMS = -1;

    /** Is bounded by its own limit alone. */
    public static final int NOT_COUNTED = -1;

    public TokenState {
        grants = List.copyOf(grants);
    }

    /** A token that acts by its grants, and is bounded by its own limit, alone. */
    public TokenState(
            String id,
            String account,
            List<Grant> grants,
            int maxConnections,
            @Nullable Instant expiresAt,
            boolean suspended) {
        this(id, account, grants, maxConnections, NOT_COUNTED, expiresAt, suspended, NO_TRANSIENT_ROOMS, Backpipe.NONE);
    }

    /** Returns whether the token has expired at {@code now}. */
    public boolean isExpired(Instant now) {
        return expiresAt != null && !now.isBefore(expiresAt);
    }

    /** Returns whether it may make and enter transient rooms of its account. */
    boolean mayUseTransientRooms() {
        return transientRooms != NO_TRANSIENT_ROOMS;
    }
}
