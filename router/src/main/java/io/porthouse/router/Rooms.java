package io.porthouse.router;

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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rooms in use on this node: one live object each, made by the first JOIN from what the token source says, gone with
 * the last member. Thread-safe.
 */
final class Rooms {

    private static final Logger LOG = LoggerFactory.getLogger(Rooms.class);

    private final TokenSource source;
    private final Puddle[] puddles;
    private final String epochPrefix;
    private final AtomicInteger lastHandle = new AtomicInteger();
    private final ConcurrentHashMap<RoomName, Slot> slots = new ConcurrentHashMap<>();

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
     * Finds the room, or begins its life.
     *
     * @param answer gets the room, or null if there is none (or that can't be known now); called on the puddle's loop, at
     *     once if the answer is known
     */
    void open(RoomName name, Puddle puddle, Consumer<@Nullable Room> answer) {
        Slot slot = slots.computeIfAbsent(name, Slot::new);
        slot.read();
        Room live = slot.room();
        if (live != null) {
            answer.accept(live);
            return;
        }
        slot.whenRead(room -> puddle.execute(() -> answer.accept(room)));
    }

    /** The room's life is over. */
    void forget(Room room) {
        slots.computeIfPresent(room.name(), (name, slot) -> slot.room() == room ? null : slot);
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

    /** Reads the rules of all live rooms anew, because nobody knows what was changed. */
    CompletionStage<Refreshed> refreshAll() {
        return refresh(List.copyOf(slots.keySet()));
    }

    /** One name's entry: a read under way, or a live room. */
    private final class Slot {
        private final RoomName name;
        private final List<Consumer<@Nullable Room>> waiting = new ArrayList<>(1);
        private volatile @Nullable Room room;

        /** What a refresh read while the first read was still under way. */
        private TokenSource.@Nullable Reading<RoomRules> newer;

        private long change = Long.MIN_VALUE;
        private boolean started;
        private boolean ended;

        Slot(RoomName name) {
            this.name = name;
        }

        @Nullable
        Room room() {
            return room;
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
                begin(reading == null || failure != null ? null : reading);
            });
        }

        private void begin(TokenSource.@Nullable Reading<RoomRules> first) {
            List<Consumer<@Nullable Room>> answered;
            Room begun = null;
            synchronized (this) {
                TokenSource.Reading<RoomRules> reading = first;
                if (reading != null && newer != null && newer.change() > reading.change()) {
                    reading = newer;
                }
                RoomRules rules = reading == null ? null : reading.state();
                if (reading != null && rules != null) {
                    change = reading.change();
                    int handle = lastHandle.incrementAndGet();
                    begun = new Room(name, handle, epochPrefix + handle, rules, Rooms.this, puddles);
                    room = begun;
                } else {
                    ended = true;
                }
                answered = List.copyOf(waiting);
                waiting.clear();
            }
            if (begun == null) {
                slots.remove(name, this);
            }
            Room answer = begun;
            answered.forEach(consumer -> consumer.accept(answer));
        }

        void whenRead(Consumer<@Nullable Room> consumer) {
            synchronized (this) {
                if (room == null && !ended) {
                    waiting.add(consumer);
                    return;
                }
            }
            consumer.accept(room);
        }

        CompletionStage<Refreshed> refresh() {
            return source.readRoom(name).thenCompose(this::apply);
        }

        private CompletionStage<Refreshed> apply(TokenSource.Reading<RoomRules> reading) {
            Room live;
            synchronized (this) {
                live = room;
                if (live == null) {
                    newer = newer == null || reading.change() > newer.change() ? reading : newer;
                    return CompletableFuture.completedFuture(Refreshed.NOTHING);
                }
                if (reading.change() <= change) {
                    return CompletableFuture.completedFuture(Refreshed.NOTHING);
                }
                change = reading.change();
                // Under the lock, so that of two readings the newer one is also applied last.
                RoomRules rules = reading.state();
                return rules == null ? live.delete() : live.setRules(rules);
            }
        }
    }
}
