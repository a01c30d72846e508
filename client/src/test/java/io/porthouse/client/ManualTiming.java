package io.porthouse.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Time that passes when a test says so. */
final class ManualTiming implements Timing {

    /** Equal to itself only. */
    private static final class Waiting {
        final long due;
        final Runnable action;

        Waiting(long due, Runnable action) {
            this.due = due;
            this.action = action;
        }
    }

    private final List<Waiting> waiting = new ArrayList<>();
    private long now;

    @Override
    public synchronized long nanos() {
        return now;
    }

    @Override
    public synchronized Timer after(Duration delay, Runnable action) {
        Waiting timer = new Waiting(now + delay.toNanos(), action);
        waiting.add(timer);
        return () -> cancel(timer);
    }

    private synchronized void cancel(Waiting timer) {
        waiting.remove(timer);
    }

    /** Lets time pass, and runs what is due by then. */
    void advance(Duration step) {
        List<Waiting> due;
        synchronized (this) {
            now += step.toNanos();
            due = waiting.stream()
                    .filter(timer -> timer.due <= now)
                    .sorted(Comparator.comparingLong(timer -> timer.due))
                    .toList();
            waiting.removeAll(due);
        }
        due.forEach(timer -> timer.action.run());
    }
}
