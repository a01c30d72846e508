package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for while there is no connection, in its order: bounded in bytes and in age. Confined to its owner's lock.
 */
final class OfflineQueue {

    /**
     * One thing to do once there is a link.
     *
     * @param bytes what it is charged with
     * @param deadline when it is too old, on the clock of {@link Timing#nanos}
     * @param send does it; throws {@link PorthouseException} if it cannot be done
     * @param answer fails if it is never done; null: nobody asked
     */
    record Item(
            int bytes,
            long deadline,
            Consumer<Link> send,
            @Nullable CompletableFuture<?> answer) {}

    private final int limitBytes;
    private final Duration maxAge;
    private final ArrayDeque<Item> items = new ArrayDeque<>();
    private long bytes;

    /** @param limitBytes 0: nothing is kept */
    OfflineQueue(int limitBytes, Duration maxAge) {
        this.limitBytes = limitBytes;
        this.maxAge = maxAge;
    }

    boolean isEmpty() {
        return items.isEmpty();
    }

    /**
     * Adds something.
     *
     * @throws PorthouseException ({@link Kind#FULL}) if it doesn't fit
     */
    void add(Item item) {
        if (bytes + item.bytes > limitBytes) {
            throw new PorthouseException(
                    Kind.FULL,
                    "there is no connection at the moment, and the offline queue of " + limitBytes
                            + " bytes is full; it was not sent: wait for onReconnected, or raise offlineQueueBytes");
        }
        items.add(item);
        bytes += item.bytes;
    }

    @Nullable
    Item poll() {
        Item item = items.poll();
        bytes -= item == null ? 0 : item.bytes;
        return item;
    }

    /** Puts back what was taken last. */
    void putBack(Item item) {
        items.addFirst(item);
        bytes += item.bytes;
    }

    List<Item> drain() {
        List<Item> all = List.copyOf(items);
        items.clear();
        bytes = 0;
        return all;
    }

    /** Removes what is too old. */
    List<Item> expired(long now) {
        List<Item> old = new ArrayList<>();
        for (Item head = items.peek(); head != null && head.deadline - now <= 0; head = items.peek()) {
            items.remove();
            bytes -= head.bytes;
            old.add(head);
        }
        return old;
    }

    /** How long until {@link #expired} finds something; null: nothing waits. */
    @Nullable
    Duration untilExpiry(long now) {
        Item head = items.peek();
        return head == null ? null : Duration.ofNanos(Math.max(0, head.deadline - now));
    }

    Duration maxAge() {
        return maxAge;
    }

    PorthouseException tooOld() {
        return new PorthouseException(
                Kind.EXPIRED,
                "no connection came back within " + maxAge.toMillis()
                        + " ms, so it was not sent; send it again later, or raise offlineQueueAge");
    }
}
