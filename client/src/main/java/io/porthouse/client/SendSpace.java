package io.porthouse.client;

import io.netty.channel.EventLoop;
import io.porthouse.client.PorthouseException.Kind;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The bounds of a {@link SendQueue}: bytes that are not in the socket yet, receipts that are outstanding, rooms that are
 * paused; and the senders that wait for them. Owns the queue's lock: every method needs it to be held.
 */
final class SendSpace {

    /** Senders that wait go on when no more than this part of the limit is pending. */
    private static final int WAKE_PART = 4;

    private final ReentrantLock lock;
    private final Condition changed;
    private final EventLoop loop;
    private final BooleanSupplier isHandler;
    private final long limitBytes;
    private final int maxUnacknowledged;
    private final long timeoutNanos;

    private long pendingBytes;
    private int unacknowledged;
    private long progress;
    private @Nullable PorthouseException refusal;

    SendSpace(ReentrantLock lock, EventLoop loop, ConnectOptions options, BooleanSupplier isHandler) {
        this.lock = lock;
        this.changed = lock.newCondition();
        this.loop = loop;
        this.isHandler = isHandler;
        this.limitBytes = options.sendBufferBytes;
        this.maxUnacknowledged = options.maxUnacknowledged;
        this.timeoutNanos = options.sendTimeout.toNanos();
    }

    /** Returns whether {@code bytes} more than the limit are pending. */
    boolean isOverBy(long bytes) {
        return pendingBytes > limitBytes + bytes;
    }

    /** Whether everything is in the socket. */
    boolean isEmpty() {
        return pendingBytes == 0;
    }

    void queued(int bytes) {
        pendingBytes += bytes;
    }

    void receiptAwaited() {
        unacknowledged++;
    }

    /** So many bytes are in the socket. Senders are woken for a good stretch of work, not for each block. */
    void written(int bytes) {
        assert lock.isHeldByCurrentThread();
        pendingBytes -= bytes;
        progress++;
        if (pendingBytes <= limitBytes / WAKE_PART) {
            changed.signalAll();
        }
    }

    void acknowledged(int count) {
        assert lock.isHeldByCurrentThread();
        unacknowledged -= count;
        progress++;
        changed.signalAll();
    }

    /** Senders look again. */
    void wakeSenders() {
        changed.signalAll();
    }

    /** Refuses senders from now on, and those that wait. The first cause stays. */
    void refuse(PorthouseException cause) {
        if (refusal == null) {
            refusal = cause;
        }
        wakeSenders();
    }

    /**
     * Waits until an envelope may go on. Without a time limit: the router gives its word to go on, or closes the slow member
     * that it waits for.
     */
    void awaitFlow(Rooms.Held room) {
        requireOpen();
        while (room.paused) {
            requireMayWait("room " + room.name + " is paused");
            try {
                changed.await();
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
            requireOpen();
        }
    }

    /**
     * Waits until a frame fits: for as long as anything moves, plus the send timeout.
     *
     * @param shareOfLimit what part of the limit this kind of frame may fill, 0 to 1
     */
    void awaitSpace(int frameBytes, double shareOfLimit, boolean withReceipt) {
        requireOpen();
        long limit = (long) (limitBytes * shareOfLimit);
        long seen = progress;
        long left = timeoutNanos;
        while (hasNoBytes(frameBytes, limit) || hasNoReceipts(withReceipt)) {
            String what = hasNoReceipts(withReceipt)
                    ? unacknowledged + " receipts are outstanding"
                    : "the send buffer is full";
            requireMayWait(what);
            if (hasNoReceipts(withReceipt) && isHandler.getAsBoolean()) {
                // They may not come while this thread is behind, because then nothing is read.
                throw new PorthouseException(
                        Kind.FULL,
                        what + ", and a handler cannot wait for receipts; send from another thread, or post");
            }
            if (left <= 0) {
                throw new PorthouseException(
                        Kind.FULL, what + " and nothing moves; check that the router is reading, or send less at once");
            }
            try {
                left = changed.awaitNanos(left);
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
            requireOpen();
            if (seen != progress) {
                seen = progress;
                left = timeoutNanos;
            }
        }
    }

    /** An empty queue takes any one frame. */
    private boolean hasNoBytes(int frameBytes, long limit) {
        return pendingBytes > 0 && pendingBytes + frameBytes > limit;
    }

    private boolean hasNoReceipts(boolean withReceipt) {
        return withReceipt && unacknowledged >= maxUnacknowledged;
    }

    private void requireMayWait(String what) {
        if (loop.inEventLoop()) {
            throw new PorthouseException(
                    Kind.FULL, what + ", and the connection's own thread cannot wait; send from another thread");
        }
    }

    private void requireOpen() {
        if (refusal != null) {
            throw refusal.again();
        }
    }

    private static PorthouseException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new PorthouseException(Kind.INTERRUPTED, "interrupted while waiting to send; it was not sent", e);
    }
}
