package io.porthouse.router;

import io.porthouse.protocol.CloseCode;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One token in use: its state as read last, with the number of the change that it was read at, and its sessions in the order
 * in which they came. A reading is applied only if its number is greater than the one held; a refresh during a read repeats
 * the read. Thread-safe.
 */
final class LiveToken {

    private static final Logger LOG = LoggerFactory.getLogger(LiveToken.class);

    private final String secretHash;
    private final TokenSource source;
    private final Clock clock;
    private final Consumer<LiveToken> whenUnused;

    // Guarded by this:
    private final Set<Session> sessions = new LinkedHashSet<>();
    private final List<CompletableFuture<Refreshed>> refreshing = new ArrayList<>(0);
    private volatile @Nullable TokenState state;
    private long change = Long.MIN_VALUE;
    private boolean known;
    private boolean reading;
    private boolean readAgain;
    private boolean forgotten;

    /** @param whenUnused called when a reading has ended that nobody waits for any more; any thread */
    LiveToken(String secretHash, TokenSource source, Clock clock, Consumer<LiveToken> whenUnused) {
        this.secretHash = secretHash;
        this.source = source;
        this.clock = clock;
        this.whenUnused = whenUnused;
    }

    String secretHash() {
        return secretHash;
    }

    /** Returns the state as read last; null if it is not known, or the token is gone. */
    @Nullable
    TokenState state() {
        return state;
    }

    /**
     * Adds a session, and has it told what the token is.
     *
     * @return false if this object has been forgotten in the meantime
     */
    boolean attach(Session session) {
        boolean read;
        synchronized (this) {
            if (forgotten) {
                return false;
            }
            sessions.add(session);
            read = !known && !reading;
            reading |= read;
            if (known) {
                Verdict verdict = sessions.size() > allowed() ? Verdict.TOO_MANY : verdict();
                session.puddle.execute(() -> session.tokenApplied(verdict));
            }
        }
        if (read) {
            read();
        }
        return true;
    }

    /** Removes a session; returns whether nothing needs this object any more. */
    boolean detach(Session session) {
        synchronized (this) {
            sessions.remove(session);
            forgotten = sessions.isEmpty() && !reading && refreshing.isEmpty();
            return forgotten;
        }
    }

    /**
     * Reads the token anew, and has every session compare. Completes when each loop has done so: then no session does what
     * the token no longer allows, though sockets may still be closing.
     */
    CompletableFuture<Refreshed> refresh() {
        CompletableFuture<Refreshed> done = new CompletableFuture<>();
        boolean read;
        synchronized (this) {
            refreshing.add(done);
            read = !reading;
            readAgain |= reading;
            reading = true;
        }
        if (read) {
            read();
        }
        return done;
    }

    private void read() {
        source.readToken(secretHash).whenComplete((answer, failure) -> {
            boolean again;
            boolean unused = false;
            synchronized (this) {
                // One step with the end of the reading: a refresh comes either before it, or begins the next.
                again = readAgain;
                readAgain = false;
                if (!again) {
                    reading = false;
                    apply(answer, failure);
                    unused = sessions.isEmpty();
                    forgotten |= unused;
                }
            }
            if (again) {
                read();
            } else if (unused) {
                whenUnused.accept(this);
            }
        });
    }

    /**
     * Has every session compare with what was read. Nobody keeps access by a failure: then they end, and may come back when
     * the source answers again. Under the lock.
     */
    private void apply(TokenSource.@Nullable Reading<TokenState> answer, @Nullable Throwable failure) {
        known = answer != null && failure == null;
        if (answer == null || failure != null) {
            LOG.warn("a token can't be read; its sessions are closed", failure);
            tell(new ArrayList<>(sessions), session -> Verdict.UNREADABLE, false, takeRefreshing());
            return;
        }
        if (answer.change() > change) {
            change = answer.change();
            state = answer.state();
        }
        compare(takeRefreshing());
    }

    /** Has the sessions look at the state again, because time has changed what it means. */
    void applyAgain() {
        synchronized (this) {
            if (known) {
                compare(List.of());
            }
        }
    }

    private List<CompletableFuture<Refreshed>> takeRefreshing() {
        List<CompletableFuture<Refreshed>> waiting = List.copyOf(refreshing);
        refreshing.clear();
        return waiting;
    }

    private void compare(List<CompletableFuture<Refreshed>> waiting) {
        List<Session> oldestFirst = new ArrayList<>(sessions);
        int allowed = allowed();
        Verdict verdict = verdict();
        Set<Session> newest =
                Set.copyOf(oldestFirst.subList(Math.min(allowed, oldestFirst.size()), oldestFirst.size()));
        tell(oldestFirst, session -> newest.contains(session) ? Verdict.TOO_MANY : verdict, true, waiting);
    }

    private int allowed() {
        TokenState now = state;
        return now == null ? Integer.MAX_VALUE : now.maxConnections();
    }

    private Verdict verdict() {
        TokenState now = state;
        if (now == null) {
            return Verdict.GONE;
        }
        if (now.isExpired(clock.instant())) {
            return Verdict.EXPIRED;
        }
        return now.suspended() ? Verdict.SUSPENDED : new Verdict(now, null);
    }

    private interface VerdictOf {
        Verdict of(Session session);
    }

    /** One task per loop, which tells that loop's sessions; the last one completes the refreshes. */
    private static void tell(
            List<Session> all, VerdictOf verdicts, boolean confirmed, List<CompletableFuture<Refreshed>> waiting) {
        Map<Puddle, List<Session>> byPuddle = new LinkedHashMap<>();
        for (Session session : all) {
            byPuddle.computeIfAbsent(session.puddle, puddle -> new ArrayList<>())
                    .add(session);
        }
        AtomicInteger left = new AtomicInteger(byPuddle.size());
        AtomicInteger closed = new AtomicInteger();
        Runnable done =
                () -> waiting.forEach(future -> future.complete(new Refreshed(all.size(), closed.get(), confirmed)));
        if (byPuddle.isEmpty()) {
            // Not here, under the token's lock.
            CompletableFuture<Void> unused = CompletableFuture.runAsync(done);
        }
        byPuddle.forEach((puddle, sessions) -> puddle.execute(() -> {
            for (Session session : sessions) {
                Puddle.apart(session, () -> {
                    if (session.tokenApplied(verdicts.of(session))) {
                        closed.incrementAndGet();
                    }
                });
            }
            if (left.decrementAndGet() == 0) {
                done.run();
            }
        }));
    }

    /**
     * What a token means for one session.
     *
     * @param state what it may do; null if it is refused
     * @param refusal why a live session is closed; null if it is not
     */
    record Verdict(@Nullable TokenState state, @Nullable CloseCode refusal) {
        static final Verdict GONE = new Verdict(null, CloseCode.TOKEN_REVOKED);
        static final Verdict EXPIRED = new Verdict(null, CloseCode.TOKEN_EXPIRED);
        static final Verdict SUSPENDED = new Verdict(null, CloseCode.ACCOUNT_SUSPENDED);
        static final Verdict TOO_MANY = new Verdict(null, CloseCode.TOO_MANY_CONNECTIONS);
        static final Verdict UNREADABLE = new Verdict(null, CloseCode.FENCED);
    }
}
