package io.porthouse.admin.api;

import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.Role;
import org.jspecify.annotations.Nullable;

/**
 * Who calls, proven.
 *
 * @param account as it was when the request came
 * @param via {@code session} or {@code key <id>}, for the audit trail
 * @param csrf what unsafe requests of this session must carry; null: the caller is a program with a key
 */
record Caller(Account account, String via, @Nullable String csrf) {

    String name() {
        return account.name();
    }

    boolean isOperator() {
        return account.settings().role() == Role.OPERATOR;
    }

    /** Returns whether the things of an account are this caller's to see and touch. */
    boolean owns(String otherAccount) {
        return isOperator() || name().equals(otherAccount);
    }

    /** Without the CSRF token. */
    @Override
    public String toString() {
        return "Caller[" + name() + " by " + via + "]";
    }
}
