package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ControlCodec;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Receipt;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a session is still to be sent, before Netty's outbound buffer, in which nothing can be reordered or taken back any
 * more: a control lane, and a lane of messages and chunks in their rooms' order. Netty is fed only as far as its channel is
 * writable. Confined to the session's loop.
 *
 * <p>What does not fit is never queued silently: the caller is told, and acts by its room's rule.
 */
final class Outbox {

    /** Above this the connection is closed with 3001: it provokes answers that it does not read. */
    static final long MAX_CONTROL_BYTES = 256 << 10;

    /** Above this the session is not read, until it has read. */
    static final long HIGH_CONTROL_BYTES = 64 << 10;

    /**
     * Up to this a run is copied into the session's block; a longer one is a slice of the read buffer, which it then pins.
     */
    static final int COPY_BYTES = 4 << 10;

    private static final int CONTROL_FRAME_BYTES = 256;

    private final Session session;
    private final Puddle puddle;
    private final ByteBufAllocator allocator;
    private final Lane control;
    private final Lane bulk;

    private final List<Membership> losers = new ArrayList<>(0);
    private final List<Membership> pausing = new ArrayList<>(0);

    private boolean shut;
    private boolean flushing;
    private long fedBytes;

    /** What the puddle's totals know of this outbox. */
    private long reportedBytes;

    Outbox(Session session, Puddle puddle, ByteBufAllocator allocator) {
        this.session = session;
        this.puddle = puddle;
        this.allocator = allocator;
        this.control = new Lane(allocator);
        this.bulk = new Lane(allocator);
    }

    // ---- messages and chunks

    /** Queues a run of messages if it fits into the budget; an outbox without messages takes any one run. */
    boolean offerMessages(Run run, SharedSlice slice) {
        if (shut) {
            return false;
        }
        if (!fits(Lane.Kind.MESSAGES, run, puddle.messageBudgetBytes())) {
            // One round may bring more than a small budget: who reads what it is sent loses nothing by that.
            flush();
            if (!fits(Lane.Kind.MESSAGES, run, puddle.messageBudgetBytes())) {
                return false;
            }
        }
        append(run, slice, Lane.Kind.MESSAGES);
        return true;
    }

    private boolean fits(Lane.Kind kind, Run run, long budgetBytes) {
        long queued = bulk.chargedBytes(kind);
        return queued == 0 || queued + run.bytes <= budgetBytes;
    }

    /** Returns whether chunks fit below their mark; an outbox without chunks takes any one run. */
    boolean chunksFit(Run run) {
        if (!fits(Lane.Kind.CHUNKS, run, puddle.chunkMarkBytes())) {
            flush();
        }
        return fits(Lane.Kind.CHUNKS, run, puddle.chunkMarkBytes());
    }

    /** Returns whether publishers of chunks have to wait for this session. */
    boolean chunksAreOverMark() {
        return bulk.chargedBytes(Lane.Kind.CHUNKS) > puddle.chunkMarkBytes();
    }

    /** Queues a run of chunks. */
    void addChunks(Run run, SharedSlice slice) {
        if (!shut) {
            append(run, slice, Lane.Kind.CHUNKS);
        }
    }

    private void append(Run run, SharedSlice slice, Lane.Kind kind) {
        if (run.bytes <= COPY_BYTES) {
            bulk.block(kind, run.bytes).writeBytes(run.block, run.start, run.bytes);
        } else {
            bulk.addSlice(slice.take(), run.block, kind);
        }
        session.touch();
    }

    /** A membership begins to lose messages; it is told when the lane is half empty again. */
    void addLoser(Membership membership) {
        losers.add(membership);
    }

    /** A membership begins to hold up its room's envelopes; it ends when the chunks are down to half of their mark. */
    void addPausing(Membership membership) {
        pausing.add(membership);
    }

    void removePausing(Membership membership) {
        pausing.remove(membership);
    }

    // ---- control

    /** Queues a control frame in the control lane, which overtakes messages. */
    void queueControl(ControlBody body, int room, int origin, long correlation) {
        addControl(control, buf -> ControlCodec.encode(buf, body, room, origin, correlation));
    }

    /** Queues a frame that has its place in a room's order, behind the messages before it. */
    void queueInOrder(Consumer<ByteBuf> encoder) {
        addControl(bulk, encoder);
    }

    private void addControl(Lane lane, Consumer<ByteBuf> encoder) {
        if (shut) {
            return;
        }
        ByteBuf frame = allocator.directBuffer(CONTROL_FRAME_BYTES);
        try {
            encoder.accept(frame);
            lane.block(Lane.Kind.CONTROL, frame.readableBytes()).writeBytes(frame);
        } finally {
            frame.release();
        }
        controlAdded();
    }

    void queueReceipt(int room, long correlation, long sequence, int recipients) {
        if (!shut) {
            ByteBuf block = control.block(Lane.Kind.CONTROL, Frame.HEADER_BYTES + Receipt.BODY_BYTES);
            Receipt.encode(block, room, correlation, sequence, recipients);
            controlAdded();
        }
    }

