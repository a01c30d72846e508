package io.porthouse.router;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Something that a test does at the same time on a thread of its own. What fails there fails where it is waited for. */
final class Background implements AutoCloseable {

    private static final long TIMEOUT_SECONDS = 60;

    private final FutureTask<Boolean> task;
    private final Thread thread;

    /** What is done; it may throw. */
    @FunctionalInterface
    interface Work {
        void run() throws Exception;
    }

    private Background(Work work) {
        task = new FutureTask<>(() -> {
            work.run();
            return true;
        });
        thread = new Thread(task, "test-background");
        thread.setDaemon(true);
    }

    static Background start(Work work) {
        Background background = new Background(work);
        background.thread.start();
        return background;
    }

    /** Waits for the end of the work, which must have done well. */
    void join() throws InterruptedException, TimeoutException {
        try {
            task.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("in the background: " + e.getCause(), e.getCause());
        }
    }

    /** Gives the work up if it is still going on. */
    @Override
    public void close() {
        task.cancel(true);
    }
}
