package io.porthouse.client;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * Whatever goes wrong between an application and its router. The message says what happened and, behind a semicolon, what
 * to do about it; it never holds a token's secret.
 */
public final class PorthouseException extends RuntimeException {

    /** What kind of failure it is: what a program may want to decide by. */
    public enum Kind {
        /** What was asked makes no sense, or the settings are incomplete. Nothing was sent. */
        USAGE,
        /** The router could not be reached. */
        UNREACHABLE,
        /** The router ended the connection with a code ({@link CloseCode}). */
        REFUSED,
        /** The router refused one request with a code ({@link ErrorCode}); the connection stays open. */
        REJECTED,
        /** The connection broke without a word from the router. */
        LOST,
        /** The router speaks something that is not PH/1. */
        PROTOCOL,
        /** Something did not happen in time. */
        TIMEOUT,
        /** A bounded buffer of this client is full. */
        FULL,
        /** The connection is closed, by this side. */
        CLOSED,
        /** The waiting thread was interrupted; its interrupt flag is set again. */
        INTERRUPTED,
        /** The payload could not be read. */
        SOURCE
    }

    private final Kind kind;
    private final int code;

    PorthouseException(Kind kind, String message) {
        this(kind, 0, message, null);
    }

    PorthouseException(Kind kind, String message, @Nullable Throwable cause) {
        this(kind, 0, message, cause);
    }

    private PorthouseException(Kind kind, int code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.code = code;
    }

    /** What kind of failure it is. */
    public Kind kind() {
        return kind;
    }

    /**
     * The number that the router gave: of a {@link CloseCode} if the kind is {@link Kind#REFUSED}, of an {@link ErrorCode}
     * if it is {@link Kind#REJECTED}, else 0.
     */
    public int code() {
        return code;
    }

    /** Whether the router itself said no: {@link #code} tells why. */
    public boolean isFromRouter() {
        return kind == Kind.REFUSED || kind == Kind.REJECTED;
    }

    /** The same failure with the present thread's stack: for a failure that is kept and thrown again later. */
    PorthouseException again() {
        String message = String.valueOf(getMessage());
        return new PorthouseException(kind, code, message, this);
    }

    static PorthouseException closedByRouter(ControlBody.Close close) {
        int number = close.code();
        String name = CloseCode.of(number).map(CloseCode::text).orElse("unknown code");
        String reason = close.reason() == null || close.reason().equals(name) ? "" : " (" + close.reason() + ")";
        return new PorthouseException(
                Kind.REFUSED,
                number,
                "the router ended the connection: " + number + " " + name + reason + "; " + Advice.onClose(number),
                null);
    }

    static PorthouseException rejected(ControlBody.Refusal refusal) {
        String room = refusal.room() == null ? "" : " (room " + refusal.room() + ")";
        return rejected(refusal.code(), refusal.message() + room);
    }

    static PorthouseException rejected(int code, String what) {
        return new PorthouseException(
                Kind.REJECTED, code, "the router refused it: " + code + " " + what + "; " + Advice.onError(code), null);
    }
}
