package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import io.porthouse.protocol.Chunk;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One room's part of a {@link ChunkLane}: its envelopes of which something is queued, and whose turn it is. */
final class RoomChunks {

    /** What an envelope of which something is queued keeps on the heap, about. */
    private static final int ENVELOPE_HEAP_BYTES = 384;

    final Membership member;

    /** What the room may send before it is another's turn. */
    long credit;

    private final ByteBufAllocator allocator;
    private final Charge charge;

    /** By origin and envelope id; where an id is used anew while the last use of it is still queued, the new one. */
    private final LongObjectMap<Envelope> envelopes = new LongObjectHashMap<>(4);

    /** The oldest use of each id. */
    private final ArrayDeque<Envelope> turns = new ArrayDeque<>(4);

    /** Those that were cancelled since {@link #giveUpCancelled}. */
    private final List<Envelope> cancelled = new ArrayList<>(0);

    private long queuedBytes;

    RoomChunks(Membership member, ByteBufAllocator allocator, Charge charge) {
        this.member = member;
        this.allocator = allocator;
        this.charge = charge;
    }

    static long key(int origin, int envelopeId) {
        return ((long) origin << 32) | (envelopeId & 0xFFFF_FFFFL);
    }

    long queuedBytes() {
        return queuedBytes;
    }

    void add(Run run, boolean isCopied, SharedSlice slice, long afterMessages) {
        Envelope envelope = envelope(key(run.origin(), run.envelopeId), run.opensEnvelope, afterMessages);
        if (isCopied) {
            charge(envelope);
            envelope.lane.block(false, run.bytes).writeBytes(run.block, run.start, run.bytes);
        } else {
            envelope.lane.addSlice(slice.take(), run.block);
        }
        count(envelope, run.bytes);
    }

    /** Queues the cancel of an envelope behind what is queued of it. */
    void cancel(int origin, int envelopeId, long afterMessages) {
        Envelope envelope = envelope(key(origin, envelopeId), false, afterMessages);
        charge(envelope);
        addCancel(envelope, false);
        envelope.isCancelled = true;
        cancelled.add(envelope);
    }

    /** Queues the cancel of an envelope that is lost from its first chunk on, behind the last use of its id. */
    void lose(int origin, int envelopeId, long afterMessages) {
        Envelope envelope = envelope(key(origin, envelopeId), true, afterMessages);
        charge(envelope);
        addCancel(envelope, true);
    }

    private void addCancel(Envelope envelope, boolean isControl) {
        ByteBuf block = envelope.lane.block(isControl, Chunk.CANCEL_FRAME_BYTES);
        Chunk.writeCancel(block, 0, member.room.handle(), (int) (envelope.key >>> 32), (int) envelope.key);
        count(envelope, Chunk.CANCEL_FRAME_BYTES);
    }

    /**
     * Gives up what is still queued of envelopes that were cancelled. Who was sent nothing of one gets its beginning all the
     * same, so that the cancel comes alone only where the beginning itself is lost.
     */
    void giveUpCancelled() {
        for (Envelope envelope : cancelled) {
            // What lies in one block with the cancel goes with it.
            if (envelope.lane.size() > 1) {
                count(envelope, -envelope.queuedBytes);
                if (envelope.isBegun) {
                    envelope.lane.clear();
                    // Its cancel is not to keep up what ends with it.
                    uncharge(envelope);
                } else {
                    envelope.lane.keepOldest();
                    count(envelope, envelope.lane.headBytes());
                }
                addCancel(envelope, false);
            }
        }
        cancelled.clear();
    }

    private Envelope envelope(long key, boolean opens, long afterMessages) {
        Envelope last = envelopes.get(key);
        if (last != null && !opens) {
            return last;
        }
        Envelope envelope = new Envelope(key, !opens, afterMessages);
        envelopes.put(key, envelope);
        if (last == null) {
            turns.addLast(envelope);
        } else {
            last.next = envelope;
        }
        return envelope;
    }

