package io.porthouse.admin.api;

import io.porthouse.admin.api.ChangeAnswers.Shape;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.model.ApiKey;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.Store;
import io.porthouse.protocol.RoomName;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** {@code /accounts/{name}/keys}: what programs use the API with. */
final class KeyRoutes implements Routes.Feature {

    private static final String ALL = "/api/v1/accounts/{name}/keys";

    private final Store store;
    private final ChangeAnswers changes;
    private final Secrets secrets;

    KeyRoutes(Store store, ChangeAnswers changes, Secrets secrets) {
        this.store = store;
        this.changes = changes;
        this.secrets = secrets;
    }

    @Override
    public void addRoutes(Consumer<Route> table) {
        table.accept(Route.list(ALL, this::list));
        table.accept(Route.post(ALL, this::create));
        table.accept(Route.delete(ALL + "/{id}", this::delete));
    }

    private CompletionStage<Response> list(Call call) {
        String account = existing(call);
        return Paging.list(call, page -> store.keys(account, page), Views::key);
    }

    /** Returns the account in the path, if it is there and the caller's. */
    private String existing(Call call) {
        String name = call.path("name");
        if (!RoomName.isPart(name)
                || !call.caller().owns(name)
                || store.account(name).isEmpty()) {
            throw Refusals.notFound().exception();
        }
        return name;
    }

    private CompletionStage<Response> create(Call call) {
        String account = existing(call);
        JsonObject body = call.json();
        String name = body.text("name");
        body.end();
        String key = secrets.newKey();
        // Made once before, so that a name that is none is told as such.
        ApiKey unused = body.checked(() -> new ApiKey("", account, name, Instant.EPOCH));
        return changes.make(
                call,
                List.of(),
                Shape.<ApiKey>plain(made -> Views.key(made).put("key", key))
                        .made(made -> ALL.replace("{name}", account) + "/" + made.id()),
                () -> store.createKey(call.actor(), account, name, Secrets.hash(key)));
    }

    private CompletionStage<Response> delete(Call call) {
        String account = existing(call);
        String id = call.path("id");
        return changes.make(
                call,
                List.of(new Subject(Subject.Kind.KEY, id)),
                Shape.plain(Views::key),
                () -> store.deleteKey(call.actor(), account, id));
    }
}
