package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;

/**
 * The binary body of a FLOW: chunks to a room are to wait, or may go on.
 *
 * @param paused true: the room's slowest member is behind; a session that sends chunks there is not read until it caught up
 */
public record Flow(boolean paused) {

    /** Bytes of the body. */
    public static final int BODY_BYTES = 1;

    private static final int PAUSED = 1;

    /** Appends a whole FLOW frame. */
    public static void encode(ByteBuf out, int room, boolean paused) {
        Frame.writeHeader(out, BODY_BYTES, FrameType.FLOW, 0, 0, room, 0, 0);
        out.writeByte(paused ? PAUSED : 0);
    }

    /** Reads the body of the FLOW frame at {@code frameIndex}. */
    public static Flow decode(ByteBuf in, int frameIndex, int frameBytes) throws MalformedBodyException {
        if (frameBytes != Frame.HEADER_BYTES + BODY_BYTES) {
            throw new MalformedBodyException("a FLOW has 1 byte");
        }
        byte state = in.getByte(frameIndex + Frame.BODY_OFFSET);
        if (state != 0 && state != PAUSED) {
            throw new MalformedBodyException("a FLOW is 0 or 1");
        }
        return new Flow(state == PAUSED);
    }
}
