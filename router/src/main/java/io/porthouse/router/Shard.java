package io.porthouse.router;

import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import io.netty.util.internal.OutOfDirectMemoryError;
import io.porthouse.protocol.CloseCode;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A room's members on one puddle, and the envelopes that are open among them. Confined to the puddle's loop; everything that
 * changes it arrives through the inbox, in the room's order.
 */
final class Shard {

    private static final Logger LOG = LoggerFactory.getLogger(Shard.class);

    private static final Membership[] NONE = {};

    final Room room;
    final Puddle puddle;

    private Membership[] members = NONE;
    private int memberCount;

    private Membership[] receivers = NONE;
    private int receiverCount;

    private Overflow overflow;
    private Overflow envelopeOverflow;

    /** Counts beginnings, of receiving and of envelopes, so that it is known which came first. */
    private long cuts;

    /** By sender and envelope id; null while there is none, as in most rooms. */
    private @Nullable LongObjectMap<OpenEnvelope> open;

    Shard(Room room, Puddle puddle, RoomRules rules) {
        this.room = room;
        this.puddle = puddle;
        this.overflow = rules.overflow();
        this.envelopeOverflow = rules.envelopeOverflow();
    }

    /** Applies changed rules, and has each member look whether it may still be here. */
    void setRules(RoomRules rules) {
        overflow = rules.overflow();
        envelopeOverflow = rules.envelopeOverflow();
        for (int i = 0; i < receiverCount; i++) {
            // Who held the room up may not, by the new rules; who still has to, does so with the next run.
            receivers[i].letGo();
        }
        for (Membership member : Arrays.copyOf(members, memberCount)) {
            Puddle.apart(member.session, () -> member.session.rooms.reconsider(member));
        }
    }

    // ---- members

    /** Adds a member, or changes whether it receives. */
    void put(Membership member, boolean receives) {
        if (member.memberIndex == Membership.NOWHERE) {
            members = withRoom(members, memberCount);
            member.memberIndex = memberCount;
            members[memberCount++] = member;
        }
        if (receives && member.receiverIndex == Membership.NOWHERE) {
            receivers = withRoom(receivers, receiverCount);
            member.receiverIndex = receiverCount;
            member.receivesSince = ++cuts;
            receivers[receiverCount++] = member;
        } else if (!receives) {
            stopReceiving(member, true);
        }
    }

    /**
     * Removes a member: what it was still owed of open envelopes is cancelled, what it lost is told.
     *
     * @param isTold whether WITHDRAWN follows, behind which nothing of the room may come; else its session ends, and is
     *     still sent what is queued of whole envelopes, if it is sent anything
     * @return whether it was here
     */
    boolean remove(Membership member, boolean isTold) {
        if (member.memberIndex == Membership.NOWHERE) {
            return false;
        }
        stopReceiving(member, isTold);
        Membership moved = members[--memberCount];
        members[member.memberIndex] = moved;
        moved.memberIndex = member.memberIndex;
        members = without(members, memberCount);
        member.memberIndex = Membership.NOWHERE;
        return true;
    }

    /** Removes all members because the room is gone, telling each. */
    void removeAll(String reason) {
        while (memberCount > 0) {
            Membership member = members[memberCount - 1];
            remove(member, true);
            Puddle.apart(member.session, () -> member.session.rooms.withdrawn(member, reason, 0));
        }
    }

    /** Has the session of every member come again, because nobody can tell what the room is now. */
    void fence() {
        for (int i = 0; i < memberCount; i++) {
            members[i].session.mark(CloseCode.FENCED);
        }
    }

    private void stopReceiving(Membership member, boolean isTold) {
        if (member.receiverIndex == Membership.NOWHERE) {
            return;
        }
        Membership moved = receivers[--receiverCount];
        receivers[member.receiverIndex] = moved;
        moved.receiverIndex = member.receiverIndex;
        receivers = without(receivers, receiverCount);
        member.receiverIndex = Membership.NOWHERE;
        member.letGo();
        // Where there is no memory to tell it, its session is cut off, so that what is half told is never sent.
        Puddle.apart(member.session, () -> {
            cancelAllFor(member, isTold);
            member.tellLoss();
        });
        if (receiverCount == 0) {
            // Runs do not come here any more, so nothing would end them.
            open = null;
        } else if (member.lostEnvelope && open != null) {
            open.values().forEach(envelope -> envelope.forget(member));
        }
    }

    private static Membership[] withRoom(Membership[] array, int count) {
        return count < array.length ? array : Arrays.copyOf(array, Math.max(4, count * 2));
    }

    /** Forgets the last element, and shrinks an array that a crowd has left. */
    private static Membership[] without(Membership[] array, int count) {
        Membership[] kept = count > 16 && count < array.length / 4 ? Arrays.copyOf(array, count * 2) : array;
        if (count < kept.length) {
            Arrays.fill(kept, count, Math.min(kept.length, count + 1), null);
        }
        return kept;
    }

