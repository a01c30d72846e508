package io.porthouse.router;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The live connections of each account, over all its tokens. Whoever has a place may stay; a limit that is lowered takes the
 * newest places away, and each token's sessions see that when they are compared. Thread-safe.
 */
final class LiveAccounts {

    private final ConcurrentHashMap<String, Account> byName = new ConcurrentHashMap<>();

    /**
     * Gives a session a place among its account's connections, unless it has one.
     *
     * @param change the number of the change that {@code state} was read at: of all limits, the one read last counts
     * @return false if the account has as many connections as it may have
     */
    boolean admit(Session session, TokenState state, long change) {
        boolean[] admitted = new boolean[1];
        byName.compute(state.account(), (name, known) -> {
            Account account = known == null ? new Account() : known;
            account.learn(state.accountConnections(), change);
            admitted[0] = account.admit(session);
            return account.places.isEmpty() ? null : account;
        });
        return admitted[0];
    }

    /** Takes a session's place away, if it has one. */
    void release(String name, Session session) {
        byName.computeIfPresent(name, (same, account) -> {
            account.places.remove(session);
            return account.places.isEmpty() ? null : account;
        });
    }

    /** Guarded by its entry in the map. */
    private static final class Account {
        /** In the order in which they came. */
        private final Set<Session> places = new LinkedHashSet<>();

        private int most;
        private long change = Long.MIN_VALUE;

        void learn(int limit, long at) {
            if (at > change) {
                change = at;
                most = limit;
                if (places.size() > most) {
                    dropNewest();
                }
            }
        }

        private void dropNewest() {
            Iterator<Session> oldestFirst = places.iterator();
            for (int i = 0; oldestFirst.hasNext(); i++) {
                oldestFirst.next();
                if (i >= most) {
                    oldestFirst.remove();
                }
            }
        }

        boolean admit(Session session) {
            return places.contains(session) || (places.size() < most && places.add(session));
        }
    }
}
