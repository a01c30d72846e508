package io.porthouse.router;

import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.RoomName;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rooms in use on this node: one live object each, made by the first JOIN from what the token source says, gone with
 * the last member. A JOIN may also improvise a room that the source knows nothing of. Thread-safe.
 */
final class Rooms {

    private static final Logger LOG = LoggerFactory.getLogger(Rooms.class);

    private final TokenSource source;
    private final Puddle[] puddles;
    private final String epochPrefix;
    private final AtomicInteger lastHandle = new AtomicInteger();
    private final ConcurrentHashMap<RoomName, Slot> slots = new ConcurrentHashMap<>();

    /** How many improvised rooms each account has. */
    private final ConcurrentHashMap<String, Integer> improvised = new ConcurrentHashMap<>();

    Rooms(TokenSource source, Puddle[] puddles, Clock clock) {
        this.source = source;
        this.puddles = puddles;
        // Start time and a counter: no two lives of a room on this node share an epoch.
        this.epochPrefix = Long.toString(clock.millis(), Character.MAX_RADIX) + "-";
    }

    /** Returns the live room of this name, if there is one. */
    @Nullable
    Room find(RoomName name) {
        Slot slot = slots.get(name);
        return slot == null ? null : slot.room();
    }

    int size() {
        return slots.size();
    }

    /**
     * What a JOIN may make of a room that does not exist.
     *
     * @param lifetime of the room
     * @param most how many rooms the account may have improvised, this one included
     */
    record Improvising(Lifetime lifetime, int most) {}

    /**
     * What came of asking for a room.
     *
     * @param room the room; null: there is none
     * @param refusal what to answer where there is none
     */
    record Opened(@Nullable Room room, ErrorCode refusal) {
        static Opened of(Room room) {
            return new Opened(room, ErrorCode.ROOM_UNAVAILABLE);
        }

        static Opened refused(ErrorCode why) {
            return new Opened(null, why);
        }
    }

    /**
     * Finds the room, or begins its life.
     *
     * @param improvising what may be made if it does not exist; null: nothing
     * @param answer called on the puddle's loop, at once if the answer is known
     */
    void open(RoomName name, Puddle puddle, @Nullable Improvising improvising, Consumer<Opened> answer) {
        Waiter waiter = new Waiter(puddle, improvising, answer);
        while (true) {
            Slot slot = slots.computeIfAbsent(name, Slot::new);
            if (slot.tell(waiter)) {
                slot.read();
                return;
            }
            // It has ended in the meantime, perhaps for one who could not make it.
            slots.remove(name, slot);
        }
    }

    private record Waiter(Puddle puddle, @Nullable Improvising improvising, Consumer<Opened> answer) {

        void tell(Opened opened) {
            if (puddle.inLoop()) {
                answer.accept(opened);
            } else {
                puddle.execute(() -> answer.accept(opened));
            }
        }
    }

    /** The room's life is over. */
    void forget(Room room) {
        slots.computeIfPresent(room.name(), (name, slot) -> slot.room() == room ? null : slot);
        uncount(room);
    }

    private void uncount(Room room) {
        if (room.endImprovised()) {
            improvised.computeIfPresent(room.name().account(), (account, rooms) -> rooms == 1 ? null : rooms - 1);
        }
    }

    /** Counts one improvised room more of an account; false if it has as many as it may have. */
    private boolean count(String account, int most) {
        boolean[] counted = new boolean[1];
        improvised.compute(account, (name, rooms) -> {
            int now = rooms == null ? 0 : rooms;
            counted[0] = now < most;
            return counted[0] ? Integer.valueOf(now + 1) : rooms;
        });
        return counted[0];
    }

    /**
     * Reads the rules of live rooms anew, and applies them: changed rules for publishers at once, a room's deletion to every
     * member. Completes when every member is treated by it; nothing happens where a room is not live.
     */
    CompletionStage<Refreshed> refresh(Collection<RoomName> names) {
        List<Supplier<? extends CompletionStage<Refreshed>>> refreshes = new ArrayList<>();
        for (RoomName name : names) {
            Slot slot = slots.get(name);
            if (slot != null) {
                refreshes.add(slot::refresh);
            }
        }
        return Refreshes.run(refreshes);
    }

    /** Reads the rules of an account's live rooms anew, because what holds for it holds for them. */
    CompletionStage<Refreshed> refreshAccount(String account) {
        return refresh(slots.keySet().stream()
                .filter(name -> name.account().equals(account))
                .toList());
    }

    /** Reads the rules of all live rooms anew, because nobody knows what was changed. */
    CompletionStage<Refreshed> refreshAll() {
        return refresh(List.copyOf(slots.keySet()));
    }

    /** One name's entry: a read under way, or a live room. */
    private final class Slot {
        private final RoomName name;
        private final List<Waiter> waiting = new ArrayList<>(1);
        private volatile @Nullable Room room;

