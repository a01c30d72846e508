package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.Receipt;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What was sent with the wish for a receipt and has none yet, per room in the order of sending. Added to by senders (in the
 * order of the wire, see {@link SendQueue}), resolved by the link's event loop; futures are completed outside the lock.
 */
final class Receipts {

    private record Pending(long correlation, CompletableFuture<SendReceipt> future) {}

    /** One receipt covers all earlier ones of its room, so each room has a queue. */
    private final Map<Integer, ArrayDeque<Pending>> byRoom = new HashMap<>();

    /** By room: who waits until nothing is outstanding there. */
    private final Map<Integer, CompletableFuture<Void>> whenNoneOf = new HashMap<>();

    private int count;
    private @Nullable CompletableFuture<Void> whenNone;
    private @Nullable PorthouseException firstFailure;

    synchronized void add(int room, long correlation, CompletableFuture<SendReceipt> future) {
        byRoom.computeIfAbsent(room, handle -> new ArrayDeque<>()).add(new Pending(correlation, future));
        count++;
    }

    synchronized int count() {
        return count;
    }

    /** Completes what a RECEIPT covers; returns how many. */
    int complete(Rooms.Held room, long correlation, Receipt receipt) {
        List<Pending> covered = take(room.handle, correlation);
        for (Pending pending : covered) {
            boolean exact = pending.correlation == correlation;
            pending.future.complete(new SendReceipt(
                    room.name, exact ? receipt.sequence() : 0, Integer.toUnsignedLong(receipt.recipients()), exact));
        }
        tellIfNone();
        return covered.size();
    }

    /** Fails what one ERROR answers; returns whether there was such a thing. */
    boolean fail(long correlation, PorthouseException refusal) {
        return fail(pending -> pending.correlation == correlation, refusal);
    }

    /** Fails what was refused before its own answer comes; returns whether it was sent by then. */
    boolean fail(CompletableFuture<SendReceipt> future, PorthouseException refusal) {
        return fail(pending -> pending.future == future, refusal);
    }

    private boolean fail(Predicate<Pending> which, PorthouseException refusal) {
        Pending refused = remove(which);
        if (refused == null) {
            return false;
        }
        failAll(List.of(refused), refusal);
        return true;
    }

    /** Fails what is outstanding in a room that was left or withdrawn; returns how many. */
    int failRoom(Rooms.Held room) {
        List<Pending> lost;
        synchronized (this) {
            ArrayDeque<Pending> queue = byRoom.remove(room.handle);
            lost = queue == null ? List.of() : List.copyOf(queue);
            count -= lost.size();
        }
        failAll(
                lost,
                new PorthouseException(
                        Kind.REJECTED,
                        "room " + room.name
                                + " was left or withdrawn before the receipt; what was sent may have arrived"));
        return lost.size();
    }

    /** Fails everything: the link has ended, and what was on its way may or may not have arrived. */
    void end(PorthouseException cause) {
        List<Pending> lost = new ArrayList<>();
        synchronized (this) {
            byRoom.values().forEach(lost::addAll);
            byRoom.clear();
            count = 0;
        }
        failAll(lost, PorthouseException.inDoubt(cause));
    }

    /**
     * Returns a future that completes once nothing is outstanding, exceptionally if any of what is outstanding now fails.
     * To be called once, when nothing more is added.
     */
    CompletableFuture<Void> whenNone() {
        CompletableFuture<Void> future = new CompletableFuture<>();
        synchronized (this) {
            whenNone = future;
            firstFailure = null;
        }
        tellIfNone();
        return future;
    }

    /** Returns a future that completes once nothing of a room is outstanding, however that came about. */
    CompletableFuture<Void> whenNone(int room) {
        CompletableFuture<Void> future;
        synchronized (this) {
            future = whenNoneOf.computeIfAbsent(room, handle -> new CompletableFuture<>());
        }
        tellIfNone();
        return future;
    }

    private synchronized List<Pending> take(int room, long correlation) {
        ArrayDeque<Pending> queue = byRoom.get(room);
        if (queue == null) {
            return List.of();
        }
        List<Pending> covered = new ArrayList<>();
        for (Pending head = queue.peek(); head != null && head.correlation <= correlation; head = queue.peek()) {
            covered.add(queue.remove());
        }
        count -= covered.size();
        return covered;
    }

    private synchronized @Nullable Pending remove(Predicate<Pending> which) {
        // A walk, because refusals are rare and may name room 0 where the sender used the default.
        for (ArrayDeque<Pending> queue : byRoom.values()) {
            for (Pending pending : queue) {
                if (which.test(pending)) {
                    queue.remove(pending);
                    count--;
                    return pending;
                }
            }
        }
        return null;
    }

    private void failAll(List<Pending> lost, PorthouseException cause) {
        if (!lost.isEmpty()) {
            synchronized (this) {
                if (firstFailure == null) {
                    firstFailure = cause;
                }
            }
            lost.forEach(pending -> pending.future.completeExceptionally(cause));
        }
        tellIfNone();
    }

    private void tellIfNone() {
        CompletableFuture<Void> waiting = null;
        PorthouseException failure;
        List<CompletableFuture<Void>> done;
        synchronized (this) {
            done = whenNoneOf.isEmpty() ? List.of() : takeDone();
            failure = firstFailure;
            if (count == 0) {
                waiting = whenNone;
                whenNone = null;
            }
        }
        done.forEach(future -> future.complete(null));
        if (waiting == null) {
            return;
        }
        if (failure == null) {
            waiting.complete(null);
        } else {
            waiting.completeExceptionally(failure);
        }
    }

    /** Takes out those who wait for a room that has nothing outstanding. In the lock. */
    private List<CompletableFuture<Void>> takeDone() {
        List<CompletableFuture<Void>> done = new ArrayList<>();
        whenNoneOf.entrySet().removeIf(waiting -> {
            ArrayDeque<Pending> queue = byRoom.get(waiting.getKey());
            boolean isNone = queue == null || queue.isEmpty();
            if (isNone) {
                done.add(waiting.getValue());
            }
            return isNone;
        });
        return done;
    }
}
