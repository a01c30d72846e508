package io.porthouse.admin.store;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Threads that start together. */
final class Racers implements AutoCloseable {

    private final ExecutorService threads;
    private final CyclicBarrier line;
    private final List<Future<?>> runs = new ArrayList<>();

    /** @param number of threads; they start when there is work for all */
    Racers(int number) {
        threads = Executors.newFixedThreadPool(number);
        line = new CyclicBarrier(number);
    }

    interface Work {
        void run() throws Exception;
    }

    void run(Work work) {
        runs.add(call(() -> {
            work.run();
            return true;
        }));
    }

    /** As {@link #run}, for work that has a result. */
    <T> Future<T> call(Callable<T> work) {
        Future<T> run = threads.submit(() -> {
            line.await();
            return work.call();
        });
        runs.add(run);
        return run;
    }

    /** Returns when all are done; throws what one of them threw. */
    void finish() throws Exception {
        for (Future<?> run : runs) {
            run.get(60, TimeUnit.SECONDS);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
