package io.porthouse.router;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the refresh of one token still waits for, on all loops, and what it has done. It ends when each loop has compared its
 * sessions, each room that was granted is joined, and each loop has passed the place in its inbox where that stands: then
 * GRANTED and WITHDRAWN are in the outboxes. Thread-safe.
 */
final class RefreshTally {

    private final int sessions;
    private final List<CompletableFuture<Refreshed>> waiting;
    private final AtomicInteger left = new AtomicInteger(1);
    private final AtomicInteger closed = new AtomicInteger();
    private volatile boolean confirmed;

    /** @param waiting what completes at the end */
    RefreshTally(int sessions, boolean confirmed, List<CompletableFuture<Refreshed>> waiting) {
        this.sessions = sessions;
        this.confirmed = confirmed;
        this.waiting = List.copyOf(waiting);
    }

    /** One thing more to wait for. */
    void begin() {
        left.incrementAndGet();
    }

    /** One thing less; whoever made the tally ends it once too. */
    void end() {
        if (left.decrementAndGet() == 0) {
            Refreshed refreshed = new Refreshed(sessions, closed.get(), confirmed);
            waiting.forEach(future -> future.complete(refreshed));
        }
    }

    /** One thing less, once the puddle has done what is in its inbox now. */
    void endBehindInbox(Puddle puddle) {
        puddle.inbox.offer(new End(this));
        puddle.wake();
    }

    void countClosed() {
        closed.incrementAndGet();
    }

    /** What is granted could not be joined; the session is closed for that. */
    void countFailed() {
        confirmed = false;
        countClosed();
    }

    private static final class End extends InboxEntry {
        private final RefreshTally tally;

        End(RefreshTally tally) {
            this.tally = tally;
        }

        @Override
        void apply() {
            tally.end();
        }
    }
}
