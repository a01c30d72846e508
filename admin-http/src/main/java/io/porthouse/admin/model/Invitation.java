package io.porthouse.admin.model;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Leave to make one account. Its code is shown once; the hash of it is held apart.
 *
 * @param id its public name
 * @param invitedBy the account that made it
 * @param expiresAt from then on it is void
 * @param usedBy the account that was made by it; null: none yet
 */
public record Invitation(
        String id,
        String invitedBy,
        Role role,
        Instant createdAt,
        Instant expiresAt,
        @Nullable String usedBy) {}
