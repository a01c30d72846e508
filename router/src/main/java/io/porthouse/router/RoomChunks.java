package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import io.porthouse.protocol.Chunk;
import java.util.ArrayDeque;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** One room's part of a {@link ChunkLane}: its envelopes of which something is queued, and whose turn it is. */
final class RoomChunks {

    final Membership member;

    /** What the room may send before it is another's turn. */
    long credit;

    private final ByteBufAllocator allocator;
    private final Charge charge;

    /** By origin and envelope id; where an id is used anew while the last use of it is still queued, the new one. */
    private final LongObjectMap<Envelope> envelopes = new LongObjectHashMap<>(4);

    private final ArrayDeque<Envelope> turns = new ArrayDeque<>(4);
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

    void add(Run run, SharedSlice slice, long afterMessages) {
        Envelope envelope = envelope(key(run.origin(), run.envelopeId), run.opensEnvelope, afterMessages);
        if (run.bytes <= Outbox.COPY_BYTES) {
            envelope.lane.block(false, run.bytes).writeBytes(run.block, run.start, run.bytes);
        } else {
            envelope.lane.addSlice(slice.take(), run.block);
        }
        count(envelope, run.bytes);
    }

    /**
     * Puts the cancel in the place of what is queued of an envelope. Who was sent nothing of it gets its beginning all the
     * same, so that the cancel comes alone only where the beginning itself is lost.
     */
    void cancel(int origin, int envelopeId, boolean losesFirst, long afterMessages) {
        Envelope envelope = envelope(key(origin, envelopeId), losesFirst, afterMessages);
        count(envelope, -envelope.queuedBytes);
        if (envelope.isBegun) {
            envelope.lane.clear();
        } else {
            envelope.lane.keepOldest();
            count(envelope, envelope.lane.headBytes());
        }
        ByteBuf block = envelope.lane.block(false, Chunk.CANCEL_FRAME_BYTES);
        Chunk.writeCancel(block, 0, member.room.handle(), origin, envelopeId);
        count(envelope, Chunk.CANCEL_FRAME_BYTES);
    }

    private Envelope envelope(long key, boolean opens, long afterMessages) {
        Envelope envelope = envelopes.get(key);
        if (envelope == null || opens) {
            envelope = new Envelope(key, envelope, !opens, afterMessages);
            envelopes.put(key, envelope);
            turns.addLast(envelope);
        }
        return envelope;
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
            if (isNewest(envelope)) {
                envelopes.remove(envelope.key);
            }
        }
        return buffer;
    }

    private boolean isNewest(Envelope envelope) {
        return envelope.equals(envelopes.get(envelope.key));
    }

    /**
     * Gives up all that is queued, because the member receives no more.
     *
     * @param begun takes the key of each envelope of which some is on its way
     */
    void giveUpAll(LongConsumer begun) {
        for (Envelope envelope : turns) {
            envelope.lane.clear();
            if (envelope.isBegun) {
                begun.accept(envelope.key);
            }
        }
        turns.clear();
        envelopes.clear();
        queuedBytes = 0;
    }

    /** Returns whether something of an envelope is queued. */
    boolean has(long key) {
        return envelopes.containsKey(key);
    }

    /** What is queued of one envelope; forgotten as soon as that is nothing. */
    private final class Envelope {
        final long key;
        final Lane lane = new Lane(allocator, charge);

        /** The last use of the same id, while that is queued: it goes first. */
        @Nullable
        Envelope before;

        final long afterMessages;

        /** Whether the member is being sent some of it. */
        boolean isBegun;

        long credit;
        long queuedBytes;

        Envelope(long key, @Nullable Envelope before, boolean isBegun, long afterMessages) {
            this.key = key;
            this.before = before;
            this.isBegun = isBegun;
            this.afterMessages = afterMessages;
        }

        boolean mayGo(long messagesPolled) {
            if (before != null && before.lane.isEmpty()) {
                before = null;
            }
            return before == null && afterMessages <= messagesPolled;
        }
    }
}
