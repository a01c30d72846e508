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

    private final Session session;
    private final Outbox outbox;
    private final Puddle puddle;

    private boolean isAtWork;

    /** Netty tells when it has written what it has. */
    private boolean awaitsWritten;

    private long fedBytes;

    Feed(Session session, Outbox outbox, Puddle puddle) {
        this.session = session;
        this.outbox = outbox;
        this.puddle = puddle;
    }

    /** Returns whether {@link #run} is at work, which looks at the channel's writability itself. */
    boolean isAtWork() {
        return isAtWork;
    }

    /** Feeds Netty and flushes, until the channel is not writable or there is nothing to send now. */
    void run() {
        ChannelHandlerContext ctx = session.ingress.context();
        if (ctx == null) {
            return;
        }
        isAtWork = true;
        try {
            Channel channel = ctx.channel();
            while (fill(ctx, channel)) {
                ctx.flush();
                outbox.relax();
            }
            if (!outbox.isEmpty() && isSparing(channel)) {
                awaitWritten(ctx);
            }
        } finally {
            isAtWork = false;
        }
    }

    private boolean fill(ChannelHandlerContext ctx, Channel channel) {
        boolean fed = false;
        while (channel.isWritable() && !isSparing(channel)) {
            ByteBuf buffer = outbox.poll();
            if (buffer == null) {
                break;
            }
            int bytes = buffer.readableBytes();
            fedBytes += bytes;
            puddle.stats.sentBytes.add(bytes);
            ChannelFuture unused = ctx.write(buffer, ctx.voidPromise());
            fed = true;
        }
        return fed;
    }

    /** While memory is short, Netty is not given more before it has written what it has. */
    private boolean isSparing(Channel channel) {
        if (!puddle.sparesMemory()) {
            return false;
        }
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        return pending != null && pending.totalPendingWriteBytes() > 0;
    }

    /** Has the session looked at again when Netty has written all: of what leaves it writable, the channel does not tell. */
    private void awaitWritten(ChannelHandlerContext ctx) {
        if (!awaitsWritten) {
            awaitsWritten = true;
            ChannelFuture unused = ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
                awaitsWritten = false;
                session.touch();
            });
        }
    }

    /** Returns the bytes given to Netty so far. */
    long sentBytes() {
        return fedBytes;
    }

    /** Returns the bytes given to the kernel so far: while this rises, the peer is reading. */
    long writtenBytes() {
        return fedBytes - unwrittenBytes();
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
        ChannelHandlerContext ctx = session.ingress.context();
        return ctx == null ? null : ctx.channel().unsafe().outboundBuffer();
    }
}
