package io.porthouse.admin.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.api.ChangeAnswers.Shape;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.model.Token;
import io.porthouse.admin.model.TokenSettings;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.NewToken;
import io.porthouse.admin.store.Page;
import io.porthouse.admin.store.Store;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.TokenState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** {@code /tokens}: what devices and services connect with, and what is granted to them. */
final class TokenRoutes implements Routes.Feature {

    private static final String ALL = "/api/v1/tokens";
    private static final String ONE = ALL + "/{id}";
    private static final String GRANT = ONE + "/rooms/{account}/{room}";

    /** In front of the cursors of configured tokens, which come first; no id of the store's begins like that. */
    private static final String CONFIGURED = "=";

    private static final Shape<Token> CHANGED = Shape.changed(Views::token, Token::version);

    private final Store store;
    private final ChangeAnswers changes;
    private final Secrets secrets;
    private final ConfiguredTokens configured;

    TokenRoutes(Store store, ChangeAnswers changes, Secrets secrets, ConfiguredTokens configured) {
        this.store = store;
        this.changes = changes;
        this.secrets = secrets;
        this.configured = configured;
    }

    @Override
    public void addRoutes(Consumer<Route> table) {
        table.accept(Route.list(ALL, this::list).withQuery(Filters.ACCOUNT));
        table.accept(Route.post(ALL, this::create));
        table.accept(Route.get(ONE, this::read));
        table.accept(Route.patch(ONE, this::change));
        table.accept(Route.delete(ONE, this::delete));
        table.accept(Route.post(ONE + "/rotate", this::rotate).withInput(Input.OPTIONAL_JSON));
        table.accept(Route.put(GRANT, this::grant));
        table.accept(Route.delete(GRANT, this::withdraw));
    }

    private CompletionStage<Response> list(Call call) {
        @Nullable String account = Filters.account(call);
        int limit = Paging.limit(call, Page.Request.MAX_SIZE);
        String after = call.query(Paging.AFTER).orElse("");
        boolean isConfigured = account == null && (after.isEmpty() || after.startsWith(CONFIGURED));
        if (!isConfigured) {
            return Paging.list(call, page -> store.tokens(account, page), Views::token);
        }
        List<TokenState> shown = configured.after(after.isEmpty() ? "" : after.substring(CONFIGURED.length()), limit);
        List<JsonNode> items = new ArrayList<>();
        shown.forEach(token -> items.add(Views.configuredToken(token)));
        if (items.size() == limit) {
            return Paging.answer(items, CONFIGURED + shown.get(limit - 1).id());
        }
        Page<Token> rest = store.tokens(null, Page.Request.first(limit - items.size()));
        rest.items().forEach(token -> items.add(Views.token(token)));
        return Paging.answer(items, rest.next());
    }

    private CompletionStage<Response> read(Call call) {
        Optional<TokenState> fixed = configured.find(call, call.path("id"));
        if (fixed.isPresent()) {
            return Response.json(HttpResponseStatus.OK, Views.configuredToken(fixed.get()))
                    .now();
        }
        Token token = find(call);
        return Preconditions.tagged(Response.json(HttpResponseStatus.OK, Views.token(token)), token.version())
                .now();
    }

    private Token find(Call call) {
        return store.token(call.path("id"))
                .filter(found -> call.caller().owns(found.account()))
                .orElseThrow(() -> Refusals.notFound().exception());
    }

    /** Finds the token in the path for a change; that it is its owner's stays so. */
    private Token changeable(Call call) {
        configured.requireOther(call, call.path("id"));
        return find(call);
    }

    private CompletionStage<Response> create(Call call) {
        JsonObject body = call.json();
        String account = RoomRoutes.ownAccount(call, body);
        String name = body.text("name");
        TokenSettings settings = settings(body, body.checked(() -> TokenSettings.named(name)));
        List<RoomGrant> grants = grants(body, account);
        String secret = secret(body, account);
        body.end();
        return changes.make(
                call,
                List.of(),
                Shape.changed((Token made) -> withSecret(made, secret), Token::version)
                        .made(made -> ALL + "/" + made.id()),
                () -> store.createToken(call.actor(), new NewToken(account, settings, grants, Secrets.hash(secret))));
    }

