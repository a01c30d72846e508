package io.porthouse.admin.api;

import io.porthouse.admin.http.AdminSettings;
import io.porthouse.admin.secrets.Secrets;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Browsers that have signed in, in memory: who stops the router signs everybody out. The secrets themselves are not kept, only
 * their hashes. Thread-safe.
 */
final class BrowserSessions {

    static final int MAX_SESSIONS = 10_000;
    static final int MAX_SESSIONS_OF_ACCOUNT = 50;

    private final Secrets secrets;
    private final LongSupplier nanoTime;
    private final Duration idle;
    private final Duration lifetime;

    /** By the hash of the secret; who was not seen for the longest time comes first. */
    private final LinkedHashMap<String, Session> sessions = new LinkedHashMap<>(16, 0.75f, true);

    /**
     * @param secrets makes those of the sessions
     * @param nanoTime measures how long they last
     */
    BrowserSessions(Secrets secrets, LongSupplier nanoTime, AdminSettings.Times times) {
        this.secrets = secrets;
        this.nanoTime = nanoTime;
        this.idle = times.sessionIdle();
        this.lifetime = times.sessionLifetime();
    }

    /** What is kept of a session. */
    private static final class Session {
        final String account;
        final String passwordMark;
        final long startedNanos;
        long seenNanos;

        Session(String account, String passwordMark, long nowNanos) {
            this.account = account;
            this.passwordMark = passwordMark;
            this.startedNanos = nowNanos;
            this.seenNanos = nowNanos;
        }
    }

    /**
     * Whom a session is of.
     *
     * @param passwordMark tells the password that it was begun with from any later one; see {@link #passwordMark}
     */
    record Owner(String account, String passwordMark) {}

    /** Returns what tells a password from others: each time that one is set, its hash is another, by its salt. */
    static String passwordMark(@Nullable String passwordHash) {
        return Secrets.hash(String.valueOf(passwordHash));
    }

    /** Returns what unsafe requests of a session must carry; who has not the session's secret can't know it. */
    static String csrf(String secret) {
        return Secrets.hash("csrf " + secret);
    }

    /** Begins a session, at the cost of the oldest where there are too many; returns its secret. */
    synchronized String begin(String account, String passwordMark) {
        long now = nanoTime.getAsLong();
        forgetExpired(now);
        forgetOldest(account);
        String secret = secrets.newSession();
        sessions.put(Secrets.hash(secret), new Session(account, passwordMark, now));
        return secret;
    }

    /** Finds whom a session is of, and notes that it was seen. */
    synchronized Optional<Owner> find(String secret) {
        String hash = Secrets.hash(secret);
        Session session = sessions.get(hash);
        if (session == null) {
            return Optional.empty();
        }
        long now = nanoTime.getAsLong();
        if (isExpired(session, now)) {
            sessions.remove(hash);
            return Optional.empty();
        }
        session.seenNanos = now;
        return Optional.of(new Owner(session.account, session.passwordMark));
    }

    /** Ends a session, if there is one. */
    synchronized void end(String secret) {
        sessions.remove(Secrets.hash(secret));
    }

    /** Ends all sessions of an account. */
    synchronized void endAll(String account) {
        sessions.values().removeIf(session -> session.account.equals(account));
    }

    synchronized int size() {
        return sessions.size();
    }

    private boolean isExpired(Session session, long now) {
        return now - session.seenNanos > idle.toNanos() || now - session.startedNanos > lifetime.toNanos();
    }

    private void forgetExpired(long now) {
        sessions.values().removeIf(session -> isExpired(session, now));
    }

    private void forgetOldest(String account) {
        long own = sessions.values().stream()
                .filter(session -> session.account.equals(account))
                .count();
        boolean isFullOfOwn = own >= MAX_SESSIONS_OF_ACCOUNT;
        if (!isFullOfOwn && sessions.size() < MAX_SESSIONS) {
            return;
        }
        Iterator<Session> oldestFirst = sessions.values().iterator();
        while (oldestFirst.hasNext()) {
            Session oldest = oldestFirst.next();
            if (!isFullOfOwn || oldest.account.equals(account)) {
                oldestFirst.remove();
                return;
            }
        }
    }
}
