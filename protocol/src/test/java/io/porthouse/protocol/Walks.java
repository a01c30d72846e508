package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;

/** Walks over streams of bytes, as a connection does, with the bytes arriving in any pieces. */
final class Walks {

    /**
     * What a stream holds.
     *
     * @param frameBytes sizes of its whole frames, in order
     * @param end what {@link FrameWalk} says of the bytes behind them
     * @param rest how many bytes were there when it said so first; for a bad length, how many in the end
     */
    record Result(List<Integer> frameBytes, int end, int rest) {}

    private Walks() {}

    /** Walks a stream that arrives at once. */
    static Result walk(byte[] stream, int maxFrameBytes) {
        return walk(stream, maxFrameBytes, new int[0]);
    }

    /**
     * Walks a stream that arrives in pieces, asking after each; a bad length ends it, whatever arrives behind.
     *
     * @param cuts where one piece ends and the next begins, rising
     */
    static Result walk(byte[] stream, int maxFrameBytes, int... cuts) {
        // Exactly as long as the stream: reading a byte that has not arrived fails.
        ByteBuf buf = Unpooled.wrappedBuffer(stream);
        List<Integer> frames = new ArrayList<>();
        int index = 0;
        int end = FrameWalk.INCOMPLETE;
        for (int piece = 0; piece <= cuts.length && end == FrameWalk.INCOMPLETE; piece++) {
            int received = piece == cuts.length ? stream.length : cuts[piece];
            ByteBuf arrived = buf.slice(0, received);
            end = FrameWalk.frameBytes(arrived, index, received, maxFrameBytes);
            while (end > 0) {
                frames.add(end);
                index += end;
                end = FrameWalk.frameBytes(arrived, index, received, maxFrameBytes);
            }
        }
        return new Result(frames, end, stream.length - index);
    }
}
