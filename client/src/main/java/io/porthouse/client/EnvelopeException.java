package io.porthouse.client;

import io.porthouse.protocol.EnvelopeFailure;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An envelope did not arrive whole; what was received of it is worth nothing. The message says why and, behind a semicolon,
 * what to do about it.
 */
public final class EnvelopeException extends IOException {

    private static final long serialVersionUID = 1;

    private final EnvelopeFailure reason;

    EnvelopeException(IncomingEnvelope envelope, EnvelopeFailure reason, @Nullable PorthouseException cause) {
        super(
                "an envelope of " + envelope.room()
                        + envelope.metadata()
                                .name()
                                .map(name -> " (" + name + ")")
                                .orElse("") + " did not arrive whole: "
                        + what(reason) + (cause == null ? "" : " (" + cause.getMessage() + ")"),
                cause);
        this.reason = reason;
    }

    /** Why it did not: what a program may want to decide by. */
    public EnvelopeFailure reason() {
        return reason;
    }

    private static String what(EnvelopeFailure reason) {
        return switch (reason) {
            case CANCELLED -> "its sender gave it up or went, or the room was lost; have it sent again";
            case BAD_CHECKSUM -> "its bytes are not those that were sent (checksum); have it sent again";
            case WRONG_TOTAL -> "it is longer or shorter than its sender announced; ask its sender";
            case INDEX_HOLE -> "a part of it is missing; have it sent again";
            case MALFORMED -> "it does not follow the protocol; update the older of the two clients";
            case TOO_MANY_OPEN -> "too many are arriving at once; raise maxIncomingEnvelopes";
            case TOO_LARGE -> "it is larger than the limit that was set here; raise it, or receive a stream";
            case RECEIVER_FAILED ->
                "the program that takes it failed, as its log says; mend it, and have it sent again";
            case ROOM_LOST -> "the room was left, withdrawn or deleted; join it again, and have it sent again";
            case CONNECTION_LOST -> "the connection ended; connect again, and have it sent again";
        };
    }
}
