package io.porthouse.client;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;

/** What to do about a code of the router, in half a sentence. */
final class Advice {

    private Advice() {}

    static String onClose(int number) {
        return CloseCode.of(number).map(Advice::onClose).orElseGet(() -> byRange(number));
    }

    static String onError(int number) {
        return ErrorCode.of(number).map(Advice::onError).orElse("see the router's documentation");
    }

    private static String onClose(CloseCode code) {
        return switch (code) {
            case DONE -> "connect again if there is more to do";
            case GOING_AWAY -> "the router is stopping; connect again once it is back";
            case SLOW_RECEIVER -> "read faster, or receive fewer rooms";
            case TIMEOUT -> "the connection was silent for too long; connect again";
            case OVERLOADED -> "try again later";
            case FENCED -> "connect to another node";
            case ACCOUNT_SUSPENDED -> "ask the router's operator about the account";
            case TOKEN_REVOKED, TOKEN_EXPIRED -> "ask the token's owner for a new one";
            case TOKEN_UNKNOWN -> "check the token: the router knows no such one";
            case TOO_MANY_CONNECTIONS -> "close other connections of this token, or raise its maxConnections";
            case PROTOCOL_ERROR, VERSION_UNSUPPORTED -> "client and router do not match; update the older one";
            case FRAME_TOO_LARGE -> "send it as an envelope, or raise the router's limits.maxFrameBytes";
            case DISCONNECTED_BY_OPERATOR -> "ask the router's operator";
        };
    }

    /** The range alone says whether to come back, so that old clients understand new codes. */
    private static String byRange(int number) {
        return CloseCode.mayReconnect(number) ? "try again later" : "trying again will not help";
    }

    private static String onError(ErrorCode code) {
        return switch (code) {
            case MALFORMED_BODY, UNKNOWN_TYPE -> "client and router do not match; update the older one";
            case NOT_HELD -> "join the room first";
            case ROOM_UNAVAILABLE -> "check the room's name, and that the token is granted it";
            case TOO_LARGE -> "send less, or raise the room's limit";
            case RATE_LIMITED -> "send more slowly, or raise the room's messagesPerSecond";
            case TOO_MANY_ROOMS -> "leave rooms, or use another connection";
            case TOO_MANY_ENVELOPES -> "finish open envelopes first";
            case ROOM_FULL -> "try again later, or raise the room's maxMembers";
            case TEXT_ONLY -> "send text (valid UTF-8), not bytes or an envelope";
            case MAY_NOT_WRITE -> "ask the token's owner for the right to write there";
            case ENVELOPE_NOT_OPEN -> "an earlier chunk was refused; send the envelope again";
            case ROOM_UNREADABLE -> "try again in a moment";
        };
    }
}
