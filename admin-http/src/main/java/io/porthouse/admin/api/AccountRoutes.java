package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.api.ChangeAnswers.Shape;
import io.porthouse.admin.http.AdminSettings.SignUp;
import io.porthouse.admin.http.Problem;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.NewAccount;
import io.porthouse.admin.store.Outcome;
import io.porthouse.admin.store.Outcome.Refusal;
import io.porthouse.admin.store.Page;
import io.porthouse.admin.store.Store;
import io.porthouse.protocol.RoomName;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** {@code /accounts}: sign-up, and everything that is changed of an account. */
final class AccountRoutes implements Routes.Feature {

    private static final String ALL = "/api/v1/accounts";
    private static final String ONE = ALL + "/{name}";

    private static final Shape<Account> CHANGED = Shape.changed(Views::account, Account::version);

    private final Store store;
    private final ChangeAnswers changes;
    private final PasswordWork passwords;
    private final SignInLimits limits;
    private final BrowserSessions sessions;
    private final ConfiguredTokens configured;
    private final SignUp signUp;

    AccountRoutes(
            Store store,
            ChangeAnswers changes,
            PasswordWork passwords,
            SignInLimits limits,
            BrowserSessions sessions,
            ConfiguredTokens configured,
            SignUp signUp) {
        this.store = store;
        this.changes = changes;
        this.passwords = passwords;
        this.limits = limits;
        this.sessions = sessions;
        this.configured = configured;
        this.signUp = signUp;
    }

    @Override
    public void addRoutes(Consumer<Route> table) {
        table.accept(Route.list(ALL, call -> Paging.list(call, page -> list(call, page), Views::account)));
        table.accept(Route.post(ALL, this::create)
                .withAccess(Access.ANYBODY_OR_ACCOUNT)
                .inLane(Lane.PASSWORDS));
        table.accept(Route.get(ONE, this::read));
        table.accept(Route.patch(ONE, this::change));
        table.accept(Route.delete(ONE, this::delete));
        table.accept(Route.put(ONE + "/password", this::setPassword).inLane(Lane.PASSWORDS));
    }

    /** Who is no operator sees a list of one. */
    private Page<Account> list(Call call, Page.Request page) {
        return call.isByOperator()
                ? store.accounts(page)
                : new Page<>(page.after() == null ? List.of(call.caller().account()) : List.of(), null);
    }

    private CompletionStage<Response> read(Call call) {
        Account account = find(call);
        return Preconditions.tagged(Response.json(HttpResponseStatus.OK, Views.account(account)), account.version())
                .now();
    }

    private Account find(Call call) {
        return store.account(ownName(call))
                .orElseThrow(() -> Refusals.notFound().exception());
    }

    /** Returns the name in the path, if it is the caller's to know of. */
    private static String ownName(Call call) {
        String name = call.path("name");
        if (!RoomName.isPart(name) || !call.caller().owns(name)) {
            throw Refusals.notFound().exception();
        }
        return name;
    }

    private CompletionStage<Response> create(Call call) {
        JsonObject body = call.json();
        String name = body.text("name");
        String password = body.text("password");
        @Nullable String invitation = body.textOrNull("invitation");
        boolean isForOperators = body.has("role") || body.has("limits");
        Role role = body.choice("role", Role.USER, Role.class);
        Limits itsLimits = limits(body.object("limits"), role == Role.OPERATOR ? Limits.NONE : Limits.DEFAULT);
        body.end();
        if (!RoomName.isPart(name)) {
            throw JsonObject.invalid("name", "name must be 1 to 64 of A-Z a-z 0-9 . _ -");
        }
        if (!call.isByOperator()) {
            if (isForOperators) {
                throw Refusals.forbidden("only operators may give a role or limits")
                        .exception();
            }
            requireOpen(invitation);
            limits.requireWork(call.request().from());
        }
        NewAccount account = new NewAccount(
                name,
                new AccountSettings(role, false, itsLimits),
                passwords.hash(password),
                invitation == null ? null : Secrets.hash(invitation),
                null);
        requireNotConfigured(call, name);
        return changes.make(
                call,
                concerned(name),
                CHANGED.made(made -> ALL + "/" + made.name()),
                () -> store.createAccount(call.actor(), account));
    }

