package io.porthouse.protocol;

/**
 * A control body could not be read. Carries no stack trace, because anyone on the network can cause it at will, and no part
 * of the body, because that may hold a secret.
 */
public final class MalformedBodyException extends Exception {

    private static final long serialVersionUID = 1L;

    public MalformedBodyException(String message) {
        super(message, null, false, false);
    }
}
