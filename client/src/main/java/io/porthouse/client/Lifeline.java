package io.porthouse.client;

import io.netty.util.concurrent.EventExecutor;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.Frame;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a connection's link: whether there is to be one, and the end. Opens the next when one is lost, unless the loss says
 * that this would not help. How long it waits is the {@link Backoff}'s, how a new link takes over the {@link Comeback}'s, and
 * what is asked for in between the {@link Backlog}'s. Thread-safe; calls nobody of the user's and completes no future while
 * it holds its lock.
 */
final class Lifeline {

    private static final int REQUEST_BYTES = 256;

    private final ConnectOptions options;
    private final SharedThreads.Threads threads;
    private final Executor executor;
    private final Delivery delivery;
    private final Timing timing;
    private final Backoff backoff;
    private final Memberships memberships = new Memberships();
    private final CompletableFuture<ControlBody.Welcome> ready;
    private final CompletableFuture<Optional<PorthouseException>> over = new CompletableFuture<>();

    private final CompletableFuture<Void> closing = new CompletableFuture<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Backlog backlog;

    /** What is sent goes here; null while there is nothing to send to. Written in the lock. */
    private volatile @Nullable Link current;

    /** Of the latest link that was up. Written in the lock. */
    private volatile ControlBody.@Nullable Welcome welcome;

    private volatile @Nullable String defaultRoom;

    /** The link that is up or on its way there. */
    private Link latest;

    /** What the latest link was asked about rooms that it does not hold, but that what is kept is for. */
    private final Map<String, CompletableFuture<RoomGrant>> missing = new ConcurrentHashMap<>();

    /** Rooms that were held when the last link that was up was lost. */
    private Set<String> heldBefore = Set.of();

    private int attempt;
    private long upSinceNanos;
    private boolean stopping;
    private boolean flushing;
    private volatile boolean closedByLink;
    private Timing.@Nullable Timer retry;
    private @Nullable PorthouseException end;

    private Lifeline(ConnectOptions options, SharedThreads.Threads threads, Executor executor, Delivery delivery) {
        this.options = options;
        this.threads = threads;
        this.executor = executor;
        this.delivery = delivery;
        this.timing = options.timing == null ? Timing.on(threads.loops()) : options.timing;
        this.backoff = new Backoff(
                options.reconnectFirst,
                options.reconnectLongest,
                () -> ThreadLocalRandom.current().nextDouble());
        this.backlog = new Backlog(lock, timing, options, delivery);
        this.latest = Link.open(options, threads, delivery, false);
        this.ready = latest.ready().thenApply(body -> body);
    }

    /**
     * Starts to connect, once; {@link #ready} tells the outcome.
     *
     * @param executor for what may block
     */
    static Lifeline open(ConnectOptions options, SharedThreads.Threads threads, Executor executor, Delivery delivery) {
        Lifeline lifeline = new Lifeline(options, threads, executor, delivery);
        Link first = lifeline.latest;
        var unusedUp = first.ready().thenAccept(body -> lifeline.onFirstReady(first, body));
        var unusedDown = first.ended().thenAccept(bad -> lifeline.onEnded(first, bad));
        return lifeline;
    }

    /** Completes when the first link is up; fails if it ends before. */
    CompletableFuture<ControlBody.Welcome> ready() {
        return ready;
    }

    /** Completes when there is no link and will be none; never fails. */
    CompletableFuture<Optional<PorthouseException>> over() {
        return over;
    }

    /** What the latest router said; only behind {@link #ready}. */
    ControlBody.Welcome welcome() {
        ControlBody.Welcome body = welcome;
        if (body == null) {
            throw new IllegalStateException("not connected yet");
        }
        return body;
    }

    @Nullable
    String defaultRoom() {
        return defaultRoom;
    }

    /** The full names of the rooms held; none while there is no link. */
    Set<String> rooms() {
        Link link = current;
        return link == null ? Set.of() : names(link);
    }

