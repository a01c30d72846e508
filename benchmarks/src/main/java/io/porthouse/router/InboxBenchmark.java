package io.porthouse.router;

import io.porthouse.benchmarks.RouterJvm;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;
import org.openjdk.jmh.infra.Control;

/**
 * A puddle's inbox: entries offered and polled, by one thread in batches as when a loop publishes to itself, and by two at
 * once. Figures are per entry; an entry is made for each, as for each run.
 */
public class InboxBenchmark extends RouterJvm {

    private static final int BATCH = 64;

    /** An inbox of one thread. */
    @State(Scope.Thread)
    public static class Own {
        private final Inbox inbox = new Inbox(RouterSettings.Limits.DEFAULT_INBOX_BYTES);
    }

    /** An inbox between two threads. */
    @State(Scope.Group)
    public static class Shared {
        private final Inbox inbox = new Inbox(RouterSettings.Limits.DEFAULT_INBOX_BYTES);
    }

    private static final class Entry extends InboxEntry {
        @Override
        void apply() {}
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void oneThread(Own own, Blackhole hole) {
        for (int i = 0; i < BATCH; i++) {
            own.inbox.offer(new Entry());
        }
        drain(own.inbox, hole);
    }

    /** Offers, as far as the inbox is not full. */
    @Benchmark
    @Group("twoThreads")
    @OperationsPerInvocation(BATCH)
    public void offer(Shared shared, Control control) {
        for (int i = 0; i < BATCH; i++) {
            while (shared.inbox.isFull() && !control.stopMeasurement) {
                Thread.onSpinWait();
            }
            shared.inbox.offer(new Entry());
        }
    }

    /** Polls what is there. */
    @Benchmark
    @Group("twoThreads")
    @OperationsPerInvocation(BATCH)
    public void poll(Shared shared, Control control, Blackhole hole) {
        int polled = 0;
        while (polled < BATCH && !control.stopMeasurement) {
            polled += drain(shared.inbox, hole);
        }
    }

    private static int drain(Inbox inbox, Blackhole hole) {
        long bytes = 0;
        int polled = 0;
        for (InboxEntry entry = inbox.poll(); entry != null; entry = polled < BATCH ? inbox.poll() : null) {
            hole.consume(entry);
            bytes += entry.pinnedBytes();
            polled++;
        }
        if (polled > 0) {
            inbox.settle(bytes);
        }
        return polled;
    }
}
