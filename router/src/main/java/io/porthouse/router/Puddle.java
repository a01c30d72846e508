package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.internal.OutOfDirectMemoryError;
import io.porthouse.protocol.CloseCode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop's shard of the node: its sessions, its members of each room, its inbox. It shares nothing; other loops reach
 * it only through {@link #inbox} and {@link #wake}, {@link #execute} and {@link #awaitSpace}.
 *
 * <p>Its work comes in <em>rounds</em>, one task each: take what is in the inbox, flush each session that got something,
 * close the sessions that were marked. A round is never re-entered; what is published during one is only offered.
 */
final class Puddle {

    /** A round ends after this many bytes, so that what it queued is flushed while it is still in the processor's cache. */
    static final long ROUND_BYTES = 1 << 20;

    static final long TICK_MILLIS = 100;

    /** How many sessions are described in one go: well below a millisecond. */
    private static final int SLICE_SESSIONS = 128;

    /** To how many goodbye is said in one go: each is a system call. */
    private static final int SLICE_GOODBYES = 64;

    /** Each session is looked at once in this many ticks, so once a second. */
    private static final int SCAN_TICKS = 10;

    private static final Logger LOG = LoggerFactory.getLogger(Puddle.class);

    final int index;
    final Inbox inbox;
    final SharedSlice sharedSlice = new SharedSlice();
    final PuddleStats stats = new PuddleStats();
    final FrameRouter frames;
    final ReadBlocks readBlocks;

    private final Node node;
    private final EventLoop loop;
    private final AtomicBoolean awake = new AtomicBoolean();
    private final Queue<Session> waiting = new ConcurrentLinkedQueue<>();

    /** One object for all rounds, so that waking allocates nothing. */
    private final Runnable roundTask = this::round;

    private final Runnable turnsTask = this::giveTurns;

    /** Other puddles, by index, that are woken when the next round begins. */
    private final BitSet wokenWithRound = new BitSet();

    private final List<Session> touched = new ArrayList<>();

    /** Sessions with more chunks to send than others can wait for. */
    private final List<Session> awaitingTurn = new ArrayList<>();

    private final List<Session> sessions = new ArrayList<>();

    /** In the order in which they came, so that the first is the first to be late. */
    private final ArrayDeque<Session> handshaking = new ArrayDeque<>();

    private final List<Departure> departures = new ArrayList<>();

    private boolean inRound;
    private int scanCursor;
    private long ticks;
    private long nowNanos;
    private long tookSinceCheck;
    private long messageBudgetBytes;
    private long chunkMarkBytes;
    private boolean sparesMemory;
    private @Nullable Future<?> tick;
    private @Nullable CompletableFuture<Void> emptied;

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
        waiting.add(publisher);
        // The drain that would resume it may have ended between its look at the inbox and its entry here.
        if (inbox.isRelaxed()) {
            resumeWaiting();
        }
    }

    private void resumeWaiting() {
        for (Session session = waiting.poll(); session != null; session = waiting.poll()) {
            Session publisher = session;
            publisher.puddle.execute(() -> publisher.resume(Session.WAITS_FOR_INBOX));
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

    /** Gives the session a turn after another look at the sockets, so that what they bring goes first. On the loop. */
    void awaitTurn(Session session) {
        if (awaitingTurn.isEmpty()) {
            // What is scheduled, even for now, comes after that; what is executed might not.
            Future<?> unused = loop.schedule(turnsTask, 0, TimeUnit.MILLISECONDS);
        }
        awaitingTurn.add(session);
    }

    private void giveTurns() {
        awaitingTurn.forEach(session -> session.outbox.takeTurn());
        awaitingTurn.clear();
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
        if (!waiting.isEmpty() && inbox.isRelaxed()) {
            resumeWaiting();
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

    // ---- sessions

    void add(Session session) {
        session.puddleIndex = sessions.size();
        sessions.add(session);
        handshaking.add(session);
        stats.connections.add(1);
    }

    void remove(Session session) {
        int last = sessions.size() - 1;
        Session moved = sessions.get(last);
        sessions.set(session.puddleIndex, moved);
        moved.puddleIndex = session.puddleIndex;
        sessions.remove(last);
        stats.connections.add(-1);
        CompletableFuture<Void> waitingForEmpty = emptied;
        if (waitingForEmpty != null && sessions.isEmpty()) {
            waitingForEmpty.complete(null);
        }
    }

    /**
     * Sends every session away: what is queued is sent first.
     *
     * @return completes when the last one is gone
     */
    CompletableFuture<Void> sendAway(long afterMillis) {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        execute(() -> {
            emptied = gone;
            List.copyOf(sessions).forEach(session -> apart(session, () -> session.goAway(afterMillis)));
            if (sessions.isEmpty()) {
                gone.complete(null);
            }
        });
        return gone;
    }

    /**
     * Describes the sessions whose token is wanted, a slice at a time, so that a crowd does not hold the loop up. Any
     * thread.
     */
    CompletableFuture<List<SessionInfo>> describe(Predicate<TokenState> wanted) {
        CompletableFuture<List<SessionInfo>> described = new CompletableFuture<>();
        execute(() -> describeSlice(List.copyOf(sessions), 0, wanted, new ArrayList<>(), described));
        return described;
    }

    private void describeSlice(
            List<Session> all,
            int from,
            Predicate<TokenState> wanted,
            List<SessionInfo> found,
            CompletableFuture<List<SessionInfo>> described) {
        int end = Math.min(from + SLICE_SESSIONS, all.size());
        for (Session session : all.subList(from, end)) {
            TokenState token = session.rooms.token();
            if (token != null && session.isWelcomed() && wanted.test(token)) {
                found.add(session.describe(token));
            }
        }
        if (end == all.size()) {
            described.complete(found);
        } else {
            // Not executed at once: a loop may run many tasks before it looks at its sockets again.
            Future<?> unused =
                    loop.schedule(() -> describeSlice(all, end, wanted, found, described), 1, TimeUnit.MILLISECONDS);
        }
    }

    /** Closes a session by the operator's will. Any thread; tells whether it was here, and permitted to be closed. */
    CompletableFuture<Boolean> disconnect(int handle, Predicate<TokenState> permitted) {
        CompletableFuture<Boolean> closed = new CompletableFuture<>();
        execute(() -> {
            for (Session session : sessions) {
                TokenState token = session.rooms.token();
                if (session.handle == handle && token != null && session.isWelcomed() && permitted.test(token)) {
                    session.close(CloseCode.DISCONNECTED_BY_OPERATOR, null);
                    closed.complete(true);
                    return;
                }
            }
            closed.complete(false);
        });
        return closed;
    }

    /** Says goodbye to sessions that are muted, a slice at a time, so that a crowd does not hold the loop up. On the loop. */
    void sayGoodbye(List<Session> muted, int from) {
        int end = Math.min(from + SLICE_GOODBYES, muted.size());
        for (Session session : muted.subList(from, end)) {
            apart(session, session::sayGoodbye);
        }
        if (end < muted.size()) {
            // What is scheduled, even for now, comes after another look at the sockets; what is executed might not.
            Future<?> unused = loop.schedule(() -> sayGoodbye(muted, end), 0, TimeUnit.MILLISECONDS);
        }
    }

    /** Watches over the deadlines of a closing session until it is closed. */
    void watch(Departure departure) {
        departures.add(departure);
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

    /** Counts what was read. */
    void received(int bytes) {
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
        while (!handshaking.isEmpty() && !handshaking.getFirst().isGreeting()) {
            handshaking.removeFirst();
        }
        for (Session session : handshaking) {
            if (!session.isGreetingLate(nowNanos)) {
                break;
            }
            apart(session, session::closeLate);
        }
        departures.removeIf(this::isOver);
        int count = sessions.size() / SCAN_TICKS + 1;
        for (int i = 0; i < count && !sessions.isEmpty(); i++) {
            scanCursor = scanCursor >= sessions.size() - 1 ? 0 : scanCursor + 1;
            Session session = sessions.get(scanCursor);
            apart(session, () -> session.scan(nowNanos));
        }
    }

    private boolean isOver(Departure departure) {
        try {
            return departure.isOver(nowNanos);
        } catch (RuntimeException | OutOfDirectMemoryError e) {
            departure.fail(e);
            return true;
        }
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
        List.copyOf(sessions).forEach(session -> session.ingress.reset());
        while (!inbox.isEmpty()) {
            round();
        }
        readBlocks.releaseAll();
    }
}
