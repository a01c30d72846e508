package io.porthouse.admin.store;

import io.porthouse.admin.model.AccountSettings;
import org.jspecify.annotations.Nullable;

/**
 * An account to be made.
 *
 * @param name {@code [A-Za-z0-9._-]{1,64}}
 * @param settings with an invitation, the invitation's role counts
 * @param passwordHash as {@link io.porthouse.admin.secrets.Passwords#hash} made it; null: no password, so no signing in
 * @param invitationHash the hash of an invitation's code, which is used up; null: none
 * @param firstKey a key to be made with it; null: none
 */
public record NewAccount(
        String name,
        AccountSettings settings,
        @Nullable String passwordHash,
        @Nullable String invitationHash,
        @Nullable FirstKey firstKey) {

    /** An API key that comes into being with its account. */
    public record FirstKey(String name, String keyHash) {}

    /** Returns one with a password and nothing else. */
    public static NewAccount of(String name, AccountSettings settings, String passwordHash) {
        return new NewAccount(name, settings, passwordHash, null, null);
    }
}