    /** Whether a room is held; while there is no link, whether the next one will ask for it. */
    boolean mayHold(String fullName) {
        Link link = current;
        return link == null ? memberships.isJoined(fullName) : link.rooms().byName(fullName) != null;
    }

    /** The full form of a room's name. */
    String fullName(String room) {
        return Rooms.fullName(room, welcome().account());
    }

    /** Returns a future for what the router will say, which its own threads cannot wait for. */
    <T> CompletableFuture<T> newAnswer() {
        return new Answer<>(() -> isNetworkThread() || delivery.isHandlerThread());
    }

    boolean isNetworkThread() {
        for (EventExecutor loop : threads.loops()) {
            if (loop.inEventLoop()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Sends a message on the link, or keeps it until there is one.
     *
     * @param room null for the default room
     * @param receipt null for none
     */
    void message(@Nullable String room, int flags, byte[] payload, @Nullable CompletableFuture<SendReceipt> receipt) {
        message(room, flags, payload, receipt, link -> {});
    }

    /** Like {@link #message}; but if it has to be kept, the room is joined before it is sent, unless the new link holds it. */
    void messageJoining(String room, int flags, byte[] payload, CompletableFuture<SendReceipt> receipt) {
        message(room, flags, payload, receipt, link -> joinIfMissing(link, room));
    }

    private void message(
            @Nullable String room,
            int flags,
            byte[] payload,
            @Nullable CompletableFuture<SendReceipt> receipt,
            Consumer<Link> before) {
        Link link = current;
        if (link != null && tryOn(link, on -> on.message(room, flags, payload, receipt))) {
            return;
        }
        // Copied: the caller's array is its own again when this returns.
        byte[] kept = payload.clone();
        int bytes = Frame.HEADER_BYTES + payload.length;
        keepOrSend(bytes, receipt, on -> {
            before.accept(on);
            on.message(room, flags, kept, receipt);
        });
    }

    /** Asks a link for something, at once or as soon as there is one. */
    <T> CompletableFuture<T> request(Function<Link, CompletableFuture<T>> ask) {
        CompletableFuture<T> answer = newAnswer();
        keepOrSend(REQUEST_BYTES, answer, link -> {
            var unused = ask.apply(link).whenComplete((done, failure) -> {
                if (failure == null) {
                    answer.complete(done);
                } else {
                    answer.completeExceptionally(failure instanceof CompletionException ? failure.getCause() : failure);
                }
            });
        });
        return answer;
    }

    CompletableFuture<RoomGrant> join(String room, boolean receive) {
        return request(link -> join(link, room, receive));
    }

    private CompletableFuture<RoomGrant> join(Link link, String room, boolean receive) {
        return link.join(room, receive).thenApply(grant -> {
            memberships.joined(room, receive);
            return grant;
        });
    }

    /** Each room is asked for once on a link, so that what is kept for one that is gone does not wait for an answer each. */
    private void joinIfMissing(Link link, String room) {
        if (link.rooms().byName(room) == null) {
            CompletableFuture<RoomGrant> asked = missing.computeIfAbsent(room, name -> join(link, name, false));
            RoomGrant unused = Answer.await(asked, options.connectTimeout, "room " + room);
        }
    }

    /** Leaves a room for good: it stays left if a later HELLO brings it. */
    CompletableFuture<Void> leave(String room) {
        return leave(room, memberships::left);
    }

    /** Leaves a room that no HELLO brings. */
    CompletableFuture<Void> letGo(String room) {
        return leave(room, memberships::forget);
    }

    private CompletableFuture<Void> leave(String room, Consumer<String> remember) {
        return request(link -> {
            Rooms.Held held = link.rooms().byName(room);
            if (held == null) {
                throw new PorthouseException(
                        Kind.USAGE, "room " + room + " is not held; look at rooms() for those that are");
            }
            return link.leave(held).thenAccept(done -> remember.accept(room));
        });
    }

    /** Waits for a link, for what cannot be kept; at most the send timeout. */
    Link awaitLink() {
        Link link = current;
        if (link != null && !isLost(link)) {
            return link;
        }
        lock.lock();
        try {
            long left = options.sendTimeout.toNanos();
            for (link = current; link == null || isLost(link); link = current) {
                requireGoingOn();
                if (isNetworkThread() || left <= 0) {
                    throw new PorthouseException(
                            Kind.LOST, "there is no connection at the moment; nothing was sent: send it again later");
                }
                left = changed.awaitNanos(left);
            }
            return link;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PorthouseException(
                    Kind.INTERRUPTED, "interrupted while waiting for a connection; nothing was sent", e);
        } finally {
            lock.unlock();
        }
    }

    /** Ends everything at once. */
    void abandon(PorthouseException why) {
        Link link;
        lock.lock();
        try {
            stopping = true;
            link = latest;
        } finally {
            lock.unlock();
        }
        link.cut(why);
    }

    /**
     * Closes in order: what is kept is sent if a link comes in the close timeout, then {@link Link#close}.
     *
     * @return completes behind {@link #over}; fails if anything that was sent may not have arrived
     */
    CompletableFuture<Void> close() {
        Link link;
        boolean wait;
        lock.lock();
        try {
            stopping = true;
            link = current;
            wait = link == null && !backlog.isDone() && end == null;
            flushing = wait;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (link != null) {
            return link.close();
        }
        if (wait) {
            Timing.Timer limit = timing.after(options.closeTimeout, () -> giveUp(LinkFailures.closedHere()));
            var unused = over.thenRun(limit::cancel);
        } else {
            giveUp(LinkFailures.closedHere());
        }
        var unused = over.thenAccept(bad -> {
            if (!closedByLink) {
                closed(bad.orElse(null));
            }
        });
        return closing;
    }

    private void closed(@Nullable Throwable failure) {
        if (failure == null) {
            closing.complete(null);
        } else {
            closing.completeExceptionally(failure);
        }
    }

    /** Returns false if the link is lost, so that nothing was done. */
    private boolean tryOn(Link link, Consumer<Link> send) {
        try {
            send.accept(link);
            return true;
        } catch (PorthouseException e) {
            if (!isLost(link)) {
                throw e;
            }
            return false;
        }
    }

    private void keepOrSend(int bytes, @Nullable CompletableFuture<?> answer, Consumer<Link> send) {
        while (true) {
            Link link = current;
            boolean done = link != null && tryOn(link, send);
            if (done || keep(bytes, answer, send)) {
                return;
            }
        }
    }

    /** Returns false if there is a link by now. */
    private boolean keep(int bytes, @Nullable CompletableFuture<?> answer, Consumer<Link> send) {
        lock.lock();
        try {
            Link link = current;
            if (link != null && !isLost(link)) {
                return false;
            }
            requireGoingOn();
            backlog.add(bytes, send, answer);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void requireGoingOn() {
        if (end != null) {
            throw end.again();
        }
        if (stopping) {
            throw LinkFailures.closedHere();
        }
    }

    /** Whether a link is gone and another will take its place. */
    boolean isLost(Link link) {
        return options.reconnect && link.hasEnded();
    }

    private void onFirstReady(Link link, ControlBody.Welcome body) {
        lock.lock();
        try {
            welcome = body;
            defaultRoom = link.rooms().defaultRoom();
            current = link;
            upSinceNanos = timing.nanos();
        } finally {
            lock.unlock();
        }
    }

    private void onEnded(Link link, Optional<PorthouseException> bad) {
        PorthouseException cause = bad.orElse(null);
        boolean again;
        lock.lock();
        try {
            if (current == link && options.reconnect) {
                onLost(link);
            }
            boolean wanted = options.reconnect && welcome != null && (!stopping || flushing);
            again = wanted && cause != null && mayComeBack(cause, link);
            if (again && cause != null) {
                Duration wait = backoff.before(attempt, cause);
                attempt++;
                retry = timing.after(wait, this::reconnect);
                delivery.linkLost(cause, wait);
            }
        } finally {
            lock.unlock();
        }
        if (!again) {
            finish(cause);
        }
    }

    private void onLost(Link link) {
        current = null;
        heldBefore = names(link);
        memberships.retain(heldBefore);
        if (timing.nanos() - upSinceNanos >= options.reconnectLongest.toNanos()) {
            // It held: what happened before says nothing about this loss. One that is lost at once goes on doubling.
            attempt = 0;
        }
    }

    /** The range of the code decides; without one, everything that a router's restart can look like. */
    private static boolean mayComeBack(PorthouseException cause, Link link) {
        return switch (cause.kind()) {
            case REFUSED -> CloseCode.mayReconnect(cause.code());
            case LOST, UNREACHABLE, TIMEOUT -> true;
            // Before WELCOME it may be a proxy's answer while the router is away.
            case PROTOCOL -> link.ready().isCompletedExceptionally();
            default -> false;
        };
    }

    private void reconnect() {
        Link link;
        lock.lock();
        try {
            retry = null;
            if (end != null || (stopping && !flushing)) {
                return;
            }
            link = Link.open(options, threads, delivery, true);
            latest = link;
            missing.clear();
        } finally {
            lock.unlock();
        }
        Comeback.begin(this, memberships, backlog, executor, link, timing, options);
        var unused = link.ended().thenAccept(bad -> onEnded(link, bad));
    }

    /**
     * Lets a link take the place of the last one, unless something is kept that is to be sent before.
     *
     * @return false if so; true also if the link has ended meanwhile
     */
    boolean takeOver(Link link, ControlBody.Welcome body) {
        lock.lock();
        try {
            boolean isPast = latest != link || link.hasEnded();
            if (isPast || !backlog.isEmpty()) {
                return isPast;
            }
            welcome = body;
            up(link);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void up(Link link) {
        Set<String> lost = new TreeSet<>(heldBefore);
        lost.removeAll(names(link));
        memberships.retain(names(link));
        current = link;
        upSinceNanos = timing.nanos();
        changed.signalAll();
        if (stopping) {
            // Whoever closes found no link.
            flushing = false;
            closedByLink = true;
            var unused = link.close().whenComplete((done, failure) -> closed(failure));
        }
        delivery.reconnected(lost);
    }

    private void giveUp(PorthouseException why) {
        Link link;
        boolean none;
        lock.lock();
        try {
            if (current != null) {
                return;
            }
            flushing = false;
            link = latest;
            none = retry != null;
            if (retry != null) {
                retry.cancel();
                retry = null;
            }
        } finally {
            lock.unlock();
        }
        if (none) {
            finish(why);
        } else {
            link.cut(why);
        }
    }

    private void finish(@Nullable PorthouseException cause) {
        PorthouseException why = cause == null ? LinkFailures.closedHere() : cause;
        lock.lock();
        try {
            if (end != null) {
                return;
            }
            end = why;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        boolean wanted = why.kind() == Kind.CLOSED;
        boolean undone = false;
        try {
            undone = backlog.end(LinkFailures.unsent(why));
        } finally {
            end(wanted, undone, why);
        }
    }

    /** Behind what was kept, so that whoever waits for the end finds all of it decided. */
    private void end(boolean wanted, boolean undone, PorthouseException why) {
        try {
            delivery.linkEnded(wanted ? null : why);
        } finally {
            PorthouseException bad = undone ? LinkFailures.unsent(why) : why;
            over.complete(wanted && !undone ? Optional.empty() : Optional.of(bad));
        }
    }

    private static Set<String> names(Link link) {
        return link.rooms().all().stream().map(held -> held.name).collect(Collectors.toCollection(TreeSet::new));
    }
}
