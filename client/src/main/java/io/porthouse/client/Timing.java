package io.porthouse.client;

import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The clock and the timers of a connection, so that a test need not wait for them. Thread-safe. */
interface Timing {

    /** A timer that was started. */
    @FunctionalInterface
    interface Timer {
        /** Does nothing if it has run. */
        void cancel();
    }

    /** A time that only its differences mean something of, as {@link System#nanoTime}. */
    long nanos();

    /** Runs an action once, later, on a thread that must not be blocked. */
    Timer after(Duration delay, Runnable action);

    /** The real one; its actions run on these loops. */
    static Timing on(EventLoopGroup loops) {
        return new Timing() {
            @Override
            public long nanos() {
                return System.nanoTime();
            }

            @Override
            public Timer after(Duration delay, Runnable action) {
                var scheduled = loops.next().schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
                return () -> scheduled.cancel(false);
            }
        };
    }
}
