package io.porthouse.admin.model;

/**
 * What can be changed of an account.
 *
 * @param suspended its tokens are refused, and it may not sign in
 */
public record AccountSettings(Role role, boolean suspended, Limits limits) {

    /** Returns the same settings with another role. */
    public AccountSettings withRole(Role other) {
        return new AccountSettings(other, suspended, limits);
    }

    /** Returns the same settings, suspended or not. */
    public AccountSettings withSuspended(boolean isSuspended) {
        return new AccountSettings(role, isSuspended, limits);
    }

    /** Returns the same settings with other limits. */
    public AccountSettings withLimits(Limits others) {
        return new AccountSettings(role, suspended, others);
    }
}
