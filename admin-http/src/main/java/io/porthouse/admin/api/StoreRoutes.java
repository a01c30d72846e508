package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.api.ChangeAnswers.Shape;
import io.porthouse.admin.http.Json;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.store.Store;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** {@code /store}: everything that is kept, out and in. One export and one import at a time. */
final class StoreRoutes implements Routes.Feature {

    private static final String PATH = "/api/v1/store";
    private static final String JSON_LINES = "application/x-ndjson";

    private final Store store;
    private final ChangeAnswers changes;
    private final Authentication authentication;
    private final Transfers transfers;
    private final Path spoolDirectory;
    private final long maxImportBytes;
    private final AtomicBoolean isImporting = new AtomicBoolean();

    /**
     * @param spoolDirectory where imports are kept until they are whole; nobody else's to read
     * @param maxImportBytes of one import
     */
    StoreRoutes(
            Store store,
            ChangeAnswers changes,
            Authentication authentication,
            Transfers transfers,
            Path spoolDirectory,
            long maxImportBytes) {
        this.store = store;
        this.changes = changes;
        this.authentication = authentication;
        this.transfers = transfers;
        this.spoolDirectory = spoolDirectory;
        this.maxImportBytes = maxImportBytes;
    }

    @Override
    public void addRoutes(Consumer<Route> table) {
        table.accept(Route.get(PATH, this::export).withAccess(Access.OPERATOR).producing(JSON_LINES));
        table.accept(
                Route.post(PATH, this::takeImport).withAccess(Access.OPERATOR).withInput(Input.OWN));
    }

    private CompletionStage<Response> export(Call call) {
        if (!call.request().isHead()) {
            store.record(call.actor(), "store.export", Account.OPERATOR, "STORE", "");
        }
        return Response.written(HttpResponseStatus.OK, JSON_LINES, store::exportTo, transfers.exports())
                .now();
    }

    /** The store takes no other change while it imports, so what comes from somebody's connection is kept in a file first. */
    private CompletionStage<Response> takeImport(Call call) {
        MediaTypes.requireType(call.request(), JSON_LINES);
        if (!isImporting.compareAndSet(false, true)) {
            throw Refusals.busy("another import is under way").exception();
        }
        Spool spool;
        try {
            spool = Spool.in(spoolDirectory);
        } catch (IOException e) {
            isImporting.set(false);
            throw new UncheckedIOException(e);
        }
        return call.exchange()
                .bodyTo(
                        part -> CompletableFuture.runAsync(() -> spool.write(part), transfers.imports()),
                        maxImportBytes)
                .thenComposeAsync(length -> importFrom(nowBy(call), spool), transfers.imports())
                .whenComplete((answer, failure) -> {
                    spool.close();
                    isImporting.set(false);
                });
    }

    /** An import may take long to come: whoever is no operator any more by then imports nothing. */
    private Call nowBy(Call call) {
        return call.by(authentication.caller(call.request(), Access.OPERATOR));
    }

    private CompletionStage<Response> importFrom(Call call, Spool spool) {
        Shape<Long> shape = Shape.plain(rows -> Json.object().put("rows", rows));
        return changes.make(call, List.of(new Subject(Subject.Kind.ACCOUNT, Account.OPERATOR)), shape, () -> {
            try {
                return store.importFrom(call.actor(), spool.read());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
