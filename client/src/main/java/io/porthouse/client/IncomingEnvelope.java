package io.porthouse.client;

import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.EnvelopeMetadata;

/** What is known of an envelope when it begins to arrive. Immutable. */
public final class IncomingEnvelope {

    private final String room;
    private final int node;
    private final int origin;
    private final long totalBytes;
    private final boolean text;
    private final EnvelopeMetadata metadata;
    private final ReceiveSpace space;

    IncomingEnvelope(
            String room,
            int node,
            int origin,
            long totalBytes,
            boolean text,
            EnvelopeMetadata metadata,
            ReceiveSpace space) {
        this.room = room;
        this.node = node;
        this.origin = origin;
        this.totalBytes = totalBytes;
        this.text = text;
        this.metadata = metadata;
        this.space = space;
    }

    /** Makes up an envelope that no connection receives, for the test of a handler; see the methods of the same names. */
    public IncomingEnvelope(
            String room, int node, int origin, long totalBytes, boolean isText, EnvelopeMetadata metadata) {
        this(room, node, origin, totalBytes, isText, metadata, ReceiveSpace.unbounded());
    }

    /** The room's full name, {@code account/name}. */
    public String room() {
        return room;
    }

    /** The number of the node that took it in; 0 without a mesh. */
    public int node() {
        return node;
    }

    /** The sender's session handle on that node, to be read as unsigned; 0 for the API. */
    public int origin() {
        return origin;
    }

    /**
     * The payload's length as the sender claims, to be read as unsigned; {@link Chunk#UNKNOWN_TOTAL} if it did not know.
     */
    public long totalBytes() {
        return totalBytes;
    }

    /** Whether the payload says that it is UTF-8. */
    public boolean isText() {
        return text;
    }

    /** What the sender says about the payload; as trustworthy as the sender. */
    public EnvelopeMetadata metadata() {
        return metadata;
    }

    /** What the connection that receives it may hold. */
    ReceiveSpace space() {
        return space;
    }

    @Override
    public String toString() {
        String total = totalBytes == Chunk.UNKNOWN_TOTAL ? "unknown" : Long.toUnsignedString(totalBytes);
        return "IncomingEnvelope[room=" + room + ", totalBytes=" + total + ", metadata=" + metadata + "]";
    }
}