    // ---- delivery

    /** Hands a run to the members that are to have it; returns how many have it queued. */
    int deliver(Run run) {
        SharedSlice slice = puddle.sharedSlice;
        slice.open(run);
        try {
            return run.isChunks() ? deliverChunks(run, slice) : deliverMessages(run, slice);
        } finally {
            slice.close();
        }
    }

    private int deliverMessages(Run run, SharedSlice slice) {
        int queued = 0;
        Membership[] all = receivers;
        int count = receiverCount;
        for (int i = 0; i < count; i++) {
            Membership member = all[i];
            if (isOwn(run, member)) {
                continue;
            }
            try {
                if (member.takeMessages(run, slice, overflow)) {
                    queued++;
                }
            } catch (RuntimeException | OutOfDirectMemoryError e) {
                failed(member, e);
            }
        }
        puddle.stats.deliveredMessages.add((long) queued * run.messages);
        return queued;
    }

    private static boolean isOwn(Run run, Membership member) {
        return member.session == run.sender && !member.session.echo;
    }

    /** One failing member loses only itself. */
    private static void failed(Membership member, Throwable cause) {
        LOG.error("session {} can't be sent to and is closed", member.session.handle, cause);
        member.session.mark(CloseCode.OVERLOADED);
    }

    private int deliverChunks(Run run, SharedSlice slice) {
        long key = RoomChunks.key(run.origin(), run.envelopeId);
        OpenEnvelope envelope = run.opensEnvelope ? begin(key) : find(key);
        if (envelope == null) {
            return 0;
        }
        int queued = 0;
        Membership[] all = receivers;
        int count = receiverCount;
        for (int i = 0; i < count; i++) {
            Membership member = all[i];
            if (isOwn(run, member) || !envelope.isFor(member)) {
                continue;
            }
            try {
                if (member.takeChunks(run, slice, envelopeOverflow)) {
                    queued++;
                } else {
                    envelope.drop(member);
                }
            } catch (RuntimeException | OutOfDirectMemoryError e) {
                envelope.drop(member);
                failed(member, e);
            }
        }
        if (run.endsEnvelope) {
            forget(key);
        }
        if (!run.isCancel()) {
            puddle.stats.deliveredChunkRuns.add(queued);
        }
        return queued;
    }

    /** Opens an envelope for those who receive now: who comes later does not get the rest. */
    private OpenEnvelope begin(long key) {
        if (open == null) {
            open = new LongObjectHashMap<>(4);
        }
        OpenEnvelope envelope = new OpenEnvelope(++cuts);
        open.put(key, envelope);
        return envelope;
    }

    private @Nullable OpenEnvelope find(long key) {
        return open == null ? null : open.get(key);
    }

    private void forget(long key) {
        if (open != null) {
            open.remove(key);
            if (open.isEmpty()) {
                open = null;
            }
        }
    }

    /** Ends the member's part in every envelope that is open here. */
    private void cancelAllFor(Membership member, boolean isTold) {
        if (member.session.outbox.isShut()) {
            // It is told nothing any more; of a crowd that breaks off, not each looks through all that is open.
            return;
        }
        if (open != null) {
            cancelOpenFor(member, open, isTold);
        }
        if (isTold) {
            member.session.outbox.endQueued(member);
        }
    }

    private static void cancelOpenFor(Membership member, LongObjectMap<OpenEnvelope> open, boolean isTold) {
        boolean hearsItself = member.session.echo;
        for (LongObjectMap.PrimitiveEntry<OpenEnvelope> entry : open.entries()) {
            int origin = (int) (entry.key() >>> 32);
            boolean isOwn = origin == member.session.handle && !hearsItself;
            if (!isOwn && entry.value().isFor(member)) {
                if (isTold) {
                    member.endEnvelope(origin, (int) entry.key());
                } else {
                    member.giveUp(origin, (int) entry.key());
                }
            }
        }
    }

    /** For whom an envelope is: who received before it was opened, and has lost none of it since. */
    private static final class OpenEnvelope {
        private final long openedAt;
        private @Nullable Set<Membership> dropped;

        OpenEnvelope(long openedAt) {
            this.openedAt = openedAt;
        }

        boolean isFor(Membership member) {
            return member.receivesSince < openedAt && (dropped == null || !dropped.contains(member));
        }

        void drop(Membership member) {
            if (dropped == null) {
                dropped = new HashSet<>(4);
            }
            dropped.add(member);
            member.lostEnvelope = true;
        }

        void forget(Membership member) {
            if (dropped != null) {
                dropped.remove(member);
            }
        }
    }
}