    private static ObjectNode withSecret(Token token, String secret) {
        return Views.token(token).put("secret", secret);
    }

    private static TokenSettings settings(JsonObject body, TokenSettings before) {
        @Nullable String name = body.textOrNull("name");
        // Null takes the end away, as in a merge patch.
        @Nullable Instant expiresAt = body.has("expiresAt") ? body.timeOrNull("expiresAt") : before.expiresAt();
        return body.checked(() -> new TokenSettings(
                name == null ? before.name() : name,
                body.integer("maxConnections", before.maxConnections()),
                expiresAt,
                body.flag("mayCreateTransientRooms", before.mayCreateTransientRooms())));
    }

    private static List<RoomGrant> grants(JsonObject body, String account) {
        List<RoomGrant> grants = new ArrayList<>();
        Set<RoomName> rooms = new HashSet<>();
        for (JsonObject each : body.objects("grants")) {
            // What can't be a room's name is as missing as a room that is not there.
            RoomName room = RoomName.parse(each.text("room"), account)
                    .orElseThrow(() -> Refusals.notFound().exception());
            if (!rooms.add(room)) {
                throw each.refused("room", "is there twice");
            }
            grants.add(grant(each, room));
        }
        return grants;
    }

    private static RoomGrant grant(JsonObject body, RoomName room) {
        RoomGrant grant =
                body.checked(() -> new RoomGrant(room, body.choices("may", Right.class), body.flag("autoJoin", true)));
        body.end();
        return grant;
    }

    private String secret(JsonObject body, String account) {
        @Nullable String chosen = body.textOrNull("secret");
        if (chosen == null) {
            return secrets.newToken();
        }
        return Secrets.owned(account, chosen)
                .orElseThrow(() -> body.refused("secret", "must be 16 to 128 of A-Z a-z 0-9 . _ ~ -"));
    }

    private CompletionStage<Response> change(Call call) {
        Token token = changeable(call);
        JsonObject body = call.json();
        settings(body, token.settings());
        body.end();
        OptionalLong ifVersion = Preconditions.ifVersion(call, token::version);
        return changes.make(
                call,
                concerned(token),
                CHANGED,
                () -> store.changeToken(call.actor(), token.id(), ifVersion, before -> settings(body, before)));
    }

    private CompletionStage<Response> delete(Call call) {
        Token token = changeable(call);
        OptionalLong ifVersion = Preconditions.ifVersion(call, token::version);
        return changes.make(
                call,
                concerned(token),
                Shape.plain(Views::token),
                () -> store.deleteToken(call.actor(), token.id(), ifVersion));
    }

    private CompletionStage<Response> rotate(Call call) {
        Token token = changeable(call);
        JsonObject body = call.json();
        String secret = secret(body, token.account());
        body.end();
        OptionalLong ifVersion = Preconditions.ifVersion(call, token::version);
        return changes.make(
                call,
                concerned(token),
                Shape.changed((Token after) -> withSecret(after, secret), Token::version),
                () -> store.rotate(call.actor(), token.id(), ifVersion, Secrets.hash(secret)));
    }

    private CompletionStage<Response> grant(Call call) {
        Token token = changeable(call);
        RoomGrant grant = grant(call.json(), call.room());
        OptionalLong ifVersion = Preconditions.ifVersion(call, token::version);
        return changes.make(
                call, concerned(token), CHANGED, () -> store.grant(call.actor(), token.id(), ifVersion, grant));
    }

    private CompletionStage<Response> withdraw(Call call) {
        Token token = changeable(call);
        RoomName room = call.room();
        OptionalLong ifVersion = Preconditions.ifVersion(call, token::version);
        return changes.make(
                call, concerned(token), CHANGED, () -> store.withdraw(call.actor(), token.id(), ifVersion, room));
    }

    private static List<Subject> concerned(Token token) {
        return List.of(new Subject(Subject.Kind.TOKEN, token.id()));
    }
}
