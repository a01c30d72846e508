package io.porthouse.admin.store;

import org.jspecify.annotations.Nullable;

/** The store was written by another version of the program, and can't be used by this one. Its message is one line. */
public final class StoreVersionException extends RuntimeException {

    StoreVersionException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
