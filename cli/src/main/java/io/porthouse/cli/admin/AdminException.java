package io.porthouse.cli.admin;

import org.jspecify.annotations.Nullable;

/** The router's API did not do what it was asked. The message is one line: what went wrong and, behind a semicolon, what to do. */
public final class AdminException extends Exception {

    private final int status;

    private AdminException(int status, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    /** The HTTP status; 0 if there was no answer, or none that is understood. */
    public int status() {
        return status;
    }

    /** Whether it was understood and refused, rather than failed on the way or in the router. */
    public boolean isRefusal() {
        return status >= 400 && status < 500;
    }

    static AdminException failed(String message, @Nullable Throwable cause) {
        return new AdminException(0, message, cause);
    }

    /** @param detail one sentence of the router's */
    static AdminException refused(int status, String code, String detail) {
        return new AdminException(
                status,
                "the router refused it: " + status + " " + code + ", " + detail + "; " + advice(status, code),
                null);
    }

    private static String advice(int status, String code) {
        return switch (status) {
            case 401 -> "check the API key";
            case 403 -> "ask an operator";
            case 404 -> "check the name: list shows what there is";
            case 409 -> code.equals("name-taken") ? "choose another name" : "see what list shows";
            case 413 -> "send less at once";
            case 429 -> "try again later";
            case 504 -> "look whether it was done, and try again";
            case 503 -> "nothing was changed; try again later";
            default -> status >= 500 ? "see the router's log" : "correct it, and try again";
        };
    }
}
