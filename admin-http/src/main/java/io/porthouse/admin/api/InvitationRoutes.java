package io.porthouse.admin.api;

import io.porthouse.admin.api.ChangeAnswers.Shape;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.model.Invitation;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.Store;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** {@code /invitations}: operators let others make accounts. */
final class InvitationRoutes implements Routes.Feature {

    private static final String ALL = "/api/v1/invitations";

    private static final Duration LASTS = Duration.ofDays(7);
    private static final Duration LASTS_AT_MOST = Duration.ofDays(90);

    private final Store store;
    private final ChangeAnswers changes;
    private final Secrets secrets;
    private final Clock clock;

    InvitationRoutes(Store store, ChangeAnswers changes, Secrets secrets, Clock clock) {
        this.store = store;
        this.changes = changes;
        this.secrets = secrets;
        this.clock = clock;
    }

    @Override
    public void addRoutes(Consumer<Route> table) {
        table.accept(Route.list(ALL, call -> Paging.list(call, store::invitations, Views::invitation))
                .withAccess(Access.OPERATOR));
        table.accept(Route.post(ALL, this::create).withAccess(Access.OPERATOR));
        table.accept(Route.delete(ALL + "/{id}", this::delete).withAccess(Access.OPERATOR));
    }

    private CompletionStage<Response> create(Call call) {
        JsonObject body = call.json();
        Role role = body.choice("role", Role.USER, Role.class);
        @Nullable Instant wanted = body.timeOrNull("expiresAt");
        body.end();
        Instant now = clock.instant();
        Instant expiresAt = wanted == null ? now.plus(LASTS) : wanted;
        if (!expiresAt.isAfter(now) || expiresAt.isAfter(now.plus(LASTS_AT_MOST))) {
            throw JsonObject.invalid(
                    "expiresAt", "expiresAt must be within the next " + LASTS_AT_MOST.toDays() + " days");
        }
        String code = secrets.newInvitation();
        return changes.make(
                call,
                List.of(),
                Shape.<Invitation>plain(made -> Views.invitation(made).put("code", code))
                        .made(made -> ALL + "/" + made.id()),
                () -> store.createInvitation(call.actor(), Secrets.hash(code), role, expiresAt));
    }

    private CompletionStage<Response> delete(Call call) {
        String id = call.path("id");
        return changes.make(
                call,
                List.of(new Subject(Subject.Kind.INVITATION, id)),
                Shape.plain(Views::invitation),
                () -> store.deleteInvitation(call.actor(), id));
    }
}
