package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.Envelope;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A service's way to publish into any room of its account over one connection, with an API key in the place of a token. It
 * is in none of the rooms and receives nothing. Like a {@link Connection} it comes back by itself. Thread-safe.
 *
 * <p>A room is asked for at its first use, and that send waits for the router's answer; so a send must not be called by a
 * thread of the connection itself, such as one that completes its receipts. Up to {@value #MOST_ROOMS} rooms stay at hand;
 * beyond it the one that was used longest ago makes place, once its receipts are there.
 */
public final class Backpipe implements AutoCloseable {

    /** Well below what a router allows a connection to hold. */
    static final int MOST_ROOMS = 256;

    /** A room that is at hand. */
    private static final class Room {
        final String fullName;
        volatile long usedAt;
        private int outstanding;

        Room(String fullName) {
            this.fullName = fullName;
        }

        synchronized void sending() {
            outstanding++;
        }

        synchronized void receipted() {
            outstanding--;
            if (outstanding == 0) {
                notifyAll();
            }
        }

        /** Returns whether every receipt came, or failed, in time. */
        synchronized boolean awaitReceipts(long nanos) throws InterruptedException {
            long end = System.nanoTime() + nanos;
            for (long left = nanos; outstanding > 0 && left > 0; left = end - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
            return outstanding == 0;
        }
    }

    private final Connection connection;
    private final Duration patience;
    private final Map<String, Room> rooms = new ConcurrentHashMap<>();
    private final AtomicLong uses = new AtomicLong();

    /** Read: to send into a room that is at hand. Write: to change which ones are. */
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

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
        return send(room, name -> connection.send(name, text));
    }

    /**
     * Sends a message. Waits while the send buffer is full, or too many receipts are outstanding, and when a room is new for
     * the router's answer.
     *
     * @param room {@code account/name}, or {@code name} in the key's own account
     * @param payload copied before this returns
     * @return completed by the router's receipt; fails if there is no such room, or the router refuses the message, and otherwise like {@link
     *     Connection#send(String, byte[])}
     * @throws PorthouseException if it cannot even be queued
     */
    public CompletableFuture<SendReceipt> send(String room, byte[] payload) {
        return send(room, name -> connection.send(name, payload));
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

    private CompletableFuture<SendReceipt> send(String name, Function<String, CompletableFuture<SendReceipt>> sending) {
        CompletableFuture<SendReceipt> receipt = sendIfAtHand(name, sending);
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
        lock.readLock().lock();
        try {
            Room room = rooms.get(name);
            if (room == null || !connection.mayHold(room.fullName)) {
                return null;
            }
            room.usedAt = uses.incrementAndGet();
            CompletableFuture<SendReceipt> receipt = sending.apply(room.fullName);
            room.sending();
            var unused = receipt.whenComplete((done, failure) -> room.receipted());
            return receipt;
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Has a room at hand, if another one must make place for it. */
    private void fetch(String name) {
        lock.writeLock().lock();
        try {
            Room present = rooms.get(name);
            if (present != null && connection.mayHold(present.fullName)) {
                return;
            }
            rooms.remove(name);
            if (rooms.size() >= MOST_ROOMS) {
                makePlace();
            }
            RoomGrant grant = await(connection.join(name), "room " + name);
            rooms.put(name, new Room(grant.room()));
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void makePlace() {
        Map.Entry<String, Room> oldest = rooms.entrySet().stream()
                .min(Comparator.comparingLong(entry -> entry.getValue().usedAt))
                .orElseThrow();
        Room room = oldest.getValue();
        awaitReceipts(room);
        rooms.remove(oldest.getKey());
        boolean hasAnotherName = rooms.values().stream().anyMatch(other -> other.fullName.equals(room.fullName));
        if (!hasAnotherName && connection.mayHold(room.fullName)) {
            Void unused = await(connection.leave(room.fullName), "leaving room " + room.fullName);
        }
    }

    /** What leaves a room before its receipts came would never have them. */
    private void awaitReceipts(Room room) {
        try {
            if (!room.awaitReceipts(patience.toNanos())) {
                throw late("the receipts of room " + room.fullName, null);
            }
        } catch (InterruptedException e) {
            throw interrupted("the receipts of room " + room.fullName, e);
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
