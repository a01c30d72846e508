package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;

/**
 * One step of the walk over a buffer of frames: how long is the frame that starts here, and is it all there? The answer is
 * a value, because an incomplete frame is the ordinary end of every read.
 */
public final class FrameWalk {

    /** The frame is not whole yet. */
    public static final int INCOMPLETE = 0;

    /** The length field is below {@link Frame#MIN_LENGTH}: {@link CloseCode#PROTOCOL_ERROR}. */
    public static final int TOO_SHORT = -1;

    /** The frame is longer than {@code maxFrameBytes}: {@link CloseCode#FRAME_TOO_LARGE}. */
    public static final int TOO_LARGE = -2;

    private FrameWalk() {}

    /**
     * Looks at the frame that starts at {@code frameIndex}. A bad length is reported as soon as its four bytes are there,
     * so nothing is ever buffered for a frame that will be refused.
     *
     * @param endIndex where the received bytes end
     * @param maxFrameBytes the largest whole frame allowed
     * @return bytes of the whole frame (at least {@link Frame#HEADER_BYTES}), or one of {@link #INCOMPLETE}, {@link
     *     #TOO_SHORT}, {@link #TOO_LARGE}
     */
    public static int frameBytes(ByteBuf buf, int frameIndex, int endIndex, int maxFrameBytes) {
        int available = endIndex - frameIndex;
        if (available < Frame.LENGTH_FIELD_BYTES) {
            return INCOMPLETE;
        }
        int length = buf.getInt(frameIndex);
        if (length < 0 || length > maxFrameBytes - Frame.LENGTH_FIELD_BYTES) {
            return TOO_LARGE;
        }
        if (length < Frame.MIN_LENGTH) {
            return TOO_SHORT;
        }
        int bytes = length + Frame.LENGTH_FIELD_BYTES;
        return bytes <= available ? bytes : INCOMPLETE;
    }
}
