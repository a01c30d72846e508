package io.porthouse.benchmarks;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads that benchmarks run on: of the kind that event loops have, because Netty's thread-local caches of buffers and
 * queues work in full on those alone. JMH makes it by reflection, as {@code jmh.executor.class} tells it to.
 */
public final class LoopThreads extends ThreadPoolExecutor {

    /**
     * @param threads how many; each keeps its state, so they neither grow in number nor end early
     * @param prefix of their names
     */
    public LoopThreads(int threads, String prefix) {
        super(
                threads,
                threads,
                0,
                TimeUnit.MILLISECONDS,
                new LinkedBlockingQueue<>(),
                new DefaultThreadFactory(prefix, true));
    }
}
