package io.porthouse.admin.model;

import org.jspecify.annotations.Nullable;

/**
 * What signing in needs to know of an account.
 *
 * @param passwordHash as {@link io.porthouse.admin.secrets.Passwords#hash} made it; null: the account has no password
 */
public record Credentials(Account account, @Nullable String passwordHash) {

    /** Without the hash. */
    @Override
    public String toString() {
        return "Credentials[" + account.name() + "]";
    }
}
