package io.porthouse.cli;

import org.jspecify.annotations.Nullable;

/** A command's own failure. The message is one line that says what went wrong and, behind a semicolon, what to do. */
final class CommandException extends Exception {

    private final int exitCode;

    CommandException(int exitCode, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }
}