    private void requireOpen(@Nullable String invitation) {
        if (signUp == SignUp.CLOSED || (signUp == SignUp.INVITED && invitation == null)) {
            throw Problem.of(
                            HttpResponseStatus.FORBIDDEN,
                            "sign-up-closed",
                            signUp == SignUp.CLOSED
                                    ? "only operators make accounts here"
                                    : "who makes an account here needs an invitation")
                    .exception();
        }
    }

    /** With the name go the rooms and sessions of its configured tokens, which are an operator's to give away. */
    private void requireNotConfigured(Call call, String name) {
        if (!call.isByOperator() && configured.owns(name)) {
            throw Refusals.of(new Outcome.Refused<>(Refusal.NAME_TAKEN, "there is an account " + name))
                    .exception();
        }
    }

    private CompletionStage<Response> change(Call call) {
        String name = ownName(call);
        JsonObject body = call.json();
        if (!call.isByOperator()) {
            throw Refusals.forbidden("only operators may change an account; a password has a resource of its own")
                    .exception();
        }
        // Read once before, so that what is wrong is told even if there is no such account to change.
        changed(body, new AccountSettings(Role.USER, false, Limits.DEFAULT));
        body.end();
        OptionalLong ifVersion = Preconditions.ifVersion(call, () -> find(call).version());
        return changes.make(call, concerned(name), CHANGED, () -> {
            Outcome<Account> outcome =
                    store.changeAccount(call.actor(), name, ifVersion, before -> changed(body, before));
            boolean isSuspended = outcome instanceof Outcome.Done<Account> done
                    && done.value().settings().suspended();
            return isSuspended ? signingOut(name, outcome) : outcome;
        });
    }

    /** Ends the browsers' sessions with what they were begun by, so that they don't come back with it either. */
    private Outcome<Account> signingOut(String name, Outcome<Account> outcome) {
        if (outcome instanceof Outcome.Done<Account>) {
            sessions.endAll(name);
        }
        return outcome;
    }

    private static AccountSettings changed(JsonObject body, AccountSettings before) {
        return new AccountSettings(
                body.choice("role", before.role(), Role.class),
                body.flag("suspended", before.suspended()),
                limits(body.object("limits"), before.limits()));
    }

    private static Limits limits(JsonObject body, Limits before) {
        Limits limits = body.checked(() -> new Limits(
                body.integer("rooms", before.rooms()),
                body.integer("tokens", before.tokens()),
                body.integer("connections", before.connections())));
        body.end();
        return limits;
    }

    private CompletionStage<Response> setPassword(Call call) {
        String name = ownName(call);
        JsonObject body = call.json();
        String password = body.text("password");
        @Nullable String current = body.textOrNull("currentPassword");
        body.end();
        if (call.caller().name().equals(name)) {
            requireCurrent(call, name, current);
        }
        String hash = passwords.hash(password);
        return changes.make(
                call, concerned(name), CHANGED, () -> signingOut(name, store.setPassword(call.actor(), name, hash)));
    }

    /** Whoever finds a browser signed in, or a key, must not be able to take over the account by that. */
    private void requireCurrent(Call call, String name, @Nullable String current) {
        if (current == null) {
            throw JsonObject.invalid("currentPassword", "currentPassword is missing");
        }
        limits.requireTry(name, call.request().from());
        @Nullable
        String hash = store.credentials(name).map(found -> found.passwordHash()).orElse(null);
        if (!passwords.isRight(current, hash)) {
            store.record(call.actor(), "account.password.refused", name, "ACCOUNT " + name, "wrong password");
            throw Problem.of(HttpResponseStatus.FORBIDDEN, "wrong-password", "the current password is another")
                    .exception();
        }
        limits.wasRight(name, call.request().from());
    }

    private CompletionStage<Response> delete(Call call) {
        String name = ownName(call);
        OptionalLong ifVersion = Preconditions.ifVersion(call, () -> find(call).version());
        return changes.make(
                call,
                concerned(name),
                Shape.plain(Views::account),
                () -> signingOut(name, store.deleteAccount(call.actor(), name, ifVersion)));
    }

    private static List<Subject> concerned(String name) {
        return List.of(new Subject(Subject.Kind.ACCOUNT, name));
    }
}
