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
 * @param expiresAt from then on the token is refused and its sessions are closed; null: never
 * @param suspended whether its account is suspended
 */
public record TokenState(
        String id,
        String account,
        List<Grant> grants,
        int maxConnections,
        @Nullable Instant expiresAt,
        boolean suspended) {

    public TokenState {
        grants = List.copyOf(grants);
    }

    /** Returns whether the token has expired at {@code now}. */
    public boolean isExpired(Instant now) {
        return expiresAt != null && !now.isBefore(expiresAt);
    }
}
