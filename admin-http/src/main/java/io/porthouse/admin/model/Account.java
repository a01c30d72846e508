package io.porthouse.admin.model;

import java.time.Instant;

/**
 * A person or an organisation that owns rooms and tokens. Its password is held apart, and never part of what is shown.
 *
 * @param name {@code [A-Za-z0-9._-]{1,64}}; never changes
 * @param version the number of the change that touched it last: never the same for two states of one name, even if the
 *     account was deleted and made again in between
 */
public record Account(String name, AccountSettings settings, Instant createdAt, long version) {

    /** The account that the first start makes. */
    public static final String OPERATOR = "operator";

    /** @throws IllegalArgumentException if the name is not valid */
    public Account {
        Checks.requireName("name", name);
    }
}
