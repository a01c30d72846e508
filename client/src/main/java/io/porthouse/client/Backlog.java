package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for while there is no connection, in its order: bounded in bytes, and in age, of which it takes care itself.
 * Thread-safe by its owner's lock, so that the owner can let it change together with whether there is a link. In that lock
 * {@link #end}, {@link #expire}, {@link #putBack} and {@link #fail} must not be called: they complete futures.
 */
final class Backlog {

    /**
     * One thing to do once there is a link.
     *
     * @param bytes what it is charged with
     * @param deadlineNanos when it is too old, on the clock of {@link Timing#nanos}
     * @param send does it; throws {@link PorthouseException} if it cannot be done
     * @param answer fails if it is never done; null: nobody asked
     */
    record Item(
            int bytes,
            long deadlineNanos,
            Consumer<Link> send,
            @Nullable CompletableFuture<?> answer) {}

    private final ReentrantLock lock;
    private final Timing timing;
    private final Delivery delivery;
    private final int limitBytes;
    private final Duration maxAge;
    private final ArrayDeque<Item> items = new ArrayDeque<>();
    private long bytes;
    private Timing.@Nullable Timer expiry;

    /** Something was taken whose fate is open. */
    private boolean isSending;

    /** What fails all that is put back. */
    private @Nullable PorthouseException over;

    /** @param delivery tells of what nobody asked the fate of */
    Backlog(ReentrantLock lock, Timing timing, ConnectOptions options, Delivery delivery) {
        this.lock = lock;
        this.timing = timing;
        this.delivery = delivery;
        this.limitBytes = options.offlineQueueBytes;
        this.maxAge = options.offlineQueueAge;
    }

    boolean isEmpty() {
        lock.lock();
        try {
            return items.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Keeps something; see {@link Item}.
     *
     * @throws PorthouseException ({@link Kind#FULL}) if it doesn't fit
     */
    void add(int itsBytes, Consumer<Link> send, @Nullable CompletableFuture<?> answer) {
        lock.lock();
        try {
            if (bytes + itsBytes > limitBytes) {
                throw new PorthouseException(
                        Kind.FULL,
                        "there is no connection at the moment, and the offline queue of " + limitBytes
                                + " bytes is full; it was not sent: wait for onReconnected, or raise offlineQueueBytes");
            }
            items.add(new Item(itsBytes, timing.nanos() + maxAge.toNanos(), send, answer));
            bytes += itsBytes;
            watchExpiry();
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether nothing is kept, and nothing that was kept is being sent. */
    boolean isDone() {
        lock.lock();
        try {
            return items.isEmpty() && !isSending;
        } finally {
            lock.unlock();
        }
    }

    /** Takes what was kept first; null: nothing is left. {@link #sent}, {@link #fail} or {@link #putBack} follows. */
    @Nullable
    Item poll() {
        lock.lock();
        try {
            Item item = items.poll();
            bytes -= item == null ? 0 : item.bytes;
            isSending = item != null;
            return item;
        } finally {
            lock.unlock();
        }
    }

    /** What was taken last is sent. */
    void sent() {
        lock.lock();
        try {
            isSending = false;
        } finally {
            lock.unlock();
        }
    }

    /** Puts back what was taken last; fails it behind {@link #end}. */
    void putBack(Item item) {
        PorthouseException why;
        lock.lock();
        try {
            isSending = false;
            why = over;
            if (why == null) {
                items.addFirst(item);
                bytes += item.bytes;
                stopExpiry();
                watchExpiry();
            }
        } finally {
            lock.unlock();
        }
        if (why != null) {
            fail(item, why);
        }
    }

    /**
     * Fails all that is kept, and what is put back from now on.
     *
     * @return whether anything was kept
     */
    boolean end(PorthouseException why) {
        List<Item> undone;
        lock.lock();
        try {
            over = why;
            undone = List.copyOf(items);
            items.clear();
            bytes = 0;
            stopExpiry();
        } finally {
            lock.unlock();
        }
        fail(undone, why);
        return !undone.isEmpty();
    }

    /** Fails what is too old. */
    void expire() {
        List<Item> old = new ArrayList<>();
        lock.lock();
        try {
            for (Item head = items.peek(); head != null && untilExpiry(head) <= 0; head = items.peek()) {
                items.remove();
                bytes -= head.bytes;
                old.add(head);
            }
            stopExpiry();
            watchExpiry();
        } finally {
            lock.unlock();
        }
        fail(old, tooOld());
    }

    /** Says of one thing that was taken that it is not done. */
    void fail(Item undone, PorthouseException why) {
        sent();
        fail(List.of(undone), why);
    }

    private void fail(List<Item> undone, PorthouseException why) {
        long posts = 0;
        for (Item item : undone) {
            if (item.answer() == null) {
                posts++;
            } else {
                item.answer().completeExceptionally(why);
            }
        }
        if (posts > 0) {
            delivery.dropped(why, posts);
        }
    }

    private void watchExpiry() {
        Item head = items.peek();
        if (expiry == null && head != null) {
            expiry = timing.after(Duration.ofNanos(Math.max(0, untilExpiry(head))), this::expire);
        }
    }

    private void stopExpiry() {
        if (expiry != null) {
            expiry.cancel();
            expiry = null;
        }
    }

    private long untilExpiry(Item item) {
        return item.deadlineNanos - timing.nanos();
    }

    private PorthouseException tooOld() {
        return new PorthouseException(
                Kind.EXPIRED,
                "no connection came back within " + maxAge.toMillis()
                        + " ms, so it was not sent; send it again later, or raise offlineQueueAge");
    }
}
