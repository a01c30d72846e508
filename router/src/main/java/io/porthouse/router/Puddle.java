package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop's shard of the node: its {@link Sessions}, its members of each room, its inbox. It shares nothing; other
 * loops reach it only through {@link #inbox} and {@link #wake}, {@link #execute} and {@link #awaitSpace}.
 *
 * <p>Its work comes in <em>rounds</em>, one task each: take what is in the inbox, flush each session that got something,
 * close the sessions that were marked. A round is never re-entered; what is published during one is only offered.
 */
final class Puddle {

    /** A round ends after this many bytes, so that what it queued is flushed while it is still in the processor's cache. */
    static final long ROUND_BYTES = 1 << 20;

    static final long TICK_MILLIS = 100;

    /** Each session, and each token's expiry, is looked at once in this many ticks, so once a second. */
    static final int SCAN_TICKS = 10;

    private static final Logger LOG = LoggerFactory.getLogger(Puddle.class);

    final int index;
    final Inbox inbox;
    final SharedSlice sharedSlice = new SharedSlice();
    final PuddleStats stats = new PuddleStats();
    final FrameRouter frames;
    final ReadBlocks readBlocks;
    final Sessions sessions = new Sessions(this);

    private final Node node;
    private final EventLoop loop;
    private final AtomicBoolean awake = new AtomicBoolean();
    private final Queue<Session> publishersAwaitingSpace = new ConcurrentLinkedQueue<>();

    /** One object for all rounds, so that waking allocates nothing. */
    private final Runnable roundTask = this::round;

    private final Runnable turnsTask = this::giveTurns;

    /** Other puddles, by index, that are woken when the next round begins. */
    private final BitSet wokenWithRound = new BitSet();

    private final List<Session> touched = new ArrayList<>();

    /** Sessions with more chunks to send than others can wait for. */
    private final List<Session> awaitingTurn = new ArrayList<>();

    private boolean inRound;
    private long ticks;
    private long nowNanos;
    private long tookSinceCheck;
    private long messageBudgetBytes;
    private long chunkMarkBytes;
    private boolean sparesMemory;
    private @Nullable Future<?> tick;

    Puddle(int index, Node node, EventLoop loop) {
        this.index = index;
        this.node = node;
        this.loop = loop;
        this.inbox = new Inbox(node.settings.limits().inboxBytes());
        this.frames = new FrameRouter(node, this);
        this.readBlocks = new ReadBlocks(node.memory.allocator());
        this.nowNanos = node.nanoTime.getAsLong();
        setBudgets();
    }

    /** Starts the tick. */
    void start() {
        tick = loop.scheduleAtFixedRate(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    boolean inLoop() {
        return loop.inEventLoop();
    }

    EventLoop loop() {
        return loop;
    }

    // ---- from any thread

    /** Makes sure that a round follows. Costs nothing if one is due already. */
    void wake() {
        if (!awake.get() && awake.compareAndSet(false, true)) {
            execute(roundTask);
        }
    }

    /**
     * Makes sure that a round of another puddle follows, at the latest with this one's next. What a crowd of connections has
     * sent is routed in one go, and so costs one wake-up of the other loop. On this loop.
     */
    void wakeWithRound(Puddle other) {
        if (other == this || inRound) {
            other.wake();
        } else {
            wokenWithRound.set(other.index);
            wake();
        }
    }

    /** Runs a task on the loop, after what it does now. A puddle that has stopped runs nothing any more. */
    void execute(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("puddle {} has stopped", index);
        }
    }

    /** Registers a publisher that found the inbox full; it is resumed when half of it is free. */
    void awaitSpace(Session publisher) {
        publishersAwaitingSpace.add(publisher);
        // The drain that would resume it may have ended between its look at the inbox and its entry here.
        if (inbox.isRelaxed()) {
            resumePublishers();
        }
    }

    private void resumePublishers() {
        for (Session next = publishersAwaitingSpace.poll(); next != null; next = publishersAwaitingSpace.poll()) {
            Session publisher = next;
            publisher.puddle.execute(() -> publisher.gate.resume(ReadGate.WAITS_FOR_INBOX));
        }
    }

    // ---- the round

    /** Has the session looked at when the round ends. On the loop. */
    void touch(Session session) {
        touched.add(session);
        if (!inRound) {
            wake();
        }
    }

    /** Gives the session a turn, {@link #afterSockets}. On the loop. */
    void awaitTurn(Session session) {
        if (awaitingTurn.isEmpty()) {
            afterSockets(turnsTask);
        }
        awaitingTurn.add(session);
    }

    private void giveTurns() {
        awaitingTurn.forEach(session -> session.outbox.takeTurn());
        awaitingTurn.clear();
    }

    /** Runs a task after another look at the sockets, so that what they bring goes first. On the loop. */
    void afterSockets(Runnable task) {
        // What is scheduled, even for now, comes after that; what is executed might not.
        Future<?> unused = loop.schedule(task, 0, TimeUnit.MILLISECONDS);
    }

    private void round() {
        assert inLoop();
        awake.set(false);
        wakeOthers();
        inRound = true;
        try {
            drain();
            for (int i = 0; i < touched.size(); i++) {
                Session session = touched.get(i);
                try {
                    session.endOfRound();
                } catch (RuntimeException | Error e) {
                    failed(session, e);
                }
            }
        } finally {
            touched.clear();
            inRound = false;
        }
        if (!publishersAwaitingSpace.isEmpty() && inbox.isRelaxed()) {
            resumePublishers();
        }
        if (!inbox.isEmpty()) {
            wake();
        }
    }

    private void wakeOthers() {
        for (int i = wokenWithRound.nextSetBit(0); i >= 0; i = wokenWithRound.nextSetBit(i + 1)) {
            wokenWithRound.clear(i);
            node.puddles()[i].wake();
        }
    }

    /** Does something for one session: if that fails, the session loses only itself. On its loop. */
    static void apart(Session session, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            failed(session, e);
        }
    }

    private static void failed(Session session, Throwable cause) {
        LOG.error("session {} failed and is closed", session.handle, cause);
        session.ingress.reset();
    }

    private void drain() {
        long polled = 0;
        for (InboxEntry entry = inbox.poll(); entry != null; entry = polled < ROUND_BYTES ? inbox.poll() : null) {
            polled += entry.pinnedBytes();
            try {
                entry.apply();
            } catch (RuntimeException | Error e) {
                LOG.error("an inbox entry failed; the others go on", e);
            }
        }
        if (polled > 0) {
            inbox.settle(polled);
        }
    }

    // ---- time and memory

    /** The time of the last tick: exact to {@value #TICK_MILLIS} ms, and free. */
    long nowNanos() {
        return nowNanos;
    }

    /** What the messages of one outbox may be charged with: three quarters of its budget. */
    long messageBudgetBytes() {
        return messageBudgetBytes;
    }

    /** Above this the chunks of one outbox hold up their publishers: a quarter of its budget. */
    long chunkMarkBytes() {
        return chunkMarkBytes;
    }

    /** Returns whether memory is so short that Netty is to hold as little as possible. */
    boolean sparesMemory() {
        return sparesMemory;
    }

    /** Counts what was read, and as memory taken. */
    void countRead(int bytes) {
        stats.receivedBytes.add(bytes);
        took(bytes);
    }

    /** Counts memory that was taken, for what was read or copied; checks the node's every few megabytes. */
    void took(long bytes) {
        tookSinceCheck += bytes;
        if (tookSinceCheck >= node.memory.checkEveryBytes()) {
            tookSinceCheck = 0;
            node.memory.check();
            setBudgets();
        }
    }

    private void setBudgets() {
        long budget = node.outboxBudgetBytes();
        chunkMarkBytes = budget / 4;
        messageBudgetBytes = budget - chunkMarkBytes;
        sparesMemory = node.memory.isShort();
    }

    /** A tick that throws would be the last one. */
    private void tick() {
        try {
            keepTime();
        } catch (RuntimeException | OutOfDirectMemoryError e) {
            LOG.error("puddle {} failed to keep its deadlines; it tries again", index, e);
        }
    }

    private void keepTime() {
        nowNanos = node.nanoTime.getAsLong();
        if (index == 0) {
            node.memory.check();
            if (++ticks % SCAN_TICKS == 0) {
                node.tokens.expire();
            }
        }
        setBudgets();
        readBlocks.releaseUnused();
        sessions.keepTime(nowNanos);
    }

    // ---- buffers

    ByteBuf allocate(int bytes) {
        return node.memory.allocator().directBuffer(bytes, bytes);
    }

    /** Drops whoever is left, and releases what the puddle holds; the last thing on its loop. */
    void stop() {
        assert inLoop();
        Future<?> ticking = tick;
        if (ticking != null) {
            ticking.cancel(false);
        }
        sessions.reset();
        while (!inbox.isEmpty()) {
            round();
        }
        readBlocks.releaseAll();
    }
}
