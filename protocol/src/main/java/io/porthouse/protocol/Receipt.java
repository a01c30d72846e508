package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;

/**
 * The binary body of a RECEIPT. It is cumulative per room: it covers every receipt-flagged envelope of the connection to
 * that room with a correlation up to the header's sequence, except those answered by an ERROR.
 *
 * @param sequence the room's number of the last message covered; 0 if that was an envelope
 * @param recipients the members of this node that have the last one covered queued; read as unsigned
 */
public record Receipt(long sequence, int recipients) {

    /** Bytes of the body. */
    public static final int BODY_BYTES = 12;

    /** Appends a whole RECEIPT frame. */
    public static void encode(ByteBuf out, int room, long correlation, long sequence, int recipients) {
        Frame.writeHeader(out, BODY_BYTES, FrameType.RECEIPT, 0, 0, room, 0, correlation);
        out.writeLong(sequence);
        out.writeInt(recipients);
    }

    /** Reads the body of the RECEIPT frame at {@code frameIndex}. */
    public static Receipt decode(ByteBuf in, int frameIndex, int frameBytes) throws MalformedBodyException {
        if (frameBytes != Frame.HEADER_BYTES + BODY_BYTES) {
            throw new MalformedBodyException("a RECEIPT has 12 bytes");
        }
        return new Receipt(
                in.getLong(frameIndex + Frame.BODY_OFFSET), in.getInt(frameIndex + Frame.BODY_OFFSET + Long.BYTES));
    }
}
