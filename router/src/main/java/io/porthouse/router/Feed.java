package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Feeds Netty from a session's {@link Outbox}, only as far as its channel is writable, and knows how far the bytes have got.
 * Confined to the session's loop.
 */
final class Feed {

    private final TcpIngress ingress;
    private final Puddle puddle;

    /** Has the session looked at again. */
    private final Runnable touch;

    private boolean isFlushing;

    /** Netty tells when it has written what it has. */
    private boolean awaitsWritten;

    private long sentBytes;

    Feed(TcpIngress ingress, Puddle puddle, Runnable touch) {
        this.ingress = ingress;
        this.puddle = puddle;
        this.touch = touch;
    }

    /** Returns whether {@link #run} is at work, which looks at the channel's writability itself. */
    boolean isFlushing() {
        return isFlushing;
    }

    /** Feeds Netty and flushes, until the channel is not writable or there is nothing to send now. */
    void run(Outbox outbox) {
        ChannelHandlerContext ctx = ingress.context();
        if (ctx == null) {
            return;
        }
        isFlushing = true;
        try {
            Channel channel = ctx.channel();
            while (fill(outbox, ctx, channel)) {
                ctx.flush();
            }
            if (!outbox.isEmpty() && isSparing()) {
                awaitWritten(ctx);
            }
        } finally {
            isFlushing = false;
        }
    }

    private boolean fill(Outbox outbox, ChannelHandlerContext ctx, Channel channel) {
        boolean fed = false;
        while (channel.isWritable() && !isSparing()) {
            ByteBuf buffer = outbox.poll();
            if (buffer == null) {
                break;
            }
            int bytes = buffer.readableBytes();
            sentBytes += bytes;
            puddle.stats.sentBytes.add(bytes);
            ChannelFuture unused = ctx.write(buffer, ctx.voidPromise());
            fed = true;
        }
        return fed;
    }

    /** While memory is short, Netty is not given more before it has written what it has. */
    private boolean isSparing() {
        if (!puddle.sparesMemory()) {
            return false;
        }
        ChannelOutboundBuffer pending = nettyBuffer();
        return pending != null && pending.totalPendingWriteBytes() > 0;
    }

    /** Has the session looked at again when Netty has written all: of what leaves it writable, the channel does not tell. */
    private void awaitWritten(ChannelHandlerContext ctx) {
        if (!awaitsWritten) {
            awaitsWritten = true;
            ChannelFuture unused = ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
                awaitsWritten = false;
                touch.run();
            });
        }
    }

    /** Returns the bytes given to Netty so far. */
    long sentBytes() {
        return sentBytes;
    }

    /** Returns the bytes given to the kernel so far: while this rises, the peer is reading. */
    long writtenBytes() {
        return sentBytes - unwrittenBytes();
    }

    /** Returns what Netty holds. Not its own figure, which adds an overhead for each buffer, and would fall as more are fed. */
    long unwrittenBytes() {
        ChannelOutboundBuffer pending = nettyBuffer();
        if (pending == null || pending.isEmpty()) {
            return 0;
        }
        Unwritten unwritten = new Unwritten();
        try {
            pending.forEachFlushedMessage(unwritten);
        } catch (Exception e) {
            throw new IllegalStateException("adding up does not fail", e);
        }
        return unwritten.bytes;
    }

    /** Adds up what is left of buffers. */
    private static final class Unwritten implements ChannelOutboundBuffer.MessageProcessor {
        private long bytes;

        @Override
        public boolean processMessage(Object message) {
            bytes += ((ByteBuf) message).readableBytes();
            return true;
        }
    }

    private @Nullable ChannelOutboundBuffer nettyBuffer() {
        ChannelHandlerContext ctx = ingress.context();
        return ctx == null ? null : ctx.channel().unsafe().outboundBuffer();
    }
}
