package io.porthouse.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameWalk;
import org.jspecify.annotations.Nullable;

/**
 * Cuts what the socket gives into whole frames: each is shown to the link, and what the user is to see of one read goes on
 * as one batch. Grows by what was received, never by what a frame announces.
 */
final class FrameReader extends ChannelInboundHandlerAdapter {

    /** Until WELCOME names the router's own limit. */
    static final int FIRST_MAX_FRAME_BYTES = 64 << 10;

    private final Link link;
    private int maxFrameBytes = FIRST_MAX_FRAME_BYTES;
    private @Nullable ByteBuf received;

    FrameReader(Link link) {
        this.link = link;
    }

    void maxFrameBytes(int bytes) {
        maxFrameBytes = bytes;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        link.onConnected(ctx.channel(), this);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        ByteBuf buffer = join(ctx, received, in);
        received = buffer;
        int bad = walk(buffer);
        if (bad != 0) {
            link.onBadFrame(bad);
        }
        if (received != null && !received.isReadable()) {
            received.release();
            received = null;
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        link.onWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        dropReceived();
        link.onDisconnected(null);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        link.onFailure(cause);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        dropReceived();
    }

    /** Shows each whole frame to the link; returns 0, or what is wrong with the next one's length. */
    private int walk(ByteBuf buffer) {
        int start = buffer.readerIndex();
        int end = buffer.writerIndex();
        int index = start;
        boolean forUser = false;
        int bytes = FrameWalk.frameBytes(buffer, index, end, maxFrameBytes);
        while (bytes > 0) {
            forUser |= link.onFrame(Frame.type(buffer, index), buffer, index, bytes);
            index += bytes;
            bytes = FrameWalk.frameBytes(buffer, index, end, maxFrameBytes);
        }
        if (forUser) {
            link.onBatch(buffer, start, index - start);
        }
        buffer.readerIndex(index);
        return bytes;
    }

    /** Puts what was read behind what is left of earlier reads. Doubles, so that a large frame is not copied again and again. */
    private static ByteBuf join(ChannelHandlerContext ctx, @Nullable ByteBuf before, ByteBuf in) {
        if (before == null) {
            return in;
        }
        ByteBuf joined = before;
        // A buffer that a batch still reads from must not move under it, and is larger than the rest needs.
        if (before.writableBytes() < in.readableBytes() || before.refCnt() > 1) {
            int needed = before.readableBytes() + in.readableBytes();
            joined = ctx.alloc().directBuffer(Math.max(needed, 2 * before.readableBytes()));
            joined.writeBytes(before);
            before.release();
        }
        joined.writeBytes(in);
        in.release();
        return joined;
    }

    private void dropReceived() {
        if (received != null) {
            received.release();
            received = null;
        }
    }
}
