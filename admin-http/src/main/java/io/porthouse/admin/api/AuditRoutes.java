package io.porthouse.admin.api;

import io.porthouse.admin.http.Response;
import io.porthouse.admin.store.Store;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** {@code /audit}: who changed what, when, and from where. */
final class AuditRoutes implements Routes.Feature {

    private final Store store;

    AuditRoutes(Store store) {
        this.store = store;
    }

    @Override
    public void addRoutes(Consumer<Route> table) {
        table.accept(Route.list("/api/v1/audit", this::list).withQuery(Filters.ACCOUNT));
    }

    private CompletionStage<Response> list(Call call) {
        @Nullable String account = Filters.account(call);
        if (account == null || call.isByOperator()) {
            return Paging.list(call, page -> store.audit(account, page), Views::auditEntry);
        }
        return Paging.list(call, page -> store.ownAudit(account, page), entry -> Views.ownAuditEntry(account, entry));
    }
}
