package io.porthouse.admin.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Json;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.Credentials;
import io.porthouse.admin.store.Store;
import io.porthouse.protocol.RoomName;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** {@code /session}: browsers sign in and out. */
final class SessionRoutes implements Routes.Feature {

    private static final String PATH = "/api/v1/session";
    private static final String VIA = "session";

    private final Store store;
    private final PasswordWork passwords;
    private final SignInLimits limits;
    private final BrowserSessions sessions;
    private final SessionCookie cookie;

    SessionRoutes(
            Store store, PasswordWork passwords, SignInLimits limits, BrowserSessions sessions, SessionCookie cookie) {
        this.store = store;
        this.passwords = passwords;
        this.limits = limits;
        this.sessions = sessions;
        this.cookie = cookie;
    }

    @Override
    public void addRoutes(Consumer<Route> table) {
        table.accept(Route.post(PATH, this::signIn).withAccess(Access.ANYBODY).inLane(Lane.PASSWORDS));
        table.accept(Route.get(
                PATH,
                call -> whoAmI(call.caller().account(), call.caller().csrf()).now()));
        table.accept(Route.delete(PATH, this::signOut));
    }

    private CompletionStage<Response> signIn(Call call) {
        JsonObject body = call.json();
        String name = body.text("account");
        String password = body.text("password");
        body.end();
        InetAddress from = call.request().from();
        limits.requireTry(name, from);
        // What takes time is done whether or not there is such an account.
        Optional<Credentials> credentials = RoomName.isPart(name) ? store.credentials(name) : Optional.empty();
        @Nullable String hash = credentials.map(Credentials::passwordHash).orElse(null);
        boolean isRight = passwords.isRight(password, hash);
        String address = from.getHostAddress();
        String known = credentials.isPresent() ? name : "";
        if (!isRight || credentials.isEmpty()) {
            // Not what was typed: it may be a password, in the wrong field.
            store.record(new Actor("", VIA, address), "session.refused", known, "ACCOUNT " + known, "wrong password");
            throw Authentication.unauthorized("there is no such account, or the password is wrong")
                    .exception();
        }
        limits.wasRight(name, from);
        Account account = credentials.get().account();
        if (account.settings().suspended()) {
            store.record(new Actor(name, VIA, address), "session.refused", name, "ACCOUNT " + name, "suspended");
            throw Refusals.forbidden("the account is suspended").exception();
        }
        store.record(new Actor(name, VIA, address), "session.begin", name, "ACCOUNT " + name, "");
        cookie.of(call.request()).ifPresent(sessions::end);
        String secret = sessions.begin(name, BrowserSessions.passwordMark(hash));
        return whoAmI(account, BrowserSessions.csrf(secret))
                .adding(HttpHeaderNames.SET_COOKIE, cookie.set(secret))
                .now();
    }

    private CompletionStage<Response> signOut(Call call) {
        if (call.caller().csrf() == null) {
            throw Refusals.forbidden("an API key has no session; delete the key instead")
                    .exception();
        }
        cookie.of(call.request()).ifPresent(sessions::end);
        String name = call.caller().name();
        store.record(call.actor(), "session.end", name, "ACCOUNT " + name, "");
        return Response.empty(HttpResponseStatus.NO_CONTENT)
                .adding(HttpHeaderNames.SET_COOKIE, cookie.forget())
                .now();
    }

    /** Programs have no {@code csrf}. */
    private static Response whoAmI(Account account, @Nullable String csrf) {
        ObjectNode view = Json.object()
                .put("account", account.name())
                .put("role", Views.name(account.settings().role()));
        if (csrf != null) {
            view.put("csrf", csrf);
        }
        return Response.json(HttpResponseStatus.OK, view);
    }
}
