package io.porthouse.client;

import io.porthouse.protocol.EnvelopeFailure;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The bound of what a connection has received and nobody has taken yet: frames that wait for the handlers, and what open
 * {@link EnvelopeStream}s hold. Above it the link stops reading, so that the router, and behind it the publishers, wait.
 * Thread-safe.
 */
final class ReceiveSpace {

    /**
     * How much must be taken before reading goes on. Little, because the router counts what a slow member takes in 10 s, and
     * a long pause would look like none at all; not less, because each pause costs a wake-up.
     */
    private static final long PAUSE_BYTES = 512 << 10;

    private final long limitBytes;
    private final long resumeBytes;
    private final BooleanSupplier isHandler;
    private final AtomicLong heldBytes = new AtomicLong();
    private volatile @Nullable Link pausedLink;
    private volatile @Nullable PorthouseException loss;

    /** @param isHandler whether the present thread is a handler's of the connection */
    ReceiveSpace(long limitBytes, BooleanSupplier isHandler) {
        this.limitBytes = limitBytes;
        this.resumeBytes = limitBytes - Math.min(limitBytes / 2, PAUSE_BYTES);
        this.isHandler = isHandler;
    }

    /** For envelopes of no connection, such as those that a test makes up. */
    static ReceiveSpace unbounded() {
        return new ReceiveSpace(Long.MAX_VALUE, () -> false);
    }

    /**
     * Counts what a link has read. Its event loop only.
     *
     * @return whether the link must stop reading until it is told to go on
     */
    boolean received(Link link, int bytes) {
        boolean full = heldBytes.addAndGet(bytes) > limitBytes;
        if (full) {
            pausedLink = link;
        }
        return full;
    }

    /** Counts what stays here longer than its frame. */
    void hold(long bytes) {
        heldBytes.addAndGet(bytes);
    }

    /** So much was taken. */
    void release(long bytes) {
        if (heldBytes.addAndGet(-bytes) <= resumeBytes) {
            resume();
        }
    }

    /** Lets a link that stopped reading go on. */
    void resume() {
        Link paused = pausedLink;
        if (paused != null) {
            pausedLink = null;
            paused.resumeReading();
        }
    }

    /** Whether so much is held that a connection that breaks now may have been found too slow. */
    boolean isBehind() {
        return heldBytes.get() > limitBytes / 2;
    }

    /** How many bytes are held. */
    long heldBytes() {
        return heldBytes.get();
    }

    /** Whether a handler of the connection is what runs on the present thread. */
    boolean isHandlerThread() {
        return isHandler.getAsBoolean();
    }

    /** Remembers why the connection ended, for those who are told next that it did. Null: it was closed here. */
    void lost(@Nullable PorthouseException cause) {
        loss = cause;
    }

    /** Why the connection ended, if that is the reason of a failure. */
    @Nullable
    PorthouseException loss(EnvelopeFailure reason) {
        return reason == EnvelopeFailure.CONNECTION_LOST ? loss : null;
    }
}
