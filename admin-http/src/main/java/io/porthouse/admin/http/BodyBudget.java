package io.porthouse.admin.http;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.BaseUnits;
import java.util.concurrent.atomic.AtomicLong;

/** The memory that the bodies of all requests and answers may take together. Thread-safe. */
final class BodyBudget {

    /** Several of the largest message. Answers to changes may exceed it. */
    static final long BYTES = 64 << 20;

    private final AtomicLong used = new AtomicLong();

    BodyBudget(MeterRegistry metrics) {
        Gauge.builder("porthouse.admin.bodies", used, AtomicLong::get)
                .description("Bodies of requests and answers in memory")
                .baseUnit(BaseUnits.BYTES)
                .register(metrics);
    }

    /** Returns what a connection holds of it: nothing yet. */
    Share share() {
        return new Share();
    }

    /** What one connection holds of the budget. For one thread. */
    final class Share {

        private long heldBytes;

        /** Takes as much more; returns false, and takes nothing, if there is not as much. */
        boolean reserve(long bytes) {
            long before = used.getAndUpdate(now -> now + bytes <= BYTES ? now + bytes : now);
            if (before + bytes > BYTES) {
                return false;
            }
            heldBytes += bytes;
            return true;
        }

        /** Takes what must be taken, even if there is not as much. */
        void overdraw(long bytes) {
            used.addAndGet(bytes);
            heldBytes += bytes;
        }

        /** Gives back all that is held. */
        void release() {
            used.addAndGet(-heldBytes);
            heldBytes = 0;
        }
    }
}
