package io.porthouse.admin.store;

import io.porthouse.admin.model.Change;

/** How a change went. All of these are expected; that the store can't be reached is an exception. */
public sealed interface Outcome<T> {

    /**
     * It is committed.
     *
     * @param value the thing as it is now; of a deleted one, as it was last
     * @param change what the router is to read again
     */
    record Done<T>(T value, Change change) implements Outcome<T> {}

    /**
     * Everything was as asked for before; nothing was written.
     *
     * @param value the thing as it is
     */
    record Unchanged<T>(T value) implements Outcome<T> {}

    /**
     * It can't be; nothing was written.
     *
     * @param about what it is about, for people: one line without secrets
     */
    record Refused<T>(Refusal why, String about) implements Outcome<T> {}

    /** Why a change can't be. */
    enum Refusal {
        /** The thing, or one that it needs, does not exist. */
        NOT_FOUND,
        /** Something else has the name. */
        NAME_TAKEN,
        /** The secret is in use. */
        SECRET_TAKEN,
        /** The thing is not at the version that was asked for. */
        VERSION_MISMATCH,
        /** The account has as many as it may have. */
        LIMIT_REACHED,
        /** Without it, nobody could administer the router. */
        LAST_OPERATOR,
        /** The invitation does not exist, is used or has expired. */
        INVITATION_VOID,
        /** An import goes into an empty store only. */
        NOT_EMPTY,
        /** What is to be imported can't be read. */
        MALFORMED
    }
}
