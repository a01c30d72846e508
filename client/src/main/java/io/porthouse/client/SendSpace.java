package io.porthouse.client;

import io.netty.channel.EventLoop;
import io.porthouse.client.PorthouseException.Kind;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The bounds of a {@link SendQueue}: bytes that are not in the socket yet, receipts that are outstanding, rooms that are
 * paused; and the senders that wait for them. Owns the queue's lock: every method needs it to be held.
 */
final class SendSpace {

    /** What chunks may fill, so that messages find room beside them. */
    private static final double FOR_CHUNKS = 0.5;

    /** Senders that wait go on when no more than this part of the limit is pending. */
    private static final int WAKE_PART = 4;

    private final ReentrantLock lock;
    private final Condition changed;
    private final EventLoop loop;
    private final BooleanSupplier isHandler;
    private final BooleanSupplier isReading;
    private final long limitBytes;
    private final int maxUnacknowledged;
    private final long timeoutNanos;

    /** An envelope that waits to go on. */
    private static final class Turn {
        final Rooms.Held room;
        final Condition come;

        Turn(Rooms.Held room, Condition come) {
            this.room = room;
            this.come = come;
        }
    }

    /** The envelopes that wait, in the order of coming: each has one chunk in its turn, so that all get an equal share. */
    private final ArrayDeque<Turn> turns = new ArrayDeque<>();

    private long pendingBytes;
    private int unacknowledged;
    private long progress;
    private @Nullable PorthouseException refusal;

    /**
     * @param isHandler whether the present thread is a handler's of this connection
     * @param isReading whether the link is being read; {@link #flowChanged} is called when it no longer is
     */
    SendSpace(
            ReentrantLock lock,
            EventLoop loop,
            ConnectOptions options,
            BooleanSupplier isHandler,
            BooleanSupplier isReading) {
        this.lock = lock;
        this.changed = lock.newCondition();
        this.loop = loop;
        this.isHandler = isHandler;
        this.isReading = isReading;
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
            wakeNextTurn();
        }
    }

    void acknowledged(int count) {
        assert lock.isHeldByCurrentThread();
        unacknowledged -= count;
        progress++;
        changed.signalAll();
        wakeNextTurn();
    }

    /** A room goes on or was lost, or the link is not read any more. */
    void flowChanged() {
        wakeNextTurn();
    }

    private void wakeNextTurn() {
        Turn next = nextTurn();
        if (next != null) {
            next.come.signal();
        }
    }

    /** Whose turn it is: a paused room holds up its own envelopes only. */
    private @Nullable Turn nextTurn() {
        for (Turn turn : turns) {
            if (!isHeldBack(turn.room)) {
                return turn;
            }
        }
        return null;
    }

    private boolean isHeldBack(Rooms.Held room) {
        return room.paused && isReading.getAsBoolean();
    }

    /** Refuses senders from now on, and those that wait. The first cause stays. */
    void refuse(PorthouseException cause) {
        if (refusal == null) {
            refusal = cause;
        }
        changed.signalAll();
        turns.forEach(turn -> turn.come.signal());
    }

    /**
     * Waits until an envelope's next chunk may be queued: its room is not paused, all envelopes that came before have had
     * their turn, and it fits into what chunks may fill. While the room is paused there is no time limit: the router gives
     * its word to go on, or closes the slow member that it waits for.
     *
     * <p>A pause holds nobody back while the link is not read, because its end would not be heard: perhaps until the very
     * sender that waits here takes what was received, as one does that sends on what it gets. The chunks then go to the
     * router, which does not read on before the room does, so that the room still sets the pace; it needs nothing from this
     * side to go on, and what else is sent here waits behind them. If the one that holds up the room is this connection,
     * which is not read, everybody would wait in a circle: the router ends that, as for every slow member, by closing the
     * connection (3001), which fails whoever waits here.
     */
    void awaitChunk(Rooms.Held room, int frameBytes, boolean withReceipt) {
        requireOpen();
        long limit = (long) (limitBytes * FOR_CHUNKS);
        boolean free = !isHeldBack(room) && nextTurn() == null;
        if (free && !hasNoBytes(frameBytes, limit) && !hasNoReceipts(withReceipt)) {
            return;
        }
        Turn turn = new Turn(room, lock.newCondition());
        turns.add(turn);
        try {
            await(turn, frameBytes, limit, withReceipt);
        } finally {
            turns.remove(turn);
            wakeNextTurn();
        }
    }

    /** Waits until a message or a request fits: for as long as anything moves, plus the send timeout. */
    void awaitSpace(int frameBytes, boolean withReceipt) {
        requireOpen();
        await(null, frameBytes, limitBytes, withReceipt);
    }

    /** @param turn what must have come too; null: nothing */
    private void await(@Nullable Turn turn, int frameBytes, long limit, boolean withReceipt) {
        long seen = progress;
        long left = timeoutNanos;
        while ((turn != null && nextTurn() != turn) || hasNoBytes(frameBytes, limit) || hasNoReceipts(withReceipt)) {
            requireMayWait(turn, withReceipt);
            boolean timed = isTimed(turn, withReceipt);
            if (timed && left <= 0) {
                throw new PorthouseException(
                        Kind.FULL,
                        full(withReceipt)
                                + " and nothing moves; check that the router is reading, or send less at once");
            }
            Condition signal = turn == null ? changed : turn.come;
            try {
                left = signal.awaitNanos(timed ? left : Long.MAX_VALUE);
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
            requireOpen();
            if (!timed || seen != progress) {
                seen = progress;
                left = timeoutNanos;
            }
        }
    }

    /** Whether a wait has a limit: one for the router's word has none, but receipts don't come while nothing is read. */
    private boolean isTimed(@Nullable Turn turn, boolean withReceipt) {
        if (turn == null || !turn.room.paused) {
            return true;
        }
        return !isHeldBack(turn.room) && hasNoReceipts(withReceipt);
    }

    /** An empty queue takes any one frame. */
    private boolean hasNoBytes(int frameBytes, long limit) {
        return pendingBytes > 0 && pendingBytes + frameBytes > limit;
    }

    private boolean hasNoReceipts(boolean withReceipt) {
        return withReceipt && unacknowledged >= maxUnacknowledged;
    }

    private String full(boolean withReceipt) {
        return hasNoReceipts(withReceipt) ? unacknowledged + " receipts are outstanding" : "the send buffer is full";
    }

    private void requireMayWait(@Nullable Turn turn, boolean withReceipt) {
        boolean paused = turn != null && isHeldBack(turn.room);
        String what = paused ? "the room is paused" : full(withReceipt);
        if (loop.inEventLoop()) {
            throw new PorthouseException(
                    Kind.FULL, what + ", and the connection's own thread cannot wait; send from another thread");
        }
        if (!paused && hasNoReceipts(withReceipt) && isHandler.getAsBoolean()) {
            // They may not come while this thread is behind, because then nothing is read.
            throw new PorthouseException(
                    Kind.FULL, what + ", and a handler cannot wait for receipts; send from another thread, or post");
        }
    }

    /** @throws PorthouseException why nothing is sent any more */
    void requireOpen() {
        if (refusal != null) {
            throw refusal.again();
        }
    }

    private static PorthouseException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new PorthouseException(Kind.INTERRUPTED, "interrupted while waiting to send; it was not sent", e);
    }
}
