package io.porthouse.admin.store;

import org.jspecify.annotations.Nullable;

/** The store can't do what was asked now. Its message is one line, and names no secrets. */
public final class StoreUnavailableException extends RuntimeException {

    /** What is known. */
    public enum Reason {
        /** The database is gone, refuses, or has no space left. Nothing was changed. */
        UNREACHABLE,
        /** All connections, a lock, or the queue are taken for longer than a caller is kept waiting. Nothing was changed. */
        BUSY,
        /**
         * The database went away while it was committing, and can't be asked how that ended: the change is there as a whole or
         * not at all. Who gets this has the router read again what was concerned, and says so.
         */
        UNCERTAIN
    }

    private final Reason reason;

    StoreUnavailableException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** Returns what is known. */
    public Reason reason() {
        return reason;
    }
}
