package io.porthouse.router;

import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Many refreshes of one change, a bounded number at a time: a source that answers from a bounded pool is not asked for ten
 * thousand tokens at once. Thread-safe.
 */
final class Refreshes {

    /** Enough to keep a database busy, few enough to leave others their turn. */
    private static final int AT_ONCE = 16;

    private final CompletableFuture<Refreshed> done = new CompletableFuture<>();
    private final AtomicInteger wanted = new AtomicInteger();

    // Guarded by this:
    private final Iterator<Supplier<? extends CompletionStage<Refreshed>>> left;
    private Refreshed sum = Refreshed.NOTHING;
    private int running;

    private Refreshes(List<Supplier<? extends CompletionStage<Refreshed>>> all) {
        this.left = all.iterator();
    }

    /** Runs them all; completes when the last one has, and never fails: what fails is not confirmed. */
    static CompletableFuture<Refreshed> run(List<Supplier<? extends CompletionStage<Refreshed>>> all) {
        if (all.isEmpty()) {
            return CompletableFuture.completedFuture(Refreshed.NOTHING);
        }
        Refreshes refreshes = new Refreshes(all);
        refreshes.advance();
        return refreshes.done;
    }

    /** Starts what may run now. Only one caller at a time does so, so that what completes at once does not pile up calls. */
    private void advance() {
        if (wanted.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            for (Supplier<? extends CompletionStage<Refreshed>> next = next(); next != null; next = next()) {
                next.get()
                        .whenComplete(
                                (refreshed, failure) -> ended(failure == null ? refreshed : Refreshed.UNCONFIRMED));
            }
            seen = wanted.addAndGet(-seen);
        } while (seen != 0);
    }

    private synchronized @Nullable Supplier<? extends CompletionStage<Refreshed>> next() {
        if (running == AT_ONCE || !left.hasNext()) {
            return null;
        }
        running++;
        return left.next();
    }

    private void ended(Refreshed refreshed) {
        Refreshed all;
        boolean last;
        synchronized (this) {
            running--;
            sum = sum.plus(refreshed);
            all = sum;
            last = running == 0 && !left.hasNext();
        }
        if (last) {
            done.complete(all);
        } else {
            advance();
        }
    }
}
