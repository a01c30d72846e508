package io.porthouse.protocol;

/** Why an envelope did not arrive whole. */
public enum EnvelopeFailure {
    /**
     * Its sender or the router gave it up: the sender stopped, went or lost the right, a chunk was lost on the way here, or
     * the room is about to be withdrawn. The wire does not say which.
     */
    CANCELLED,
    /** The payload is not the one that its CRC-32 was made of. */
    BAD_CHECKSUM,
    /** The payload is longer or shorter than announced. */
    WRONG_TOTAL,
    /** A chunk is missing, or another envelope began with the same key. */
    INDEX_HOLE,
    /** A chunk is too short for its fields, or the metadata is not a JSON object in UTF-8. */
    MALFORMED,
    /** The receiver has as many open envelopes as it allows. */
    TOO_MANY_OPEN,
    /** The payload is larger than the receiver wants to collect ({@link EnvelopeCollector}). */
    TOO_LARGE,
    /** The code that takes it threw an exception. */
    RECEIVER_FAILED,
    /** The room was left, withdrawn or deleted before the last chunk. */
    ROOM_LOST,
    /** The connection ended before the last chunk. */
    CONNECTION_LOST
}
