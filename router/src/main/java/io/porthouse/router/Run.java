package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.Frame;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of frames of one room and one kind, as they lie in the buffer that they were read into: what travels from a
 * session through a room to its members. Either whole messages, or chunks of one envelope.
 *
 * <p>Once offered, its bytes belong to the router until it is released: nobody writes or moves them. It holds one reference
 * to the buffer, given up when every puddle that it was offered to has handled it; members that need the bytes for longer
 * hold references of their own.
 */
final class Run {

    /** A run ends before it would become longer than this; a longer frame is a run of its own. */
    static final int MAX_BYTES = 64 << 10;

    private static final AtomicIntegerFieldUpdater<Run> PENDING =
            AtomicIntegerFieldUpdater.newUpdater(Run.class, "pending");
    private static final AtomicIntegerFieldUpdater<Run> RECIPIENTS =
            AtomicIntegerFieldUpdater.newUpdater(Run.class, "recipients");

    final ByteBuf block;
    final int start;
    final int bytes;

    /** Who sent it; a router-made cancel carries the session that it is made for. Null: the API. */
    final @Nullable Session sender;

    /** How many whole messages; 0 for chunks. */
    final int messages;

    /** For chunks: the envelope, and whether the run opens and ends it. */
    final int envelopeId;

    final boolean opensEnvelope;
    final boolean endsEnvelope;

    /** The number of the first message; set under the room's lock. */
    private long firstSequence;

    /** What is to happen when the run has been handled everywhere. */
    private @Nullable Runnable whenHandled;

    private long receiptCorrelation;

    /** The flagged message's place in the run, from 0. */
    private int receiptIndex;

    /** Puddles that have not handled it yet; above 0 until it is offered, so that it does not look handled before. */
    private volatile int pending = 1;

    private volatile int recipients;

    private Run(
            ByteBuf block,
            int start,
            int bytes,
            @Nullable Session sender,
            int messages,
            int envelopeId,
            boolean opensEnvelope,
            boolean endsEnvelope) {
        this.block = block;
        this.start = start;
        this.bytes = bytes;
        this.sender = sender;
        this.messages = messages;
        this.envelopeId = envelopeId;
        this.opensEnvelope = opensEnvelope;
        this.endsEnvelope = endsEnvelope;
    }

    /** Makes a run of whole messages. Takes a reference of its own to {@code block}. */
    static Run ofMessages(ByteBuf block, int start, int bytes, @Nullable Session sender, int messages) {
        return new Run(block.retain(), start, bytes, sender, messages, 0, false, false);
    }

    /** Makes a run of chunks of one envelope. Takes a reference of its own to {@code block}. */
    static Run ofChunks(
            ByteBuf block, int start, int bytes, Session sender, int envelopeId, boolean opens, boolean ends) {
        return new Run(block.retain(), start, bytes, sender, 0, envelopeId, opens, ends);
    }

    boolean isChunks() {
        return messages == 0;
    }

    /** Returns whether it is the cancel of an envelope; one never shares a run. */
    boolean isCancel() {
        return endsEnvelope && Chunk.index(block, start) == Chunk.CANCEL_INDEX;
    }

    /** Returns the sender's session handle; 0: the API. */
    int origin() {
        return sender == null ? 0 : sender.handle;
    }

    /**
     * Asks for a receipt when every puddle has handled the run. Before it is offered; on the sender's loop.
     *
     * @param correlation what the receipt answers, not 0
     * @param index the flagged message's place in the run, from 0
     */
    void wantReceipt(Membership membership, long correlation, int index) {
        whenHandled = membership.receipts().whenDue();
        receiptCorrelation = correlation;
        receiptIndex = index;
    }

    /** Has something done when every puddle has handled the run, on the loop of the last one. Before it is offered. */
    void whenHandled(Runnable action) {
        whenHandled = action;
    }

    long receiptCorrelation() {
        return receiptCorrelation;
    }

    /** Returns the room's number of the message that the receipt is for; 0 for an envelope. */
    long receiptSequence() {
        return isChunks() ? 0 : firstSequence + receiptIndex;
    }

    int recipients() {
        return recipients;
    }

    boolean isHandled() {
        return pending == 0;
    }

    long firstSequence() {
        return firstSequence;
    }

    long lastSequence() {
        return firstSequence + messages - 1;
    }

    /** Writes the rising numbers into the messages. Under the room's lock, before the run is offered. */
    void number(long first) {
        firstSequence = first;
        long sequence = first;
        int end = start + bytes;
        for (int at = start; at < end; at += Frame.frameBytes(block, at)) {
            Frame.setSequence(block, at, sequence++);
        }
    }

    /** Says how many puddles it is offered to. Under the room's lock, before the first offer. */
    void expect(int puddles) {
        pending = puddles;
    }

    /**
     * A puddle has handled the run: each of its members has it queued, is owed a GAP, or did not want it. The last one
     * releases the bytes and has the receipt sent.
     *
     * @param queuedFor how many members of the puddle have it queued
     */
    void handled(int queuedFor) {
        if (queuedFor > 0) {
            RECIPIENTS.getAndAdd(this, queuedFor);
        }
        if (PENDING.decrementAndGet(this) == 0) {
            finish();
        }
    }

    /** Ends a run that nobody receives. */
    void handledByNobody() {
        finish();
    }

    /** Ends a run that was not offered, because its room is gone. */
    void discard() {
        block.release();
    }

    private void finish() {
        block.release();
        Runnable action = whenHandled;
        if (action != null) {
            action.run();
        }
    }
}
