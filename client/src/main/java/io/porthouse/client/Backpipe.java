package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.RoomName;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A service's way to publish into any room of its account over one connection, with an API key in the place of a token. It
 * is in none of the rooms and receives nothing. Like a {@link Connection} it comes back by itself. Thread-safe.
 *
 * <p>A room is asked for at its first use, and that send waits for the router's answer; so a send must not be called by a
 * thread of the connection itself, such as one that completes its receipts. Up to {@value #MOST_ROOMS} rooms stay at hand;
 * beyond it one that was used longest ago makes place, once its receipts are there. While the connection is lost, messages
 * into rooms at hand are kept; one whose room does not come back is refused.
 */
public final class Backpipe implements AutoCloseable {

    /** Well below what a router allows a connection to hold. */
    static final int MOST_ROOMS = 256;

    /** A room that is at hand. */
    private static final class Room {
        final String name;

        /** How many rooms had been joined when it was used last. */
        volatile long usedAt;

        /** How many are sending into it now. */
        private final AtomicInteger senders = new AtomicInteger();

        private volatile boolean isLeaving;

        Room(String name) {
            this.name = name;
        }

        /** Returns whether something may be sent into it; {@link #sent} must follow. */
        boolean sending() {
            // In this order, and in the other where it is left: one of the two sees the other.
            senders.incrementAndGet();
            if (isLeaving) {
                sent();
                return false;
            }
            return true;
        }

        void sent() {
            if (senders.decrementAndGet() == 0 && isLeaving) {
                synchronized (this) {
                    notifyAll();
                }
            }
        }

        /** Lets nobody begin to send; returns whether those who are sending were done in time. */
        synchronized boolean endSending(long nanos) throws InterruptedException {
            isLeaving = true;
            long end = System.nanoTime() + nanos;
            for (long left = nanos; senders.get() > 0; left = end - System.nanoTime()) {
                if (left <= 0) {
                    return false;
                }
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
            return true;
        }

        boolean isBusy() {
            return senders.get() > 0;
        }

        /** It stays after all. */
        void stay() {
            isLeaving = false;
        }
    }

    private final Connection connection;
    private final Duration patience;

    /** By their full names. */
    private final Map<String, Room> rooms = new ConcurrentHashMap<>();

    /** How many rooms were joined: a clock that costs those who send nothing. Written in the lock. */
    private volatile long joins;

    /** Rooms that somebody joins or leaves now, in place of their entry in {@link #rooms}. Guarded by this. */
    private final Map<String, CompletableFuture<Void>> changing = new HashMap<>();

    Backpipe(Connection connection, Duration patience) {
        this.connection = connection;
        this.patience = patience;
    }

    /** The account of the key. */
    public String account() {
        return connection.account();
    }

    /** Sends a text, marked as text; otherwise like {@link #send(String, byte[])}. */
    public CompletableFuture<SendReceipt> send(String room, String text) {
        byte[] payload = text.getBytes(StandardCharsets.UTF_8);
        return send(room, name -> connection.sendJoining(name, Flags.TEXT, payload));
    }

    /**
     * Sends a message. Waits while the send buffer is full, or too many receipts are outstanding, and when a room is new for
     * the router's answer.
     *
     * @param room {@code account/name}, or {@code name} in the key's own account
     * @param payload copied before this returns
     * @return completed by the router's receipt; fails if there is no such room, or the router refuses the message, and
     *     otherwise like {@link Connection#send(String, byte[])}
     * @throws PorthouseException if it cannot even be queued
     */
    public CompletableFuture<SendReceipt> send(String room, byte[] payload) {
        return send(room, name -> connection.sendJoining(name, 0, payload));
    }

    /**
     * Sends an envelope; otherwise like {@link Connection#send(String, Envelope)}.
     *
     * @throws PorthouseException if the payload cannot be read, or the connection ends
     */
    public CompletableFuture<SendReceipt> send(String room, Envelope envelope) {
        return send(room, name -> connection.send(name, envelope));
    }

    /** Closes like {@link Connection#close}. */
    @Override
    public void close() {
        connection.close();
    }

    /** Closes like {@link Connection#closeAsync}. */
    public CompletableFuture<Void> closeAsync() {
        return connection.closeAsync();
    }

    private CompletableFuture<SendReceipt> send(String room, Function<String, CompletableFuture<SendReceipt>> sending) {
        // As it is first: a full name costs no parsing, and programs that care for speed use it.
        CompletableFuture<SendReceipt> receipt = sendIfAtHand(room, sending);
        if (receipt != null) {
            return receipt;
        }
        String name = RoomName.parse(room, account()).map(RoomName::toString).orElse(room);
        receipt = sendIfAtHand(name, sending);
        while (receipt == null) {
            try {
                fetch(name);
            } catch (PorthouseException e) {
                if (e.kind() == Kind.REJECTED || e.kind() == Kind.USAGE) {
                    return CompletableFuture.failedFuture(e);
                }
                throw e;
            }
            receipt = sendIfAtHand(name, sending);
        }
        return receipt;
    }

    private @Nullable CompletableFuture<SendReceipt> sendIfAtHand(
            String name, Function<String, CompletableFuture<SendReceipt>> sending) {
        Room room = rooms.get(name);
        if (room == null || !room.sending()) {
            return null;
        }
        long now = joins;
        if (room.usedAt != now) {
            room.usedAt = now;
        }
        try {
            return sending.apply(name);
        } catch (PorthouseException e) {
            // Whether a room was withdrawn is found out here: to look before each message takes a tenth of the
            // throughput.
            boolean isFetchedAgain = rooms.get(name) != room;
            if (e.kind() == Kind.USAGE && (isFetchedAgain || !connection.mayHold(name))) {
                return null;
            }
            throw e;
        } finally {
            room.sent();
        }
    }

    /**
     * Has a room at hand, if another one must make place for it; or waits until somebody else has. Nobody who sends into other
     * rooms waits for that.
     */
    private void fetch(String name) {
        CompletableFuture<Void> mine = connection.newAnswer();
        CompletableFuture<?> others;
        Room leaving = null;
        synchronized (this) {
            others = changing.get(name);
            if (others == null && rooms.containsKey(name) && connection.mayHold(name)) {
                // Somebody else was faster.
                return;
            }
            if (others == null) {
                rooms.remove(name);
                boolean full = rooms.size() + changing.size() >= MOST_ROOMS;
                leaving = full ? takeOldest() : null;
                others = full && leaving == null ? anyOfChanging() : null;
            }
            if (others == null) {
                changing.put(name, mine);
            }
        }
        if (others != null) {
            Object unused = await(others, "room " + name);
            return;
        }
        try {
            if (leaving != null) {
                leave(leaving);
            }
            // Who gives up waiting leaves this behind: once it is granted, the room is at hand like any other.
            var unused = connection
                    .join(name)
                    .whenComplete(
                            (grant, refused) -> changed(name, refused == null ? new Room(name) : null, mine, refused));
        } catch (RuntimeException | Error e) {
            changed(name, null, mine, e);
            throw e;
        }
        Void unused = await(mine, "room " + name);
    }

    /** Completes with the first room that is joined or left, or refused, from now on: then there may be a place. */
    private CompletableFuture<?> anyOfChanging() {
        CompletableFuture<Boolean> first = connection.newAnswer();
        changing.values().forEach(each -> {
            var unused = each.whenComplete((done, failure) -> first.complete(true));
        });
        return first;
    }

    /**
     * Takes the room out that was used longest ago, so that it is left: there is one too many. Of those into which somebody
     * sends now, perhaps an envelope without end, only if there is no other.
     */
    private @Nullable Room takeOldest() {
        Room oldest = rooms.values().stream()
                .min(Comparator.comparing(Room::isBusy).thenComparingLong(room -> room.usedAt))
                .orElse(null);
        if (oldest != null) {
            rooms.remove(oldest.name);
            changing.put(oldest.name, connection.newAnswer());
        }
        return oldest;
    }

    private void leave(Room room) {
        CompletableFuture<Void> end;
        synchronized (this) {
            end = Objects.requireNonNull(changing.get(room.name));
        }
        Room still = room;
        try {
            awaitSenders(room);
            // What leaves a room before its receipts came would never have them.
            Void unusedReceipts = await(connection.receipted(room.name), "the receipts of room " + room.name);
            if (connection.mayHold(room.name)) {
                leaveIfHeld(room);
            }
            still = null;
        } finally {
            if (still != null) {
                still.stay();
            }
            // Whoever waits for it looks again, whatever became of this.
            changed(room.name, still, end, null);
        }
    }

    private void leaveIfHeld(Room room) {
        try {
            Void unused = await(connection.letGo(room.name), "leaving room " + room.name);
        } catch (PorthouseException e) {
            if (e.kind() != Kind.REJECTED && e.kind() != Kind.USAGE) {
                throw e;
            }
            // Withdrawn meanwhile, which is as good.
        }
    }

    /**
     * A room is joined or left.
     *
     * @param room null: it is not at hand
     * @param failure why not, for those who wait for it; null: they look again
     */
    private void changed(String name, @Nullable Room room, CompletableFuture<Void> end, @Nullable Throwable failure) {
        synchronized (this) {
            changing.remove(name);
            if (room != null) {
                room.usedAt = ++joins;
                rooms.put(name, room);
            }
        }
        boolean isOwn = failure instanceof PorthouseException known && known.kind() == Kind.INTERRUPTED;
        if (failure == null || isOwn) {
            end.complete(null);
        } else {
            end.completeExceptionally(failure);
        }
    }

    private void awaitSenders(Room room) {
        String what = "the end of what is sent into room " + room.name;
        try {
            if (!room.endSending(patience.toNanos())) {
                throw late(what, null);
            }
        } catch (InterruptedException e) {
            throw interrupted(what, e);
        }
    }

    private <T> T await(CompletableFuture<T> answer, String what) {
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw interrupted(what, e);
        } catch (TimeoutException e) {
            throw late(what, e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof PorthouseException known
                    ? known.again()
                    : new PorthouseException(Kind.LOST, "waiting for " + what + " failed; try again", e.getCause());
        }
    }

    private PorthouseException late(String what, @Nullable Throwable cause) {
        return new PorthouseException(
                Kind.TIMEOUT,
                what + " did not come within " + patience.toMillis() + " ms; nothing was sent: try again later",
                cause);
    }

    private static PorthouseException interrupted(String what, InterruptedException e) {
        Thread.currentThread().interrupt();
        return new PorthouseException(Kind.INTERRUPTED, "interrupted while waiting for " + what, e);
    }
}
