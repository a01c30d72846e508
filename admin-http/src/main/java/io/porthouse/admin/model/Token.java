package io.porthouse.admin.model;

import java.time.Instant;
import java.util.List;

/**
 * A token that devices and services connect with. Its secret is shown once, when it is made; the hash of it is held apart.
 *
 * @param id its public name; never changes and is never used again
 * @param account its owner; never changes
 * @param grants in the order in which they are joined
 * @param version the number of the change that touched it, its grants or its secret last; see {@link Account}
 */
public record Token(
        String id, String account, TokenSettings settings, List<RoomGrant> grants, Instant createdAt, long version) {

    /** The most grants of one token, so that no token's state is without bound. */
    public static final int MAX_GRANTS = 1_024;

    public Token {
        grants = List.copyOf(grants);
    }
}
