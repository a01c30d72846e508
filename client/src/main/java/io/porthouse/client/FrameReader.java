package io.porthouse.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameWalk;

/**
 * Cuts what the socket gives into whole frames: each is shown to the link, and what the user is to see of one read goes on
 * as one batch. Where the bytes lie is the {@link ReadBuffer}'s.
 */
final class FrameReader extends ChannelInboundHandlerAdapter {

    /** Until WELCOME names the router's own limit. */
    static final int FIRST_MAX_FRAME_BYTES = 64 << 10;

    private final Link link;
    private final ReadBuffer received = new ReadBuffer();
    private int maxFrameBytes = FIRST_MAX_FRAME_BYTES;

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
    public void handlerAdded(ChannelHandlerContext ctx) {
        ctx.channel().config().setRecvByteBufAllocator(received);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        // The same as the read buffer's block, which has a reference of its own.
        ((ByteBuf) message).release();
        link.onBytes();
        ByteBuf block = received.block();
        int bad = block == null ? 0 : walk(block);
        if (bad != 0) {
            link.onBadFrame(bad);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        received.readComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        link.onWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        received.release();
        link.onDisconnected(null);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        link.onFailure(cause);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        received.release();
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
}
