package io.porthouse.router;

import io.porthouse.protocol.ControlBody.Withdrawn;
import io.porthouse.protocol.RoomName;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One life of a room: its order, and where its members are.
 *
 * <p>Its lock is the only one on the data path. Under it a run gets its numbers and is offered to the inbox of every puddle
 * with members who receive; joins, leaves, changes of rules and the deletion are markers offered under the same lock. So
 * all members see one order, and membership is a cut in it. The lock is held for a few stores and offers; entries are made
 * before it, and puddles are woken after it.
 */
final class Room {

    /** What became of a join. */
    enum Joined {
        /** GRANTED is on its way. */
        JOINED,
        /** The room has as many members as it may have. */
        FULL,
        /** The rules were set in the meantime, so that the rights may be others. */
        OUTDATED,
        /** The room's life ended in the meantime; another one may begin. */
        GONE
    }

    private static final Shard[] NOBODY = {};

    private final RoomName name;
    private final int handle;
    private final String epoch;
    private final Rooms rooms;
    private final Shard[] shards;
    private final Pauses pauses = new Pauses();

    private volatile RoomRules rules;

    /** How often the rules were set. */
    private volatile int rulesSet;

    /** Whose puddles have members who receive. Replaced under the lock; read without it, and then looked at again under it. */
    private volatile Shard[] audience = NOBODY;

    // Guarded by this:
    private final int[] receivers;
    private long lastSequence;
    private int members;
    private int guests;

    /** The first member of this life, while it is one. */
    private @Nullable Membership maker;

    /** Whether a JOIN made it, and nobody has set it up since. */
    private boolean isImprovised;

    private boolean closed;

    /** @param isImprovised whether a JOIN makes it, so that the token source knows nothing of it */
    Room(
            RoomName name,
            int handle,
            String epoch,
            RoomRules rules,
            boolean isImprovised,
            Rooms rooms,
            Puddle[] puddles) {
        this.name = name;
        this.handle = handle;
        this.epoch = epoch;
        this.rules = rules;
        this.isImprovised = isImprovised;
        this.rooms = rooms;
        this.receivers = new int[puddles.length];
        this.shards = new Shard[puddles.length];
        for (int i = 0; i < puddles.length; i++) {
            shards[i] = new Shard(this, puddles[i], rules);
        }
    }

    RoomName name() {
        return name;
    }

    int handle() {
        return handle;
    }

    String epoch() {
        return epoch;
    }

    /** Returns what a publisher has to keep to now. Any thread. */
    RoomRules rules() {
        return rules;
    }

    /** Returns what tells whether the rules are set between now and a {@link #join}. Any thread. */
    int rulesSet() {
        return rulesSet;
    }

    RoomInfo info() {
        synchronized (this) {
            return new RoomInfo(name, epoch, lastSequence, members);
        }
    }

    Pauses pauses() {
        return pauses;
    }

    Shard shard(Puddle puddle) {
        return shards[puddle.index];
    }

    // ---- messages

    /** Returns a puddle of the room whose inbox is full, so that the publisher waits for it before it offers more. */
    @Nullable
    Puddle findFullPuddle() {
        for (Shard shard : audience) {
            if (shard.puddle.inbox.isFull()) {
                return shard.puddle;
            }
        }
        return null;
    }

    /**
     * Numbers a run and offers it to every puddle with members who receive. Takes over the run; one for a room that is gone
     * is dropped, and its receipt fails with the WITHDRAWN that is on its way.
     *
     * @param publisher whose loop this is called on
     * @return whether the room took it
     */
    boolean publish(Run run, Puddle publisher) {
        Shard[] targets = audience;
        RunDelivery[] deliveries = deliveries(targets, run);
        boolean dropped;
        synchronized (this) {
            dropped = closed;
            if (!dropped) {
                if (targets != audience) {
                    targets = audience;
                    deliveries = deliveries(targets, run);
                }
                if (!run.isChunks()) {
                    run.number(lastSequence + 1);
                    lastSequence += run.messages;
                }
                run.expect(targets.length);
                for (int i = 0; i < targets.length; i++) {
                    targets[i].puddle.inbox.offer(deliveries[i]);
                }
            }
        }
        if (dropped) {
            run.discard();
        } else if (targets.length == 0) {
            run.handledByNobody();
        } else {
            wake(targets, run, publisher);
        }
        return !dropped;
    }

    /** Small runs come in crowds, which share one wake-up of a loop; a large one is worth its own. */
    private static void wake(Shard[] targets, Run run, Puddle publisher) {
        for (Shard target : targets) {
            if (run.bytes <= Outbox.COPY_BYTES) {
                publisher.wakeWithRound(target.puddle);
            } else {
                target.puddle.wake();
            }
        }
    }

    private static RunDelivery[] deliveries(Shard[] targets, Run run) {
        RunDelivery[] deliveries = new RunDelivery[targets.length];
        for (int i = 0; i < targets.length; i++) {
            deliveries[i] = new RunDelivery(targets[i], run);
        }
        return deliveries;
    }

    // ---- membership: each is a cut in the room's order

