package io.porthouse.router;

import io.porthouse.protocol.CloseCode;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
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
    private final LiveAccounts accounts;
    private final Clock clock;
    private final Consumer<LiveToken> whenUnused;

    /** After so many repetitions, what was read is applied although a newer change is known: changes may never cease. */
    private static final int MAX_REPEATS = 3;

    // Guarded by this:
    private final Set<Session> sessions = new LinkedHashSet<>();

    /** Refreshes that the reading under way answers. */
    private List<CompletableFuture<Refreshed>> refreshing = new ArrayList<>(0);

    /** Refreshes that came after it had begun. */
    private List<CompletableFuture<Refreshed>> refreshingNext = new ArrayList<>(0);

    private volatile @Nullable TokenState state;

    /** The account among whose connections the sessions are counted; null: none of them is. */
    private @Nullable String countedIn;

    private long change = Long.MIN_VALUE;
    private boolean known;
    private boolean reading;
    private int repeats;
    private boolean forgotten;

    /** @param whenUnused called when a reading has ended that nobody waits for any more; any thread */
    LiveToken(
            String secretHash, TokenSource source, LiveAccounts accounts, Clock clock, Consumer<LiveToken> whenUnused) {
        this.secretHash = secretHash;
        this.source = source;
        this.accounts = accounts;
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
                Verdict verdict = sessions.size() > allowed() || !isAdmitted(session) ? Verdict.TOO_MANY : verdict();
                session.puddle.execute(() -> {
                    if (session.tokenApplied(verdict, null)) {
                        session.sayGoodbye();
                    }
                });
            }
        }
        if (read) {
            source.readToken(secretHash).whenComplete(this::ended);
        }
        return true;
    }

    /** Removes a session; returns whether nothing needs this object any more. */
    boolean detach(Session session) {
        synchronized (this) {
            sessions.remove(session);
            giveUpPlace(session);
            forgotten = sessions.isEmpty() && !reading;
            return forgotten;
        }
    }

    /**
     * Reads the token anew, and has every session compare. Completes when each loop has done so: then no session does what
     * the token no longer allows, though sockets may still be closing, and each is told what it is granted now.
     */
    CompletableFuture<Refreshed> refresh() {
        CompletableFuture<Refreshed> done = new CompletableFuture<>();
        boolean read;
        synchronized (this) {
            read = !reading;
            reading = true;
            (read ? refreshing : refreshingNext).add(done);
        }
        if (read) {
            readAgain();
        }
        return done;
    }

    /** Somebody waits for a change to take effect, so that it is not given up at the first failure. */
    private void readAgain() {
        GuardedTokenSource.insist(() -> source.readToken(secretHash)).whenComplete(this::ended);
    }

    /** A reading has ended. A refresh comes either before that, or begins the next. */
    private void ended(TokenSource.@Nullable Reading<TokenState> answer, @Nullable Throwable failure) {
        RefreshTally applied = null;
        boolean again;
        boolean unused = false;
        synchronized (this) {
            again = !refreshingNext.isEmpty();
            boolean repeat = again && (failure == null ? repeats++ < MAX_REPEATS : refreshing.isEmpty());
            if (!repeat) {
                repeats = 0;
                applied = apply(answer, failure);
            }
            if (again) {
                refreshing.addAll(refreshingNext);
                refreshingNext.clear();
            } else {
                reading = false;
                unused = sessions.isEmpty();
                forgotten |= unused;
            }
        }
        if (applied != null) {
            applied.end();
        }
        if (again) {
            readAgain();
        } else if (unused) {
            whenUnused.accept(this);
        }
    }

    /**
     * Has every session compare with what was read. Nobody keeps access by a failure: then they end, and may come back when
     * the source answers again. Under the lock; what it returns is to be ended without it.
     */
    private RefreshTally apply(TokenSource.@Nullable Reading<TokenState> answer, @Nullable Throwable failure) {
        known = answer != null && failure == null;
        if (answer == null || failure != null) {
            LOG.warn("a token can't be read; its sessions are closed", failure);
            return tell(new ArrayList<>(sessions), session -> Verdict.UNREADABLE, takeRefreshing());
        }
        if (answer.change() > change) {
            change = answer.change();
            state = answer.state();
            if (state != null && !state.account().equals(countedIn)) {
                sessions.forEach(this::giveUpPlace);
                countedIn = null;
            }
        }
        return compare(takeRefreshing());
    }

    /** Has the sessions look at the state again, because time has changed what it means. */
    void applyAgain() {
        RefreshTally applied;
        synchronized (this) {
            if (!known) {
                return;
            }
            applied = compare(List.of());
        }
        applied.end();
    }

    private List<CompletableFuture<Refreshed>> takeRefreshing() {
        List<CompletableFuture<Refreshed>> waiting = refreshing;
        refreshing = new ArrayList<>(0);
        return waiting;
    }

    private RefreshTally compare(List<CompletableFuture<Refreshed>> waiting) {
        List<Session> oldestFirst = new ArrayList<>(sessions);
        int allowed = Math.min(allowed(), oldestFirst.size());
        Verdict verdict = verdict();
        Set<Session> tooMany = new HashSet<>(oldestFirst.subList(allowed, oldestFirst.size()));
        for (Session session : oldestFirst.subList(0, allowed)) {
            if (!isAdmitted(session)) {
                tooMany.add(session);
            }
        }
        return tell(oldestFirst, session -> tooMany.contains(session) ? Verdict.TOO_MANY : verdict, waiting);
    }

    /** Returns whether the session has, or gets, a place among its account's connections, if the token is good for one. */
    private boolean isAdmitted(Session session) {
        TokenState now = state;
        if (now == null || verdict().refusal() != null || now.accountConnections() == TokenState.NOT_COUNTED) {
            return true;
        }
        countedIn = now.account();
        return accounts.admit(session, now, change);
    }

    private void giveUpPlace(Session session) {
        String account = countedIn;
        if (account != null) {
            accounts.release(account, session);
        }
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

    /** One task per loop, which tells that loop's sessions. */
    private RefreshTally tell(
            List<Session> all, Function<Session, Verdict> verdicts, List<CompletableFuture<Refreshed>> waiting) {
        Map<Puddle, List<Session>> byPuddle = new LinkedHashMap<>();
        for (Session session : all) {
            byPuddle.computeIfAbsent(session.puddle, puddle -> new ArrayList<>())
                    .add(session);
        }
        RefreshTally tally = new RefreshTally(all.size(), known, waiting);
        byPuddle.forEach((puddle, sessions) -> {
            tally.begin();
            puddle.execute(() -> {
                List<Session> muted = new ArrayList<>(0);
                for (Session session : sessions) {
                    Puddle.apart(session, () -> {
                        if (session.tokenApplied(verdicts.apply(session), tally)) {
                            muted.add(session);
                        }
                    });
                }
                tally.endBehindInbox(puddle);
                puddle.sessions.sayGoodbye(muted, 0);
            });
        });
        return tally;
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
