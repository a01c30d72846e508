package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;

/**
 * The binary body of a GAP: what a member lost, in the place where it was lost.
 *
 * @param first number of the first message lost
 * @param last number of the last message lost, inclusive
 * @param lost messages lost in between, the member's own not counted
 */
public record Gap(long first, long last, long lost) {

    /** Bytes of the body. */
    public static final int BODY_BYTES = 24;

    /** Appends a whole GAP frame. */
    public static void encode(ByteBuf out, int room, long first, long last, long lost) {
        Frame.writeHeader(out, BODY_BYTES, FrameType.GAP, 0, 0, room, 0, 0);
        out.writeLong(first);
        out.writeLong(last);
        out.writeLong(lost);
    }

    /** Reads the body of the GAP frame at {@code frameIndex}. */
    public static Gap decode(ByteBuf in, int frameIndex, int frameBytes) throws MalformedBodyException {
        if (frameBytes != Frame.HEADER_BYTES + BODY_BYTES) {
            throw new MalformedBodyException("a GAP has 24 bytes");
        }
        int body = frameIndex + Frame.BODY_OFFSET;
        return new Gap(in.getLong(body), in.getLong(body + 8), in.getLong(body + 16));
    }
}