    /**
     * Makes the session a member, if there is place. Its loop.
     *
     * @param asOf {@link #rulesSet} before the member's rights were looked up: a cut that has passed sees it no more
     */
    Joined join(Membership member, int asOf, String reason, long correlation) {
        GrantMarker marker = new GrantMarker(member, member.receives(), reason, correlation);
        synchronized (this) {
            if (closed) {
                return Joined.GONE;
            }
            if (rulesSet != asOf) {
                return Joined.OUTDATED;
            }
            if (!member.isGuest && members >= rules.maxMembers()) {
                return Joined.FULL;
            }
            enter(member);
            count(member, marker.receives);
            marker.sequence = lastSequence;
            member.session.puddle.inbox.offer(marker);
        }
        member.session.rooms.cutOffered();
        member.session.puddle.wake();
        return Joined.JOINED;
    }

    /**
     * Makes a member's changed rights or wish to receive take effect, and tells it. Its loop.
     *
     * @return false if the room's life has ended; WITHDRAWN is on its way then
     */
    boolean change(Membership member, String reason, long correlation) {
        GrantMarker marker = new GrantMarker(member, member.receives(), reason, correlation);
        synchronized (this) {
            if (closed) {
                return false;
            }
            count(member, marker.receives);
            marker.sequence = lastSequence;
            member.session.puddle.inbox.offer(marker);
        }
        member.session.rooms.cutOffered();
        member.session.puddle.wake();
        return true;
    }

    /**
     * Ends a membership. Its loop.
     *
     * @param reason of WITHDRAWN; null where the session ends too, and nothing is told
     */
    void leave(Membership member, @Nullable String reason, long correlation) {
        LeaveMarker marker = new LeaveMarker(member, reason, correlation);
        member.session.rooms.cutOffered();
        boolean last = false;
        boolean ends = false;
        pauses.awaitNoLonger(member.session);
        pauses.removeUploader(member);
        synchronized (this) {
            if (!closed) {
                count(member, false);
                ends = exit(member);
                last = members + guests == 0;
                closed = last;
            }
            member.session.puddle.inbox.offer(marker);
        }
        member.session.puddle.wake();
        if (last) {
            rooms.forget(this);
        } else if (ends) {
            CompletableFuture<Refreshed> unused = delete();
        }
    }

    private void enter(Membership member) {
        if (member.isGuest) {
            guests++;
        } else if (members++ == 0) {
            maker = member;
        }
    }

    /** Returns whether the room's life ends by this, for those who are left. */
    private boolean exit(Membership member) {
        if (member.isGuest) {
            guests--;
            return false;
        }
        members--;
        boolean isMaker = maker == member;
        if (isMaker) {
            maker = null;
        }
        return switch (rules.lifetime()) {
            case LASTING -> false;
            case PEERLESS -> members == 0;
            case PEER -> isMaker || members == 0;
        };
    }

    /** Ends the room's life: every member gets WITHDRAWN. Any thread; completes when every puddle has told its members. */
    CompletableFuture<Refreshed> delete() {
        Cut cut = new Cut(shards, shard -> shard.removeAll(Withdrawn.ROOM_DELETED));
        synchronized (this) {
            closed = true;
            audience = NOBODY;
            cut.offer(members);
        }
        rooms.forget(this);
        return cut.wake();
    }

    /**
     * Sets the rules: at once for publishers, and as a cut for what happens to slow members. Any thread; completes when every
     * puddle has passed the cut.
     */
    CompletableFuture<Refreshed> setRules(RoomRules changed) {
        Cut cut = new Cut(shards, shard -> shard.setRules(changed));
        synchronized (this) {
            rules = changed;
            rulesSet++;
            cut.offer(members);
        }
        return cut.wake();
    }

    /**
     * Ends the room's life because nobody can tell what it is now: those who are in it have to come again. Any thread;
     * completes when every puddle has ended the round that mutes them.
     */
    CompletableFuture<Refreshed> fence() {
        Cut cut = new Cut(shards, Shard::fence, true);
        synchronized (this) {
            closed = true;
            audience = NOBODY;
            cut.offer(members);
        }
        rooms.forget(this);
        return cut.wake().thenApply(left -> new Refreshed(left.sessions(), left.sessions(), false));
    }

    /** Returns whether a JOIN made the room, and nobody has set it up since. Any thread. */
    boolean isImprovised() {
        synchronized (this) {
            return isImprovised;
        }
    }

    /** The room is set up now, or gone; returns, once, whether it was improvised before. */
    boolean endImprovised() {
        synchronized (this) {
            boolean was = isImprovised;
            isImprovised = false;
            return was;
        }
    }

    /** Ends a room that nobody has joined after all. */
    void closeIfUnused() {
        boolean ended;
        synchronized (this) {
            ended = !closed && members + guests == 0;
            closed |= ended;
        }
        if (ended) {
            rooms.forget(this);
        }
    }

    /** Counts a member among those who receive, or not; interest of a puddle changes with its first and last. */
    private void count(Membership member, boolean receives) {
        if (member.counted == receives) {
            return;
        }
        member.counted = receives;
        int puddle = member.session.puddle.index;
        receivers[puddle] += receives ? 1 : -1;
        boolean first = receives && receivers[puddle] == 1;
        boolean last = !receives && receivers[puddle] == 0;
        if (first || last) {
            List<Shard> interested = new ArrayList<>(shards.length);
            for (int i = 0; i < shards.length; i++) {
                if (receivers[i] > 0) {
                    interested.add(shards[i]);
                }
            }
            audience = interested.toArray(NOBODY);
        }
    }
}
