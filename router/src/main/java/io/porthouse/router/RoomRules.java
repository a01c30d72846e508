package io.porthouse.router;

import io.porthouse.protocol.Frame;

/**
 * What a room allows and how it treats slow members.
 *
 * @param maxMessageBytes the largest body of a whole message; at least 0
 * @param maxEnvelopeBytes the most data of one envelope, without headers, metadata and CRC; -1: no envelopes
 * @param maxMembers the most members at once, those that do not receive included; at least 1
 * @param messagesPerSecond per session, an envelope counting as one; 0: unlimited
 * @param text whether only messages flagged as text, and valid UTF-8, are taken; such a room refuses envelopes
 * @param isPublic whether any token may read
 * @param overflow for messages
 * @param envelopeOverflow for chunks
 * @param lifetime how each of its lives ends
 */
public record RoomRules(
        int maxMessageBytes,
        long maxEnvelopeBytes,
        int maxMembers,
        int messagesPerSecond,
        boolean text,
        boolean isPublic,
        Overflow overflow,
        Overflow envelopeOverflow,
        Lifetime lifetime) {

    /** What holds where nothing else is said. */
    public static final RoomRules DEFAULT = new RoomRules(
            Frame.DEFAULT_MAX_FRAME_BYTES - Frame.HEADER_BYTES,
            Long.MAX_VALUE,
            1_000_000,
            0,
            false,
            false,
            Overflow.DROP,
            Overflow.WAIT);

    /** @throws IllegalArgumentException if a value is out of its range, naming it */
    public RoomRules {
        require(maxMessageBytes >= 0, "maxMessageBytes is negative");
        require(maxEnvelopeBytes >= -1, "maxEnvelopeBytes is below -1");
        require(maxMembers >= 1, "maxMembers is below 1");
        require(messagesPerSecond >= 0, "messagesPerSecond is negative");
    }

    /** Rules of a room that lasts. */
    public RoomRules(
            int maxMessageBytes,
            long maxEnvelopeBytes,
            int maxMembers,
            int messagesPerSecond,
            boolean text,
            boolean isPublic,
            Overflow overflow,
            Overflow envelopeOverflow) {
        this(
                maxMessageBytes,
                maxEnvelopeBytes,
                maxMembers,
                messagesPerSecond,
                text,
                isPublic,
                overflow,
                envelopeOverflow,
                Lifetime.LASTING);
    }

    /** Returns the same rules with another lifetime. */
    public RoomRules withLifetime(Lifetime other) {
        return new RoomRules(
                maxMessageBytes,
                maxEnvelopeBytes,
                maxMembers,
                messagesPerSecond,
                text,
                isPublic,
                overflow,
                envelopeOverflow,
                other);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