    /** Counts the heap where small blocks keep hardly more; beside a read buffer that is pinned it is nothing. */
    private void charge(Envelope envelope) {
        if (!envelope.isCharged) {
            envelope.isCharged = true;
            charge.addHeap(ENVELOPE_HEAP_BYTES);
        }
    }

    private void uncharge(Envelope envelope) {
        if (envelope.isCharged) {
            envelope.isCharged = false;
            charge.removeHeap(ENVELOPE_HEAP_BYTES);
        }
    }

    private void count(Envelope envelope, long bytes) {
        envelope.queuedBytes += bytes;
        queuedBytes += bytes;
    }

    /** Finds whose turn it is; returns the bytes of its next buffer, which {@link #poll} takes. 0: nobody may go now. */
    int prepare(long messagesPolled) {
        int blocked = 0;
        while (blocked < turns.size()) {
            Envelope envelope = turns.getFirst();
            int bytes = envelope.lane.headBytes();
            if (envelope.credit >= bytes && envelope.mayGo(messagesPolled)) {
                return bytes;
            }
            if (envelope.mayGo(messagesPolled)) {
                envelope.credit += ChunkLane.TURN_BYTES;
                blocked = 0;
            } else {
                blocked++;
            }
            turns.addLast(turns.removeFirst());
        }
        return 0;
    }

    /** Takes the buffer that {@link #prepare} found. */
    @Nullable
    ByteBuf poll() {
        Envelope envelope = turns.getFirst();
        int bytes = envelope.lane.headBytes();
        envelope.credit -= bytes;
        envelope.isBegun = true;
        count(envelope, -bytes);
        ByteBuf buffer = envelope.lane.poll();
        if (envelope.lane.isEmpty()) {
            turns.removeFirst();
            uncharge(envelope);
            Envelope next = envelope.next;
            if (next == null) {
                envelopes.remove(envelope.key);
            } else {
                next.credit = envelope.credit;
                turns.addFirst(next);
            }
        }
        return buffer;
    }

    /**
     * Gives up all that is queued, because the member receives no more.
     *
     * @param ended is told of each envelope of which some is on its way
     */
    void giveUpAll(Ended ended) {
        for (Envelope first : turns) {
            for (Envelope envelope = first; envelope != null; envelope = envelope.next) {
                envelope.lane.clear();
                uncharge(envelope);
                if (envelope.isBegun) {
                    ended.end(envelope.key, envelope.isCancelled);
                }
            }
        }
        turns.clear();
        envelopes.clear();
        cancelled.clear();
        queuedBytes = 0;
    }

    /** Returns whether something of an envelope is queued. */
    boolean has(long key) {
        return envelopes.containsKey(key);
    }

    /** Is told of envelopes that end because their member receives no more. */
    @FunctionalInterface
    interface Ended {

        /**
         * Ends one.
         *
         * @param wasCancelled whether it would have ended with a cancel anyway
         */
        void end(long key, boolean wasCancelled);
    }

    /** What is queued of one envelope; forgotten as soon as that is nothing. */
    private final class Envelope {
        final long key;
        final Lane lane = new Lane(allocator, charge);

        /** The next use of the same id, which takes its place in {@link #turns}. */
        @Nullable
        Envelope next;

        final long afterMessages;

        /** Whether the member is being sent some of it. */
        boolean isBegun;

        /** Whether its cancel is queued. */
        boolean isCancelled;

        /** Whether what it keeps on the heap is counted. */
        boolean isCharged;

        long credit;
        long queuedBytes;

        Envelope(long key, boolean isBegun, long afterMessages) {
            this.key = key;
            this.isBegun = isBegun;
            this.afterMessages = afterMessages;
        }

        boolean mayGo(long messagesPolled) {
            return afterMessages <= messagesPolled;
        }
    }
}
