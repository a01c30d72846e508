package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.UncheckedBooleanSupplier;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TCP binding: turns what a socket delivers into whole frames that lie in one buffer.
 *
 * <p>It tells Netty where to read to, so that frames are never put together by copying: the next bytes land directly behind
 * an unfinished frame. A read buffer is lent by the puddle, and passes from session to session as long as nothing unread
 * stays in it; an idle connection holds none. Where a frame outgrows its buffer, it moves to one of twice the size, so
 * buffers grow with bytes received and never with bytes announced. Bytes that were routed belong to their runs and are
 * neither moved nor overwritten.
 */
final class TcpIngress extends ChannelInboundHandlerAdapter
        implements RecvByteBufAllocator, RecvByteBufAllocator.ExtendedHandle {

    /** An unfinished frame up to this size does not keep a whole read buffer between reads. */
    private static final int SMALL_REST_BYTES = 4 << 10;

    /** As long as nobody knows who it is, it gets little more memory than it has sent. */
    private static final int STRANGERS_REST_BYTES = ReadBlocks.BLOCK_BYTES / 2;

    /** Who has sent a frame larger than this gets read buffers of its own, with place for several. */
    static final int LARGE_FRAME_BYTES = 8 << 10;

    /** How many large frames a read buffer is to hold: what is left of the last is moved, and each slice pins it all. */
    private static final int FRAMES_PER_BLOCK = 8;

    private static final int MAX_PREFERRED_BYTES = 1 << 20;

    /** One read brings no more, so that others' messages do not wait for long behind what follows from it. */
    static final int MAX_READ_BYTES = 256 << 10;

    /**
     * One read for each time that a socket is ready: what it brought is routed and written before the next, while it is in
     * the processor's cache, and no socket keeps the others waiting.
     */
    private static final int READS_PER_EVENT = 1;

    private static final Logger LOG = LoggerFactory.getLogger(TcpIngress.class);

    private final Puddle puddle;
    private final Session session;

    private @Nullable ChannelHandlerContext context;

    /** What is read into; its readable bytes have not been routed. */
    private @Nullable ByteBuf block;

    /** The beginning of a frame, copied out of the read buffer to wait for the rest. */
    private @Nullable ByteBuf rest;

    /** The size of the next read buffer: earned by frames received, not by frames announced. */
    private int preferredBytes = ReadBlocks.BLOCK_BYTES;

    private int largestFrameBytes;

    /** A read into the buffer is under way, which with io_uring takes a while: nobody else may read into it. */
    private boolean isReadUnderWay;

    /** Netty was given a part of the read buffer, and not the buffer itself. */
    private boolean readsPart;

    private boolean discards;

    // The last read, as Netty reports it:
    private @Nullable ChannelConfig config;
    private int attemptedBytes;
    private int lastBytes;
    private int reads;

    TcpIngress(Node node, Puddle puddle) {
        this.puddle = puddle;
        this.session = new Session(node, puddle, this);
    }

    /** Returns where to write; null before the connection is there. */
    @Nullable
    ChannelHandlerContext context() {
        return context;
    }

    Session session() {
        return session;
    }

    /** Returns where the peer connects from, {@code host:port}; empty if that is not known any more. */
    String remoteAddress() {
        return context != null && context.channel().remoteAddress() instanceof InetSocketAddress peer
                ? peer.getAddress().getHostAddress() + ":" + peer.getPort()
                : "";
    }

    // ---- what the session asks for

    /** The session has sent a frame larger than {@link #LARGE_FRAME_BYTES}: the next read buffer is made for such. */
    void noteLargeFrame(int frameBytes) {
        largestFrameBytes = Math.max(largestFrameBytes, frameBytes);
    }

    /** Reads on, or stops reading. */
    void setReading(boolean reads) {
        if (context != null) {
            context.channel().config().setAutoRead(reads || discards);
        }
    }

    /** Has the session take what it left unread, then reads on. */
    void resume() {
        if (block == null && rest != null) {
            block = takeBlock();
        }
        consume();
        returnBlock(SMALL_REST_BYTES);
        if (!session.gate.isSuspended()) {
            setReading(true);
        }
    }

    /** Nothing that comes in matters any more; it is read so that the last frame sent is not lost by a reset. */
    void discardInput() {
        discards = true;
        setReading(true);
    }

    /** Writes a last frame behind what Netty holds. Takes over the reference. */
    ChannelFuture writeLast(ByteBuf frame) {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            frame.release();
            throw new IllegalStateException("there is no connection yet");
        }
        return ctx.writeAndFlush(frame);
    }

    /** Ends the stream to the peer, and goes on reading. */
    void shutOutput() {
        if (context != null && context.channel() instanceof DuplexChannel channel && channel.isActive()) {
            ChannelFuture unused = channel.shutdownOutput();
        }
    }

    void close() {
        if (context != null) {
            ChannelFuture unused = context.close();
        }
    }

    /** Closes without a goodbye: the peer gets a reset, and what Netty holds is never sent. */
    void reset() {
        if (context != null && context.channel().isActive()) {
            context.channel().config().setOption(ChannelOption.SO_LINGER, 0);
        }
        close();
    }

    // ---- what the channel reports

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        ctx.channel().config().setRecvByteBufAllocator(this);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        session.start();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object read) {
        ((ByteBuf) read).release();
        ByteBuf in = block;
        if (readsPart && in != null) {
            in.writerIndex(in.writerIndex() + lastBytes);
        }
        puddle.countRead(lastBytes);
        session.countRead(lastBytes);
        consume();
    }

    private void consume() {
        ByteBuf in = block;
        if (in != null && in.isReadable()) {
            session.take(in);
        }
        returnBlock(0);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        returnBlock(session.isWelcomed() ? SMALL_REST_BYTES : STRANGERS_REST_BYTES);
    }

    /** Gives the read buffer back if at most this much is unread in it; that much waits in a small buffer of its own. */
    private void returnBlock(int atMostUnread) {
        ByteBuf in = block;
        if (in == null || isReadUnderWay || in.readableBytes() > atMostUnread) {
            return;
        }
        if (in.isReadable()) {
            rest = puddle.allocate(in.readableBytes()).writeBytes(in, in.readerIndex(), in.readableBytes());
        }
        block = null;
        preferBlocks();
        puddle.readBlocks.giveBack(in);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable() && !session.outbox.isFlushing()) {
            session.touch();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            session.inputEnded();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        try {
            session.disconnected();
        } finally {
            // Not when it is closed, which may be inside the walk over what was read.
            releaseBuffers();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("session {} broke off: {}", session.handle, cause.getMessage());
        } else {
            LOG.error("session {} failed and is closed", session.handle, cause);
        }
        close();
    }

    private void releaseBuffers() {
        ByteBuf held = block;
        block = null;
        if (held != null) {
            held.release();
        }
        ByteBuf waiting = rest;
        rest = null;
        if (waiting != null) {
            waiting.release();
        }
    }

    // ---- where Netty reads to

    @Override
    public ExtendedHandle newHandle() {
        return this;
    }

    /** Returns where the next read goes; Netty releases, or hands on, a reference of its own. */
    @Override
    public ByteBuf allocate(ByteBufAllocator ignored) {
        ByteBuf in = block;
        if (in == null) {
            in = takeBlock();
        } else if (in.writableBytes() < ReadBlocks.MIN_READ_BYTES) {
            in = moveRest(in);
        }
        block = in;
        isReadUnderWay = true;
        readsPart = in.writableBytes() > MAX_READ_BYTES;
        return readsPart ? in.retainedSlice(in.writerIndex(), MAX_READ_BYTES).writerIndex(0) : in.retain();
    }

    /** Adapts the next read buffer to the frames of the last one. */
    private void preferBlocks() {
        int wanted = Integer.highestOneBit(Math.min(MAX_PREFERRED_BYTES, largestFrameBytes * FRAMES_PER_BLOCK));
        preferredBytes = Math.max(ReadBlocks.BLOCK_BYTES, wanted);
        largestFrameBytes = 0;
    }

    /** Borrows a read buffer, or makes a larger one, and puts the beginning of a frame in front. */
    private ByteBuf takeBlock() {
        int frameBytes = preferredBytes > ReadBlocks.BLOCK_BYTES ? preferredBytes / FRAMES_PER_BLOCK : 0;
        ByteBuf begun = rest;
        int begunBytes = begun == null ? 0 : begun.readableBytes();
        ByteBuf lent =
                puddle.readBlocks.take(preferredBytes, Math.max(begunBytes + ReadBlocks.MIN_READ_BYTES, frameBytes));
        lent.readerIndex(lent.writerIndex());
        if (begun != null) {
            rest = null;
            lent.writeBytes(begun);
            begun.release();
        }
        return lent;
    }

    /** Moves what is unread to a new buffer. The old one lives on in the runs that were cut from it. */
    private ByteBuf moveRest(ByteBuf full) {
        int unread = full.readableBytes();
        preferBlocks();
        int needed = unread > full.capacity() / 2 ? full.capacity() * 2 : unread * 2;
        ByteBuf roomier = puddle.allocate(Math.max(needed, preferredBytes));
        roomier.writeBytes(full, full.readerIndex(), unread);
        full.release();
        return roomier;
    }

    @Override
    public int guess() {
        return ReadBlocks.BLOCK_BYTES;
    }

    @Override
    public void reset(ChannelConfig channelConfig) {
        config = channelConfig;
        reads = 0;
    }

    @Override
    public void incMessagesRead(int count) {
        reads += count;
    }

    @Override
    public void lastBytesRead(int bytes) {
        isReadUnderWay = false;
        lastBytes = bytes;
    }

    @Override
    public int lastBytesRead() {
        return lastBytes;
    }

    @Override
    public void attemptedBytesRead(int bytes) {
        attemptedBytes = bytes;
    }

    @Override
    public int attemptedBytesRead() {
        return attemptedBytes;
    }

    @Override
    public boolean continueReading() {
        return continueReading(() -> attemptedBytes == lastBytes);
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier mayHaveMore) {
        ChannelConfig reading = config;
        return reading != null && reading.isAutoRead() && reads < READS_PER_EVENT && mayHaveMore.get();
    }

    @Override
    public void readComplete() {
        // A read that brought nothing leaves a buffer without anything unread behind.
        if (lastBytes <= 0) {
            returnBlock(0);
        }
    }
}