    void queueFlow(int room, boolean paused) {
        if (!shut) {
            ByteBuf block = control.block(Lane.Kind.CONTROL, Frame.HEADER_BYTES + 1);
            Frame.writeHeader(block, 1, FrameType.FLOW, 0, 0, room, 0, 0);
            block.writeByte(paused ? 1 : 0);
            controlAdded();
        }
    }

    /** Queues a frame without a body: PING or PONG. */
    void queueEmpty(byte type, long correlation) {
        if (!shut) {
            ByteBuf block = control.block(Lane.Kind.CONTROL, Frame.HEADER_BYTES);
            Frame.writeHeader(block, 0, type, 0, 0, 0, 0, correlation);
            controlAdded();
        }
    }

    /** Tells the member that the rest of an envelope does not come; behind the chunks that it has queued. */
    void queueCancel(Room room, int origin, int envelopeId) {
        if (!shut) {
            ByteBuf block = bulk.block(Lane.Kind.CONTROL, Chunk.CANCEL_FRAME_BYTES);
            Chunk.writeCancel(block, 0, room.handle(), origin, envelopeId);
            controlAdded();
        }
    }

    private void controlAdded() {
        session.touch();
        if (controlBytes() > HIGH_CONTROL_BYTES) {
            session.suspend(Session.ANSWERS_UNREAD);
        }
    }

    private long controlBytes() {
        return control.chargedBytes(Lane.Kind.CONTROL) + bulk.chargedBytes(Lane.Kind.CONTROL);
    }

    // ---- to the socket

    /** Feeds Netty as far as the channel is writable, and flushes. Once per round, and when the channel is writable again. */
    void flush() {
        ChannelHandlerContext ctx = session.ingress.context();
        if (flushing || ctx == null) {
            return;
        }
        flushing = true;
        try {
            Channel channel = ctx.channel();
            while (feed(ctx, channel)) {
                ctx.flush();
                relax();
            }
        } finally {
            flushing = false;
        }
        // Not before: who reads may be owed much at once, such as a GRANTED for each of its rooms.
        if (controlBytes() > MAX_CONTROL_BYTES) {
            session.markSlow();
        }
        report();
    }

    /** Returns whether {@link #flush} is at work, which looks at the channel's writability itself. */
    boolean isFlushing() {
        return flushing;
    }

    private boolean feed(ChannelHandlerContext ctx, Channel channel) {
        boolean fed = false;
        while (channel.isWritable()) {
            ByteBuf buffer = next();
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

    private @Nullable ByteBuf next() {
        return control.isEmpty() ? bulk.poll() : control.poll();
    }

    /** Ends what was held up by a full outbox: spans of loss, pauses of rooms, and the session's own reading. */
    private void relax() {
        if (!losers.isEmpty() && bulk.chargedBytes(Lane.Kind.MESSAGES) <= puddle.messageBudgetBytes() / 2) {
            for (Membership loser : losers) {
                loser.tellLoss();
            }
            losers.clear();
        }
        if (!pausing.isEmpty() && bulk.chargedBytes(Lane.Kind.CHUNKS) <= puddle.chunkMarkBytes() / 2) {
            endPauses();
        }
        if (controlBytes() <= HIGH_CONTROL_BYTES / 2) {
            session.resume(Session.ANSWERS_UNREAD);
        }
    }

    private void endPauses() {
        for (Membership membership : List.copyOf(pausing)) {
            membership.resumeRoom();
        }
    }

    /** Brings the puddle's totals up to date. */
    private void report() {
        long bytes = control.chargedBytes() + bulk.chargedBytes();
        if (bytes != reportedBytes) {
            PuddleStats stats = puddle.stats;
            stats.lagBytes.add(bytes - reportedBytes);
            stats.laggingSessions.add((bytes > 0 ? 1 : 0) - (reportedBytes > 0 ? 1 : 0));
            reportedBytes = bytes;
        }
    }

    // ---- the end

    /** Discards what is queued, and takes nothing any more. */
    void shut() {
        shut = true;
        control.clear();
        bulk.clear();
        losers.clear();
        endPauses();
        report();
    }

    /** Takes nothing new, but keeps what is queued, to be sent before the connection ends, with what was lost behind it. */
    void shutBehindQueued() {
        losers.forEach(Membership::tellLoss);
        losers.clear();
        shut = true;
    }

    boolean isShut() {
        return shut;
    }

    /** Returns whether everything is with the kernel. */
    boolean isDrained() {
        return control.isEmpty() && bulk.isEmpty() && unwrittenInNetty() == 0;
    }

    /** Returns the bytes given to the kernel so far: while this rises, the peer is reading. */
    long writtenBytes() {
        return fedBytes - unwrittenInNetty();
    }

    /** Returns the bytes handed to the socket so far. */
    long sentBytes() {
        return fedBytes;
    }

    /** Returns what is queued and not yet with the kernel. */
    long lagBytes() {
        return control.chargedBytes() + bulk.chargedBytes() + unwrittenInNetty();
    }

    /** Returns whether this session's chunks hold up any room. */
    boolean isHoldingUp() {
        return !pausing.isEmpty();
    }

    /** Not Netty's own figure, which adds an overhead for each buffer, and would fall as more are fed. */
    private long unwrittenInNetty() {
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
