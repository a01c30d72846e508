package io.porthouse.admin.api;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Threads for what lasts as long as somebody's connection takes: one export and one import. They are there while needed. */
final class Transfers implements AutoCloseable {

    private static final int IMPORT_QUEUE = 4;
    private static final long KEEP_SECONDS = 10;
    private static final long STOP_SECONDS = 5;

    private final ThreadPoolExecutor exports = threads("export", new SynchronousQueue<>());
    private final ThreadPoolExecutor imports = threads("import", new ArrayBlockingQueue<>(IMPORT_QUEUE));

    private static ThreadPoolExecutor threads(String name, BlockingQueue<Runnable> queue) {
        ThreadPoolExecutor threads = new ThreadPoolExecutor(1, 1, KEEP_SECONDS, TimeUnit.SECONDS, queue, task -> {
            Thread thread = new Thread(task, "porthouse-store-" + name);
            thread.setDaemon(true);
            return thread;
        });
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /** Where an export is written; refuses a second one. */
    Executor exports() {
        return exports;
    }

    /** Where the parts of an import are written, one after the other. */
    Executor imports() {
        return imports;
    }

    /** Takes no more work, and returns when what was taken is done, after 5 s at most. */
    @Override
    public void close() {
        exports.shutdown();
        imports.shutdown();
        try {
            boolean unused = exports.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)
                    && imports.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
