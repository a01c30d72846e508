package io.porthouse.client;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ErrorCode;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whatever goes wrong between an application and its router. The message says what happened and, behind a semicolon, what
 * to do about it; it never holds a token's secret.
 */
public final class PorthouseException extends RuntimeException {

    /** What kind of failure it is: what a program may want to decide by. */
    public enum Kind {
        /** What was asked makes no sense, or the settings are incomplete. Nothing was sent; correct it. */
        USAGE,
        /** The router could not be reached. Check address and router, and try again. */
        UNREACHABLE,
        /** The router ended the connection with a code ({@link CloseCode}), whose range says whether to connect again. */
        REFUSED,
        /** The router refused one request with a code ({@link ErrorCode}); the connection stays open. Go by the code. */
        REJECTED,
        /** The connection broke without a word from the router, or there is none at the moment. */
        LOST,
        /**
         * The connection ended between sending something and its receipt: it is unknown whether it was delivered. Send it
         * again if its receivers can bear to get it twice. {@link #code} says how the connection ended.
         */
        IN_DOUBT,
        /** It waited too long for a connection to come back, and was not sent. */
        EXPIRED,
        /** The router speaks something that is not PH/1. Check the address, and the versions of both. */
        PROTOCOL,
        /** Something did not happen in time. Check the router, or allow more time. */
        TIMEOUT,
        /** A bounded buffer of this client is full; nothing was sent. Send it later, or enlarge the buffer. */
        FULL,
        /** The connection is closed, by this side. Connect again if there is more to do. */
        CLOSED,
        /** The waiting thread was interrupted; its interrupt flag is set again. */
        INTERRUPTED,
        /** The payload could not be read; receivers are told to forget the envelope. */
        SOURCE
    }

    private final Kind kind;
    private final int code;
    private @Nullable Duration retryAfter;

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
     * The number that the router gave: of a {@link CloseCode} if the kind is {@link Kind#REFUSED} (or {@link
     * Kind#IN_DOUBT}), of an {@link ErrorCode}
     * if it is {@link Kind#REJECTED}, else 0.
     */
    public int code() {
        return code;
    }

    /** Whether the router itself said no: {@link #code} tells why. */
    public boolean isFromRouter() {
        return kind == Kind.REFUSED || kind == Kind.REJECTED || code != 0;
    }

    /** How long the router asks to stay away before connecting again, if it does. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** The same failure with the present thread's stack: for a failure that is kept and thrown again later. */
    PorthouseException again() {
        return with(String.valueOf(getMessage()));
    }

    /** The same failure in other words. */
    PorthouseException with(String message) {
        PorthouseException same = new PorthouseException(kind, code, message, this);
        same.retryAfter = retryAfter;
        return same;
    }

    /** What was sent has no receipt, and will have none. */
    static PorthouseException inDoubt(PorthouseException end) {
        return new PorthouseException(
                Kind.IN_DOUBT,
                end.code,
                "the connection ended before the receipt, so it is unknown whether it was delivered; send it again if"
                        + " twice is better than never (" + end.getMessage() + ")",
                end);
    }

    static PorthouseException closedByRouter(ControlBody.Close close) {
        int number = close.code();
        String name = CloseCode.of(number).map(CloseCode::text).orElse("unknown code");
        String reason = close.reason() == null || close.reason().equals(name) ? "" : " (" + close.reason() + ")";
        PorthouseException closed = new PorthouseException(
                Kind.REFUSED,
                number,
                "the router ended the connection: " + number + " " + name + reason + "; " + Advice.onClose(number),
                null);
        closed.retryAfter = close.afterMillis() == null ? null : Duration.ofMillis(Math.max(0, close.afterMillis()));
        return closed;
    }

    static PorthouseException rejected(ControlBody.Refusal refusal) {
        String room = refusal.room() == null ? "" : " (room " + refusal.room() + ")";
        return rejected(refusal.code(), refusal.message() + room);
    }

    /** Of a room that a link should bring back: without it the link is not what it was, so another one asks again. */
    static PorthouseException unreadable(PorthouseException refusal) {
        return new PorthouseException(Kind.LOST, "a room could not be joined again: " + refusal.getMessage(), refusal);
    }

    /** Whether the router can't say at the moment what it was asked for: it may next time. */
    boolean isUnreadable() {
        return kind == Kind.REJECTED && code == ErrorCode.ROOM_UNREADABLE.number();
    }

    static PorthouseException rejected(int code, String what) {
        return new PorthouseException(
                Kind.REJECTED, code, "the router refused it: " + code + " " + what + "; " + Advice.onError(code), null);
    }
}
