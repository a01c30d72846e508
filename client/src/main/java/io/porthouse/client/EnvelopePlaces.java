package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The envelopes that a router allows a link to have open at once. Who finds no place waits for one, in the order of coming.
 * Thread-safe.
 */
final class EnvelopePlaces {

    private final BooleanSupplier isOwnThread;
    private final long timeoutNanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Condition> waiting = new ArrayDeque<>();
    private int most;
    private int taken;
    private int takenByWhole;
    private @Nullable PorthouseException ended;

    /** @param isOwnThread whether the present thread is the link's, which cannot wait */
    EnvelopePlaces(ConnectOptions options, BooleanSupplier isOwnThread) {
        this.isOwnThread = isOwnThread;
        this.timeoutNanos = options.sendTimeout.toNanos();
    }

    void most(int count) {
        lock.lock();
        try {
            most = count;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a place, once there is one. Waits for as long as an envelope that is sent whole has one, because that ends by
     * itself; for those whose chunks the caller sends, no longer than the send timeout.
     *
     * @param whole whether the envelope is sent whole
     * @throws PorthouseException if the link ends, or no place becomes free
     */
    void take(boolean whole) {
        lock.lock();
        try {
            if (ended == null && (taken >= most || !waiting.isEmpty())) {
                await();
            }
            if (ended != null) {
                throw ended.again();
            }
            taken++;
            takenByWhole += whole ? 1 : 0;
        } finally {
            lock.unlock();
        }
    }

    void giveBack(boolean whole) {
        lock.lock();
        try {
            taken--;
            takenByWhole -= whole ? 1 : 0;
            wakeNext();
        } finally {
            lock.unlock();
        }
    }

    /** The link has ended: nobody gets a place any more. */
    void end(PorthouseException cause) {
        lock.lock();
        try {
            ended = cause;
            waiting.forEach(Condition::signal);
        } finally {
            lock.unlock();
        }
    }

    private void await() {
        if (most == 0 || isOwnThread.getAsBoolean()) {
            throw none("and the connection's own thread cannot wait for one to end");
        }
        Condition turn = lock.newCondition();
        waiting.add(turn);
        try {
            long left = timeoutNanos;
            int seen = taken;
            while (ended == null && (taken >= most || waiting.peek() != turn)) {
                if (left <= 0) {
                    throw none("and none ends; finish one first");
                }
                left = turn.awaitNanos(left);
                if (takenByWhole > 0 || seen != taken) {
                    seen = taken;
                    left = timeoutNanos;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PorthouseException(
                    Kind.INTERRUPTED, "interrupted while waiting for another envelope to end; nothing was sent", e);
        } finally {
            waiting.remove(turn);
            wakeNext();
        }
    }

    private void wakeNext() {
        Condition next = waiting.peek();
        if (next != null && taken < most) {
            next.signal();
        }
    }

    private PorthouseException none(String why) {
        return new PorthouseException(
                Kind.FULL, most + " envelopes are being sent, which is all the router allows, " + why);
    }
}
