package io.porthouse.router;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The tokens in use on this node, one live object each: the only cache of tokens there is. Every change takes one way: the
 * router is told what was touched, reads it anew, and each session compares. Thread-safe.
 */
final class LiveTokens {

    private final TokenSource source;
    private final LiveAccounts accounts = new LiveAccounts();
    private final Clock clock;
    private final ConcurrentHashMap<String, LiveToken> byHash = new ConcurrentHashMap<>();

    LiveTokens(TokenSource source, Clock clock) {
        this.source = source;
        this.clock = clock;
    }

    int size() {
        return byHash.size();
    }

    /**
     * Registers a session with the token that it presents, first of all; only then is the token read, so that no change can
     * fall between. The session's {@link Session#tokenApplied} is called on its loop when the token is known.
     */
    LiveToken attach(String secretHash, Session session) {
        while (true) {
            LiveToken token = byHash.computeIfAbsent(
                    secretHash, hash -> new LiveToken(hash, source, accounts, clock, this::forget));
            if (token.attach(session)) {
                return token;
            }
            forget(token);
        }
    }

    /** The session is over; a token without sessions is forgotten. */
    void detach(LiveToken token, Session session) {
        if (token.detach(session)) {
            forget(token);
        }
    }

    private void forget(LiveToken token) {
        byHash.remove(token.secretHash(), token);
    }

    /** Reads tokens anew that were changed, deleted or rotated. See {@link LiveToken#refresh}. */
    CompletionStage<Refreshed> refreshTokens(Set<String> ids) {
        return refresh(state -> state == null || ids.contains(state.id()));
    }

    /** Reads all live tokens of an account anew, because it was suspended, changed or deleted. */
    CompletionStage<Refreshed> refreshAccount(String account) {
        return refresh(state -> state == null || state.account().equals(account));
    }

    /** Reads all live tokens anew, because nobody knows what was changed. */
    CompletionStage<Refreshed> refreshAll() {
        return refresh(state -> true);
    }

    /** A token whose state is not known yet may be the one that changed, so it is read again as well. */
    private CompletionStage<Refreshed> refresh(Predicate<@Nullable TokenState> touched) {
        List<Supplier<? extends CompletionStage<Refreshed>>> refreshes = new ArrayList<>();
        for (LiveToken token : byHash.values()) {
            if (touched.test(token.state())) {
                refreshes.add(token::refresh);
            }
        }
        return Refreshes.run(refreshes);
    }

    /** Closes the sessions of tokens whose time is over. */
    void expire() {
        Instant now = clock.instant();
        List<LiveToken> expired = new ArrayList<>(0);
        for (LiveToken token : byHash.values()) {
            TokenState state = token.state();
            if (state != null && state.isExpired(now)) {
                expired.add(token);
            }
        }
        expired.forEach(LiveToken::applyAgain);
    }
}
