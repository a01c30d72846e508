package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ControlCodec;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Receipt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a session is still to be sent, before Netty's outbound buffer, in which nothing can be reordered or taken back any
 * more: a lane for control frames, one for messages in their rooms' order, with the markers that belong into it, and one for
 * chunks; and whose turn it is when the {@link Feed} asks. Confined to the session's loop.
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

    /** Messages overtake chunks, but for one byte of chunks in so many of messages, so that neither waits for ever. */
    private static final int MESSAGE_BYTES_PER_CHUNK_BYTE = 7;

    /**
     * So many bytes of chunks, and up to a buffer more, one session is sent before others have their turn: about what a
     * kernel takes at once.
     */
    private static final int CHUNK_SHARE_BYTES = 128 << 10;

    private static final int CONTROL_FRAME_BYTES = 256;

    private final Session session;
    private final Puddle puddle;
    private final ByteBufAllocator allocator;
    private final Lane control;
    private final Lane messages;

    /** Of control frames and messages. */
    private final Charge messageCharge = new Charge();

    private final Feed feed;
    private final Congestion congestion = new Congestion();
    private final ReportedLag reported;

    /** Null while the session was never sent a chunk, as most are not. */
    private @Nullable ChunkLane chunks;

    /** What chunks may be sent although messages wait. */
    private long chunkCredit;

    /** What is left of chunks for the flush at work, while no messages wait. */
    private long chunkQuota;

    /** It has been sent its share of chunks. */
    private boolean awaitsTurn;

    private boolean shut;

    /** What of the control frames tells of lost envelopes; not less than of those that are still queued. */
    private long lossBytes;

    Outbox(Session session, Puddle puddle, ByteBufAllocator allocator) {
        this.session = session;
        this.puddle = puddle;
        this.allocator = allocator;
        this.control = new Lane(allocator, messageCharge);
        this.messages = new Lane(allocator, messageCharge);
        this.feed = new Feed(session.ingress, puddle, session::touch);
        this.reported = new ReportedLag(puddle.stats);
    }

    // ---- messages and chunks

    /** Queues a run of messages if it fits into the budget; an outbox without messages takes any one run. */
    boolean offerMessages(Run run, SharedSlice slice) {
        if (shut) {
            return false;
        }
        if (!messagesFit(run)) {
            makePlace(Traffic.MESSAGES);
            if (!messagesFit(run)) {
                return false;
            }
        }
        add(run, run.bytes <= COPY_BYTES, slice);
        return true;
    }

    private boolean messagesFit(Run run) {
        long more = run.bytes <= COPY_BYTES ? messages.growth(run.bytes) : run.bytes;
        return fits(messageCharge.bytes(), more, puddle.messageBudgetBytes());
    }

    private static boolean fits(long queuedBytes, long moreBytes, long budgetBytes) {
        return queuedBytes == 0 || queuedBytes + moreBytes <= budgetBytes;
    }

    /**
     * Queues a run of messages, whether it fits or not. What does not fit is not copied: a crowd of members shares it as it
     * was read.
     */
    void addMessages(Run run, SharedSlice slice) {
        add(run, run.bytes <= COPY_BYTES && messagesFit(run), slice);
    }

    private void add(Run run, boolean isCopied, SharedSlice slice) {
        if (isCopied) {
            long before = messageCharge.bytes();
            messages.block(false, run.bytes).writeBytes(run.block, run.start, run.bytes);
            // A crowd may take megabytes for one run, so the limit is looked at in between.
            puddle.took(messageCharge.bytes() - before);
        } else {
            messages.addSlice(slice.take(), run.block);
        }
        session.touch();
    }

    /** Returns how many buffers the lane of messages has been given so far. */
    long messageBuffers() {
        return messages.pushed();
    }

    /** Returns whether chunks fit below their mark; an outbox without chunks takes any one run. */
    boolean chunksFit(Run run) {
        if (!fits(chunkBytes(), run.bytes, puddle.chunkMarkBytes())) {
            makePlace(Traffic.CHUNKS);
        }
        return fits(chunkBytes(), run.bytes, puddle.chunkMarkBytes());
    }

    /** Queues a run of chunks, whether it fits or not; what does not fit is not copied, as with messages. */
    void addChunks(Membership member, Run run, SharedSlice slice) {
        long before = chunkBytes();
        boolean isCopied = run.bytes <= COPY_BYTES && fits(before, run.bytes, puddle.chunkMarkBytes());
        chunkLane().add(member, run, isCopied, slice, messages.pushed());
        if (isCopied) {
            // As for messages; what is not copied was counted when it was read.
            puddle.took(chunkBytes() - before);
        }
        session.touch();
    }

    private ChunkLane chunkLane() {
        ChunkLane lane = chunks;
        if (lane == null) {
            lane = new ChunkLane(allocator);
            chunks = lane;
        }
        return lane;
    }

    private long chunkBytes() {
        return chunks == null ? 0 : chunks.chargedBytes();
    }

    /**
     * Tells the member that the rest of an envelope does not come. What is queued of it is sent as far as the channel takes it
     * with the next share of chunks, and given up after that.
     */
    void cancel(Membership member, int origin, int envelopeId) {
        if (!shut) {
            chunkLane().cancel(member, origin, envelopeId, messages.pushed());
            puddle.stats.cancelledEnvelopes.add(1);
            session.touch();
        }
    }

    /**
     * Tells the member that not even the first chunk of an envelope comes. Many that are small cost more than they bring, and
     * nobody waits for this member, so who does not take it that it is told is closed.
     */
    void lose(Membership member, int origin, int envelopeId) {
        if (shut) {
            return;
        }
        if (controlBytes() > mostLossBytes()) {
            session.markSlow();
            return;
        }
        long before = controlBytes();
        if (hasQueued(member, origin, envelopeId)) {
            chunkLane().lose(member, origin, envelopeId, messages.pushed());
        } else {
            writeCancel(member, origin, envelopeId);
        }
        lossBytes += controlBytes() - before;
        puddle.stats.cancelledEnvelopes.add(1);
        session.touch();
    }

    /** A crowd that loses the same envelopes is not to hold more than there is. */
    private long mostLossBytes() {
        long budget = puddle.messageBudgetBytes() + puddle.chunkMarkBytes();
        return puddle.sparesMemory() ? Math.min(MAX_CONTROL_BYTES, budget) : MAX_CONTROL_BYTES;
    }

    /** Returns whether something of an envelope is queued. */
    boolean hasQueued(Membership member, int origin, int envelopeId) {
        return chunks != null && chunks.has(member, origin, envelopeId);
    }

    /** Ends an envelope of which nothing is queued, in the order of its room's messages. */
    void endEnvelope(Membership member, int origin, int envelopeId) {
        if (!shut) {
            puddle.stats.cancelledEnvelopes.add(1);
            writeCancel(member, origin, envelopeId);
            controlAdded();
        }
    }

    private void writeCancel(Membership member, int origin, int envelopeId) {
        ByteBuf block = messages.block(true, Chunk.CANCEL_FRAME_BYTES);
        Chunk.writeCancel(block, 0, member.room.handle(), origin, envelopeId);
    }

    /** Gives up the chunks that are queued for a member that receives no more, and ends their envelopes. */
    void endQueued(Membership member) {
        if (chunks != null) {
            chunks.giveUpAll(member, (key, wasCancelled) -> {
                if (!shut && wasCancelled) {
                    // It is counted already.
                    writeCancel(member, (int) (key >>> 32), (int) key);
                    controlAdded();
                } else {
                    endEnvelope(member, (int) (key >>> 32), (int) key);
                }
            });
        }
    }

    /**
     * Returns whether publishers have to wait for this session, under {@code wait}. Of several rooms those with more than
     * their share of the chunks are first; up to twice the mark the others go on.
     */
    boolean isOverMark(Traffic traffic, Membership member) {
        if (traffic == Traffic.MESSAGES) {
            return messageCharge.bytes() > puddle.messageBudgetBytes();
        }
        long mark = puddle.chunkMarkBytes();
        long queued = chunkBytes();
        return queued > mark && chunks != null && (queued > 2 * mark || chunks.hasItsShare(member));
    }

    /** Returns who loses messages, and who holds up a room, because something did not fit. */
    Congestion congestion() {
        return congestion;
    }

    // ---- control

    /** Queues a control frame in the control lane, which overtakes messages. */
    void queueControl(ControlBody body, int room, int origin, long correlation) {
        addControl(control, buf -> ControlCodec.encode(buf, body, room, origin, correlation));
    }

    /** Queues a frame that has its place in a room's order, behind the messages before it. */
    void queueInOrder(Consumer<ByteBuf> encoder) {
        addControl(messages, encoder);
    }

    private void addControl(Lane lane, Consumer<ByteBuf> encoder) {
        if (shut) {
            return;
        }
        ByteBuf frame = allocator.directBuffer(CONTROL_FRAME_BYTES);
        try {
            encoder.accept(frame);
            lane.block(true, frame.readableBytes()).writeBytes(frame);
        } finally {
            frame.release();
        }
        controlAdded();
    }

    void queueReceipt(int room, long correlation, long sequence, int recipients) {
        if (!shut) {
            ByteBuf block = control.block(true, Frame.HEADER_BYTES + Receipt.BODY_BYTES);
            Receipt.encode(block, room, correlation, sequence, recipients);
            controlAdded();
        }
    }

    void queueFlow(int room, boolean paused) {
        if (!shut) {
            ByteBuf block = control.block(true, Frame.HEADER_BYTES + 1);
            Frame.writeHeader(block, 1, FrameType.FLOW, 0, 0, room, 0, 0);
            block.writeByte(paused ? 1 : 0);
            controlAdded();
        }
    }

    /** Queues a frame without a body: PING or PONG. */
    void queueEmpty(byte type, long correlation) {
        if (!shut) {
            ByteBuf block = control.block(true, Frame.HEADER_BYTES);
            Frame.writeHeader(block, 0, type, 0, 0, 0, 0, correlation);
            controlAdded();
        }
    }

    private void controlAdded() {
        session.touch();
        if (answerBytes() > HIGH_CONTROL_BYTES) {
            session.gate.suspend(ReadGate.ANSWERS_UNREAD);
        }
    }

    private long controlBytes() {
        return messageCharge.controlBytes() + (chunks == null ? 0 : chunks.controlBytes());
    }

    /** What it provokes itself by what it sends; losses are not its answers. */
    private long answerBytes() {
        long queued = controlBytes();
        lossBytes = Math.min(lossBytes, queued);
        return queued - lossBytes;
    }

    // ---- to the socket

    /**
     * Sends what the channel takes, but only a share of chunks until {@link #takeTurn}: others' messages do not wait for
     * more.
     */
    void flush() {
        flush(awaitsTurn ? 0 : CHUNK_SHARE_BYTES);
        if (chunkQuota <= 0 && hasChunks() && !awaitsTurn) {
            awaitsTurn = true;
            puddle.awaitTurn(session);
        }
    }

    /** The loop has looked at its sockets since the last share: the next one may go. */
    void takeTurn() {
        awaitsTurn = false;
        session.touch();
    }

    /**
     * Makes place in a lane that is full, as far as the channel takes what is queued. One round may bring more than a small
     * budget: who reads what it is sent is not slow.
     */
    void makePlace(Traffic traffic) {
        if (traffic == Traffic.MESSAGES) {
            flush(0);
            return;
        }
        long sentBytes;
        do {
            sentBytes = feed.sentBytes();
            flush(CHUNK_SHARE_BYTES);
        } while (chunkBytes() > puddle.chunkMarkBytes() && feed.sentBytes() > sentBytes);
    }

    /** Returns whether a flush is at work, which looks at the channel's writability itself. */
    boolean isFlushing() {
        return feed.isFlushing();
    }

    private void flush(long mostChunkBytes) {
        if (feed.isFlushing()) {
            return;
        }
        chunkQuota = mostChunkBytes;
        feed.run(this);
        if (mostChunkBytes > 0 && chunks != null) {
            chunks.giveUpCancelled();
        }
        // Not before: who reads may be owed much at once, such as a GRANTED for each of its rooms.
        if (controlBytes() > MAX_CONTROL_BYTES) {
            session.markSlow();
        }
        // Even if nothing was sent: something may have been given up.
        relax();
        report();
    }

    /** Takes what is to be sent next, with its reference; null if that is nothing now. */
    @Nullable
    ByteBuf poll() {
        if (!control.isEmpty()) {
            return control.poll();
        }
        ByteBuf chunk = pollChunk();
        if (chunk != null) {
            return chunk;
        }
        ByteBuf message = messages.poll();
        if (message != null && hasChunks()) {
            chunkCredit += message.readableBytes() / MESSAGE_BYTES_PER_CHUNK_BYTE;
        }
        return message;
    }

    private @Nullable ByteBuf pollChunk() {
        ChunkLane lane = chunks;
        boolean overtakes = !messages.isEmpty();
        if (lane == null || (overtakes ? chunkCredit : chunkQuota) <= 0) {
            return null;
        }
        ByteBuf chunk = lane.poll(messages.polled());
        if (chunk != null) {
            int bytes = chunk.readableBytes();
            chunkQuota -= bytes;
            chunkCredit = overtakes ? chunkCredit - bytes : 0;
        }
        return chunk;
    }

    private boolean hasChunks() {
        return chunks != null && !chunks.isEmpty();
    }

    /** Ends what was held up by a full outbox, as far as it is not full any more. */
    private void relax() {
        congestion.relax(this, Traffic.MESSAGES, messageCharge.bytes(), puddle.messageBudgetBytes());
        congestion.relax(this, Traffic.CHUNKS, chunkBytes(), puddle.chunkMarkBytes());
        if (answerBytes() <= HIGH_CONTROL_BYTES / 2) {
            session.gate.resume(ReadGate.ANSWERS_UNREAD);
        }
    }

    /** Returns whether something is queued that came to this member while it held up its room. */
    boolean isQueued(Traffic traffic, Membership member) {
        return traffic == Traffic.MESSAGES
                ? messages.polled() < member.lastQueued
                : chunks != null && chunks.has(member);
    }

    private void report() {
        reported.update(controlBytes(), messageCharge.bytes(), chunkBytes());
    }

    // ---- the end

    /** Discards what is queued, and takes nothing any more. */
    void shut() {
        shut = true;
        control.clear();
        messages.clear();
        if (chunks != null) {
            chunks.clear();
        }
        congestion.end();
        report();
    }

    /** Takes nothing new, but keeps what is queued, to be sent before the connection ends, with what was lost behind it. */
    void shutBehindQueued() {
        congestion.tellLosses();
        shut = true;
    }

    boolean isShut() {
        return shut;
    }

    /** Returns whether nothing is queued. */
    boolean isEmpty() {
        return control.isEmpty() && messages.isEmpty() && !hasChunks();
    }

    /** Returns whether everything is with the kernel. */
    boolean isDrained() {
        return isEmpty() && feed.unwrittenBytes() == 0;
    }

    /** Returns the bytes given to the kernel so far: while this rises, the peer is reading. */
    long writtenBytes() {
        return feed.writtenBytes();
    }

    /** Returns the bytes given to Netty so far. */
    long sentBytes() {
        return feed.sentBytes();
    }

    /** Returns what is queued and not yet with the kernel. */
    long lagBytes() {
        return controlBytes() + messageCharge.bytes() + chunkBytes() + feed.unwrittenBytes();
    }
}
