package io.porthouse.benchmarks;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Tells how long an event loop is held by a piece of work: comes by again and again, each time behind another look at the
 * sockets, and notes the time since it came last if the work has left its mark meanwhile. Keeps the loop from sleeping while
 * it watches. The fields belong to the loop.
 */
final class LoopProbe {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /**
     * How long a loop was held.
     *
     * @param nanos as anybody who waits for the loop feels it: with what the machine and the collector did meanwhile
     * @param cpuNanos the loop's own processor time
     */
    record Held(long nanos, long cpuNanos) {}

    private final EventExecutor loop;
    private final List<Held> marked = new ArrayList<>();
    private long lastNanos;
    private long lastCpuNanos;
    private boolean isMarked;
    private boolean stopped;

    LoopProbe(EventExecutor loop) {
        this.loop = loop;
    }

    /** Begins to watch; the future tells when it does. */
    CompletableFuture<Void> start() {
        return CompletableFuture.runAsync(
                () -> {
                    measure();
                    comeAgain();
                },
                loop);
    }

    /** Says that the work is what runs on the loop now. On the loop. */
    void mark() {
        isMarked = true;
    }

    /** Does so many times nothing else than leave a mark, as often as the router does what it does in slices. */
    CompletableFuture<Void> markOnly(int times) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        markLater(times, done);
        return done;
    }

    private void markLater(int times, CompletableFuture<Void> done) {
        Future<?> unused = loop.schedule(
                () -> {
                    mark();
                    if (times > 1) {
                        markLater(times - 1, done);
                    } else {
                        done.complete(null);
                    }
                },
                1,
                TimeUnit.MILLISECONDS);
    }

    /** Watches no more; returns how long each piece of work has held the loop. */
    CompletableFuture<List<Held>> stop() {
        return CompletableFuture.supplyAsync(
                () -> {
                    // What ended just now has held it too.
                    measure();
                    stopped = true;
                    return marked;
                },
                loop);
    }

    private void comeAgain() {
        // What is executed may come before the sockets; what is scheduled, even for now, comes behind another look at
        // them.
        Future<?> unused = loop.schedule(this::pass, 0, TimeUnit.NANOSECONDS);
    }

    private void pass() {
        if (!stopped) {
            measure();
            comeAgain();
        }
    }

    private void measure() {
        long nanos = System.nanoTime();
        long cpuNanos = THREADS.getCurrentThreadCpuTime();
        if (isMarked) {
            marked.add(new Held(nanos - lastNanos, cpuNanos - lastCpuNanos));
            isMarked = false;
        }
        lastNanos = nanos;
        lastCpuNanos = cpuNanos;
    }
}