        /** What a refresh read while the first read was still under way. */
        private TokenSource.@Nullable Reading<RoomRules> newer;

        /** When the last change took effect. */
        private CompletableFuture<Refreshed> applied = CompletableFuture.completedFuture(Refreshed.NOTHING);

        private long change = Long.MIN_VALUE;
        private boolean started;
        private boolean ended;

        /** A change could not be read, so that what the first read finds may be outdated. */
        private boolean isOutdated;

        Slot(RoomName name) {
            this.name = name;
        }

        @Nullable
        Room room() {
            return room;
        }

        /** Tells what came of it, now or when the first read is done; false if it has come to nothing already. */
        boolean tell(Waiter waiter) {
            Room live;
            synchronized (this) {
                if (ended) {
                    return false;
                }
                live = room;
                if (live == null) {
                    waiting.add(waiter);
                }
            }
            if (live != null) {
                waiter.tell(Opened.of(live));
            }
            return true;
        }

        /** Starts the first read, once. */
        void read() {
            synchronized (this) {
                if (started) {
                    return;
                }
                started = true;
            }
            source.readRoom(name).whenComplete((reading, failure) -> {
                if (failure != null) {
                    LOG.warn("the rules of room {} can't be read", name, failure);
                }
                begin(failure == null ? reading : null);
            });
        }

        private void begin(TokenSource.@Nullable Reading<RoomRules> first) {
            List<Waiter> answered;
            Opened opened;
            synchronized (this) {
                opened = open(newest(first, newer));
                room = opened.room();
                ended = room == null;
                answered = List.copyOf(waiting);
                waiting.clear();
            }
            if (opened.room() == null) {
                slots.remove(name, this);
            }
            answered.forEach(waiter -> waiter.tell(opened));
        }

        private TokenSource.@Nullable Reading<RoomRules> newest(
                TokenSource.@Nullable Reading<RoomRules> one, TokenSource.@Nullable Reading<RoomRules> other) {
            return one == null || (other != null && other.change() > one.change()) ? other : one;
        }

        private Opened open(TokenSource.@Nullable Reading<RoomRules> reading) {
            if (reading == null || isOutdated) {
                return Opened.refused(ErrorCode.ROOM_UNREADABLE);
            }
            change = reading.change();
            RoomRules rules = reading.state();
            if (rules != null) {
                return Opened.of(make(rules, false));
            }
            Opened refused = Opened.refused(ErrorCode.ROOM_UNAVAILABLE);
            for (Waiter waiter : waiting) {
                Improvising wish = waiter.improvising();
                if (wish != null && count(name.account(), wish.most())) {
                    return Opened.of(make(RoomRules.DEFAULT.withLifetime(wish.lifetime()), true));
                } else if (wish != null) {
                    refused = Opened.refused(ErrorCode.TOO_MANY_ROOMS);
                }
            }
            return refused;
        }

        private Room make(RoomRules rules, boolean isImprovised) {
            int handle = lastHandle.incrementAndGet();
            return new Room(name, handle, epochPrefix + handle, rules, isImprovised, Rooms.this, puddles);
        }

        CompletionStage<Refreshed> refresh() {
            return GuardedTokenSource.insist(() -> source.readRoom(name))
                    .handle((reading, failure) -> failure == null ? apply(reading) : fence(failure))
                    .thenCompose(Function.identity());
        }

        private CompletionStage<Refreshed> apply(TokenSource.Reading<RoomRules> reading) {
            synchronized (this) {
                Room live = room;
                if (live == null) {
                    newer = newest(reading, newer);
                } else if (reading.change() <= change) {
                    return applied.thenApply(another -> Refreshed.NOTHING);
                } else {
                    change = reading.change();
                    // Under the lock, so that of two readings the newer one is also applied last.
                    applied = apply(live, reading.state());
                    return applied;
                }
            }
            return CompletableFuture.completedFuture(Refreshed.NOTHING);
        }

        private CompletableFuture<Refreshed> apply(Room live, @Nullable RoomRules rules) {
            if (rules != null && rules.equals(live.rules()) && !live.isImprovised()) {
                return applied.thenApply(before -> Refreshed.NOTHING);
            }
            if (rules != null) {
                uncount(live);
                return live.setRules(rules);
            }
            return live.isImprovised() ? CompletableFuture.completedFuture(Refreshed.NOTHING) : live.delete();
        }

        /** Nobody keeps access by a failure: who is in the room has to come again, and the next JOIN reads it. */
        private CompletionStage<Refreshed> fence(Throwable failure) {
            LOG.warn("the rules of room {} can't be read; the sessions in it are closed", name, failure);
            Room live;
            synchronized (this) {
                live = room;
                isOutdated = true;
            }
            return live == null ? CompletableFuture.completedFuture(Refreshed.UNCONFIRMED) : live.fence();
        }
    }
}
