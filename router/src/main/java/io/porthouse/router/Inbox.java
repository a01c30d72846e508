package io.porthouse.router;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What a puddle has to do, from any thread, in one order: a linked queue of many producers and one consumer (Vyukov's
 * non-intrusive design, with the entries themselves as nodes, so that offering allocates nothing and can be done under a
 * room's lock). Its bound is in bytes and kept by the publishers, which ask {@link #isFull} before they offer a run; markers
 * are always taken.
 */
final class Inbox {

    private final long limitBytes;
    private final AtomicReference<InboxEntry> newest;
    private final AtomicLong bytes = new AtomicLong();

    /** The entry taken last, kept as the queue's stub. Confined to the consumer. */
    private InboxEntry taken;

    Inbox(long limitBytes) {
        this.limitBytes = limitBytes;
        this.taken = new Stub();
        this.newest = new AtomicReference<>(taken);
    }

    /** Appends an entry. Any thread; never blocks. */
    void offer(InboxEntry entry) {
        bytes.getAndAdd(entry.pinnedBytes());
        newest.getAndSet(entry).next = entry;
    }

    /**
     * Takes the oldest entry. Consumer only. An entry whose producer is between its two steps is not seen yet; that
     * producer wakes the puddle afterwards.
     */
    @Nullable
    InboxEntry poll() {
        InboxEntry entry = taken.next;
        if (entry != null) {
            taken = entry;
        }
        return entry;
    }

    /** Gives back what polled entries pinned. Consumer only; once per batch, because it is a contended counter. */
    void settle(long polledBytes) {
        bytes.getAndAdd(-polledBytes);
    }

    /** Returns whether nothing can be polled. Consumer only. */
    boolean isEmpty() {
        return taken.next == null;
    }

    /** Returns the bytes pinned by what waits here. Any thread. */
    long bytes() {
        return bytes.get();
    }

    /** Returns whether publishers must wait. Any thread. */
    boolean isFull() {
        return bytes.get() >= limitBytes;
    }

    /** Returns whether publishers that wait may go on: half of the limit, so that they do not stop at every run. */
    boolean isRelaxed() {
        return bytes.get() <= limitBytes / 2;
    }

    private static final class Stub extends InboxEntry {
        @Override
        void apply() {
            throw new IllegalStateException("the stub is never polled");
        }
    }
}
