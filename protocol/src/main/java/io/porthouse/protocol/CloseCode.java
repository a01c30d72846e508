package io.porthouse.protocol;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Why a connection was ended. The codes are valid WebSocket close codes (RFC 6455 §7.4.2), and their range alone says
 * whether to come back: 3000 to 3499 yes, 3500 to 3999 no; a client that meets an unknown code goes by its range.
 */
public enum CloseCode {
    DONE(1000, "done", Again.NO),
    GOING_AWAY(3000, "going-away", Again.YES),
    SLOW_RECEIVER(3001, "slow-receiver", Again.YES),
    TIMEOUT(3002, "timeout", Again.YES),
    OVERLOADED(3003, "overloaded", Again.LATER),
    FENCED(3004, "fenced", Again.ELSEWHERE),
    ACCOUNT_SUSPENDED(3005, "account-suspended", Again.LATER),
    TOKEN_REVOKED(3500, "token-revoked", Again.NO),
    TOKEN_UNKNOWN(3501, "token-unknown", Again.NO),
    TOKEN_EXPIRED(3502, "token-expired", Again.NO),
    TOO_MANY_CONNECTIONS(3503, "too-many-connections", Again.NO),
    PROTOCOL_ERROR(3504, "protocol-error", Again.NO),
    FRAME_TOO_LARGE(3505, "frame-too-large", Again.NO),
    VERSION_UNSUPPORTED(3506, "version-unsupported", Again.NO),
    DISCONNECTED_BY_OPERATOR(3507, "disconnected-by-operator", Again.NO);

    /** Whether a client should connect again after a close. */
    public enum Again {
        /** The same request would fail again. */
        NO,
        /** After a pause with jitter, or after the time that CLOSE names. */
        YES,
        /** Not soon: the cause lasts. */
        LATER,
        /** At another node. */
        ELSEWHERE
    }

    private static final Map<Integer, CloseCode> BY_NUMBER =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(CloseCode::number, Function.identity()));

    private final int number;
    private final String text;
    private final Again again;

    CloseCode(int number, String text, Again again) {
        this.number = number;
        this.text = text;
        this.again = again;
    }

    /** Returns the code with this number, if it is a known one. */
    public static Optional<CloseCode> of(int number) {
        return Optional.ofNullable(BY_NUMBER.get(number));
    }

    /** Returns whether a client may connect again after {@code number}, known or not. */
    public static boolean mayReconnect(int number) {
        return number >= 3000 && number < 3500;
    }

    /** The number on the wire. */
    public int number() {
        return number;
    }

    /** The name in logs, metrics and the reason of CLOSE, such as {@code token-revoked}. */
    public String text() {
        return text;
    }

    /** Whether, and when, a client should connect again. */
    public Again again() {
        return again;
    }
}
