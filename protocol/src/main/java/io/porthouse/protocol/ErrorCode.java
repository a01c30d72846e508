package io.porthouse.protocol;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Why one frame was refused. The connection stays open. */
public enum ErrorCode {
    MALFORMED_BODY(100, "malformed body"),
    NOT_HELD(101, "no such room is held on this connection"),
    ROOM_UNAVAILABLE(102, "room misnamed, absent or not granted"),
    TOO_LARGE(103, "too large for the room"),
    RATE_LIMITED(104, "rate-limited"),
    TOO_MANY_ROOMS(105, "too many rooms on this connection, or transient rooms of its account"),
    UNKNOWN_TYPE(106, "unknown or router-only frame type"),
    TOO_MANY_ENVELOPES(107, "too many open envelopes"),
    ROOM_FULL(108, "room full"),
    TEXT_ONLY(109, "the room takes text only"),
    MAY_NOT_WRITE(110, "may not write to this room"),
    ENVELOPE_NOT_OPEN(111, "envelope not open"),
    ROOM_UNREADABLE(112, "the room can't be looked up now; ask again");

    private static final Map<Integer, ErrorCode> BY_NUMBER =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(ErrorCode::number, Function.identity()));

    private final int number;
    private final String text;

    ErrorCode(int number, String text) {
        this.number = number;
        this.text = text;
    }

    /** Returns the code with this number, if it is a known one. */
    public static Optional<ErrorCode> of(int number) {
        return Optional.ofNullable(BY_NUMBER.get(number));
    }

    /** The number on the wire. */
    public int number() {
        return number;
    }

    /** What it means, for people. */
    public String text() {
        return text;
    }
}
