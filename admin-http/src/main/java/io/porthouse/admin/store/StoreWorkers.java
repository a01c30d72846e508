package io.porthouse.admin.store;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.porthouse.admin.store.StoreUnavailableException.Reason;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Threads that may block on the store, for those that may not. A bounded number of them takes from a bounded queue; what finds
 * it full, or has waited in it for too long, fails as {@link Reason#BUSY} and is counted. Thread-safe.
 */
public final class StoreWorkers implements AutoCloseable {

    private static final long STOP_SECONDS = 5;

    private final ThreadPoolExecutor threads;
    private final long patienceNanos;
    private final LongSupplier nanoTime;
    private final Counter refused;

    /**
     * @param name tells these from other workers, in thread names and metrics
     * @param number of threads; all workers of a store together need no more than it has connections
     * @param queue the most that may wait
     * @param patience how long it may wait
     * @param nanoTime measures that
     */
    public StoreWorkers(
            String name, int number, int queue, Duration patience, LongSupplier nanoTime, MeterRegistry metrics) {
        this.patienceNanos = patience.toNanos();
        this.nanoTime = nanoTime;
        AtomicInteger made = new AtomicInteger();
        this.threads =
                new ThreadPoolExecutor(number, number, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(queue), task -> {
                    Thread thread = new Thread(task, "porthouse-store-" + name + "-" + made.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        this.refused = Counter.builder("porthouse.store.refused")
                .description("Work for the store that found the queue full, or waited in it for too long")
                .tag("workers", name)
                .register(metrics);
        Gauge.builder(
                        "porthouse.store.waiting",
                        threads,
                        pool -> pool.getQueue().size())
                .description("Work for the store that waits for a thread")
                .tag("workers", name)
                .register(metrics);
    }

    /**
     * Has work done on one of the threads.
     *
     * @return completes there with what the work returns or throws; at once, if there is no room
     */
    public <T> CompletableFuture<T> submit(Supplier<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        long submitted = nanoTime.getAsLong();
        try {
            threads.execute(() -> {
                if (nanoTime.getAsLong() - submitted > patienceNanos) {
                    refuse(result);
                    return;
                }
                try {
                    result.complete(work.get());
                } catch (Throwable e) {
                    result.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            refuse(result);
        }
        return result;
    }

    private void refuse(CompletableFuture<?> result) {
        refused.increment();
        result.completeExceptionally(
                new StoreUnavailableException(Reason.BUSY, "too much is waiting for the store", null));
    }

    /**
     * Takes no more work, and returns when what was taken is done, after 5 s at most. Nothing is interrupted: H2 closes its
     * file for everybody when one thread is.
     */
    @Override
    public void close() {
        threads.shutdown();
        try {
            boolean unused = threads.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
