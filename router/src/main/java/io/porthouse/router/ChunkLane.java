package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.porthouse.protocol.Chunk;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The chunks that wait for one session: a queue for each envelope, so that each can be given up alone. Rooms take turns, and
 * in a room its envelopes do, by bytes and not by frames: deficit round robin (M. Shreedhar, G. Varghese: Efficient Fair
 * Queuing Using Deficit Round Robin, 1995). Confined to the session's loop.
 */
final class ChunkLane {

    /** What a room, or an envelope, may send more each time that it is its turn. */
    static final int TURN_BYTES = 64 << 10;

    private final ByteBufAllocator allocator;
    private final Charge charge = new Charge();
    private final Map<Membership, RoomChunks> byMember = new HashMap<>(4);
    private final ArrayDeque<RoomChunks> turns = new ArrayDeque<>(4);
    private long queuedBytes;
    private boolean hasCancelled;

    ChunkLane(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    boolean isEmpty() {
        return queuedBytes == 0;
    }

    /** Returns what the chunks keep in memory. */
    long chargedBytes() {
        return charge.bytes();
    }

    /** Returns what the cancels of envelopes that are lost whole keep in memory. */
    long controlBytes() {
        return charge.controlBytes();
    }

    /** Returns whether this member's room has at least as much queued as the average of all. */
    boolean hasItsShare(Membership member) {
        RoomChunks room = byMember.get(member);
        return room != null && room.queuedBytes() * turns.size() >= queuedBytes;
    }

    /**
     * Queues a run of chunks.
     *
     * @param isCopied whether into a block, or as a slice
     * @param afterMessages how many buffers must have left the lane of messages first: GRANTED may be among them
     */
    void add(Membership member, Run run, boolean isCopied, SharedSlice slice, long afterMessages) {
        room(member).add(run, isCopied, slice, afterMessages);
        queuedBytes += run.bytes;
    }

    private RoomChunks room(Membership member) {
        RoomChunks room = byMember.get(member);
        if (room == null) {
            room = new RoomChunks(member, allocator, charge);
            byMember.put(member, room);
            turns.add(room);
        }
        return room;
    }

    /** Queues the cancel of an envelope behind what is queued of it, until {@link #giveUpCancelled}. */
    void cancel(Membership member, int origin, int envelopeId, long afterMessages) {
        room(member).cancel(origin, envelopeId, afterMessages);
        queuedBytes += Chunk.CANCEL_FRAME_BYTES;
        hasCancelled = true;
    }

    /** Queues the cancel of an envelope that is lost from its first chunk on, behind the last use of its id. */
    void lose(Membership member, int origin, int envelopeId, long afterMessages) {
        room(member).lose(origin, envelopeId, afterMessages);
        queuedBytes += Chunk.CANCEL_FRAME_BYTES;
    }

    /** Gives up what is still queued of envelopes that were cancelled, and keeps the cancels. */
    void giveUpCancelled() {
        if (hasCancelled) {
            hasCancelled = false;
            for (RoomChunks room : turns) {
                queuedBytes -= room.queuedBytes();
                room.giveUpCancelled();
                queuedBytes += room.queuedBytes();
            }
        }
    }

    /**
     * Takes the next buffer, with its reference; null if there is none that may go now.
     *
     * @param messagesPolled how many buffers have left the lane of messages
     */
    @Nullable
    ByteBuf poll(long messagesPolled) {
        int blocked = 0;
        while (blocked < turns.size()) {
            RoomChunks room = turns.getFirst();
            int bytes = room.prepare(messagesPolled);
            if (bytes == 0) {
                blocked++;
                pass(room);
            } else if (room.credit < bytes) {
                blocked = 0;
                room.credit += TURN_BYTES;
                pass(room);
            } else {
                room.credit -= bytes;
                queuedBytes -= bytes;
                ByteBuf buffer = room.poll();
                forgetIfEmpty(room);
                return buffer;
            }
        }
        return null;
    }

    private void pass(RoomChunks room) {
        turns.removeFirst();
        turns.addLast(room);
    }

    private void forgetIfEmpty(RoomChunks room) {
        if (room.queuedBytes() == 0) {
            turns.remove(room);
            byMember.remove(room.member);
        }
    }

    /** Returns whether anything is queued for a member. */
    boolean has(Membership member) {
        return byMember.containsKey(member);
    }

    /** Returns whether something of an envelope is queued. */
    boolean has(Membership member, int origin, int envelopeId) {
        RoomChunks room = byMember.get(member);
        return room != null && room.has(RoomChunks.key(origin, envelopeId));
    }

    /**
     * Gives up all that is queued for a member, because it receives no more.
     *
     * @param ended is told of each envelope of which some is on its way
     */
    void giveUpAll(Membership member, RoomChunks.Ended ended) {
        RoomChunks room = byMember.get(member);
        if (room != null) {
            queuedBytes -= room.queuedBytes();
            room.giveUpAll(ended);
            forgetIfEmpty(room);
        }
    }

    /** Releases everything. */
    void clear() {
        for (RoomChunks room : turns) {
            room.giveUpAll((key, wasCancelled) -> {});
        }
        turns.clear();
        byMember.clear();
        queuedBytes = 0;
    }
}
