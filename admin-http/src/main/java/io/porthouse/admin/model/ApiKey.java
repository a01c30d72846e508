package io.porthouse.admin.model;

import java.time.Instant;

/**
 * A key by which a program uses the API in the name of an account. The key itself is shown once; its hash is held apart.
 *
 * @param id its public name
 * @param name for people: 1 to 128 characters without control characters
 */
public record ApiKey(String id, String account, String name, Instant createdAt) {

    /** The most keys of one account. */
    public static final int MAX_PER_ACCOUNT = 100;

    /** @throws IllegalArgumentException if the name is not usable */
    public ApiKey {
        Checks.requireLabel("name", name, TokenSettings.MAX_NAME_LENGTH);
    }
}
