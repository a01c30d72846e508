package io.porthouse.cli.run;

import org.jspecify.annotations.Nullable;

/** A router cannot start here. The message is one line that says why and what to do. */
public final class StartException extends Exception {

    StartException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
