package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Problem;
import io.porthouse.admin.http.ProblemException;
import io.porthouse.admin.http.Request;
import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.Credentials;
import io.porthouse.admin.model.KeyOwner;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.Store;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who calls. Nothing is remembered from one request to the next but what {@link BrowserSessions} has: each looks up
 * the account anew, so that whoever is suspended or deleted, or whose key or password is changed, has no say from then on.
 */
final class Authentication {

    static final String CSRF_HEADER = "x-csrf-token";

    private static final String BEARER = "Bearer ";
    private static final String CHALLENGE = "Bearer realm=\"porthouse\"";

    private final Store store;
    private final BrowserSessions sessions;
    private final SessionCookie cookie;

    Authentication(Store store, BrowserSessions sessions, SessionCookie cookie) {
        this.store = store;
        this.sessions = sessions;
        this.cookie = cookie;
    }

    /**
     * Finds who calls, as far as a route asks. Blocks.
     *
     * @return null: nobody, which the route allows
     * @throws ProblemException if the route is not for who calls
     */
    @Nullable
    Caller caller(Request request, Access access) {
        if (access == Access.ANYBODY) {
            return null;
        }
        Caller caller = find(request);
        if (caller == null) {
            if (access == Access.ANYBODY_OR_ACCOUNT) {
                return null;
            }
            throw unauthorized("sign in, or send an API key").exception();
        }
        if (access == Access.OPERATOR && !caller.isOperator()) {
            throw Refusals.forbidden("only operators may do this").exception();
        }
        return caller;
    }

    private @Nullable Caller find(Request request) {
        List<String> authorizations = request.headers().getAll(HttpHeaderNames.AUTHORIZATION);
        if (!authorizations.isEmpty()) {
            return byKey(authorizations);
        }
        Optional<String> secret = cookie.of(request);
        return secret.isEmpty() ? null : bySession(request, secret.get());
    }

    private Caller byKey(List<String> authorizations) {
        String text = authorizations.get(0);
        if (authorizations.size() > 1 || !text.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            throw unauthorized("the Authorization header has no API key").exception();
        }
        KeyOwner owner = store.keyOwner(
                        Secrets.hash(text.substring(BEARER.length()).strip()))
                .orElseThrow(() -> unauthorized("the API key is not valid").exception());
        return active(new Caller(owner.account(), "key " + owner.key().id(), null));
    }

    private @Nullable Caller bySession(Request request, String secret) {
        Account account = accountOf(secret);
        if (account == null) {
            return null;
        }
        String csrf = BrowserSessions.csrf(secret);
        String given = request.headers().get(CSRF_HEADER);
        if (request.isUnsafe() && (given == null || !Secrets.areSame(csrf, given))) {
            throw Problem.of(
                            HttpResponseStatus.FORBIDDEN,
                            "csrf",
                            "a browser's session must send its csrf value in " + CSRF_HEADER)
                    .exception();
        }
        return active(new Caller(account, "session", csrf));
    }

    private @Nullable Account accountOf(String secret) {
        BrowserSessions.Owner owner = sessions.find(secret).orElse(null);
        if (owner == null) {
            return null;
        }
        Credentials now = store.credentials(owner.account()).orElse(null);
        if (now == null
                || now.account().settings().suspended()
                || !owner.passwordMark().equals(BrowserSessions.passwordMark(now.passwordHash()))) {
            sessions.end(secret);
            return null;
        }
        return now.account();
    }

    private static Caller active(Caller caller) {
        if (caller.account().settings().suspended()) {
            throw unauthorized("the account is suspended").exception();
        }
        return caller;
    }

    static Problem unauthorized(String detail) {
        return Problem.of(HttpResponseStatus.UNAUTHORIZED, "unauthorized", detail)
                .with(HttpHeaderNames.WWW_AUTHENTICATE, CHALLENGE);
    }
}
