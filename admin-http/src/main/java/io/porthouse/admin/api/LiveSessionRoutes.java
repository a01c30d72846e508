package io.porthouse.admin.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Json;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreWorkers;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Router;
import io.porthouse.router.SessionInfo;
import io.porthouse.router.TokenState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** {@code /sessions}: who is connected. */
final class LiveSessionRoutes implements Routes.Feature {

    private static final String ALL = "/api/v1/sessions";
    private static final String ONE = ALL + "/{id}";
    private static final String TOKEN = "token";
    private static final String ROOM = "room";

    /** Far more than of other things: to ask for all costs the router as much as to ask for one. */
    static final int MAX_LIMIT = 10_000;

    /** A page ends here, because a session may hold many rooms. */
    private static final int PAGE_BYTES = 8 << 20;

    private static final int TURNS = 8;
    private static final int TURNS_OF_ACCOUNT = 2;
    private static final double NANOS_PER_MILLI = 1e6;

    private final Turns turns = new Turns(TURNS, TURNS_OF_ACCOUNT);
    private final Store store;
    private final ChangeAnswers changes;
    private final Router router;
    private final StoreWorkers workers;

    LiveSessionRoutes(Store store, ChangeAnswers changes, Router router, StoreWorkers workers) {
        this.store = store;
        this.changes = changes;
        this.router = router;
        this.workers = workers;
    }

    @Override
    public void addRoutes(Consumer<Route> table) {
        table.accept(Route.list(ALL, this::list).withQuery(Filters.ACCOUNT, TOKEN, ROOM));
        table.accept(Route.get(ONE, this::read));
        table.accept(Route.delete(ONE, this::disconnect));
    }

    private CompletionStage<Response> list(Call call) {
        @Nullable String account = Filters.account(call);
        @Nullable String token = call.query(TOKEN).orElse(null);
        @Nullable
        String room = call.query(ROOM)
                .map(text -> RoomName.parse(text, call.caller().name())
                        .map(RoomName::toString)
                        .orElse(text))
                .orElse(null);
        int limit = Paging.limit(call, MAX_LIMIT);
        long after = cursor(call);
        return all(
                        call,
                        state -> (account == null || state.account().equals(account))
                                && (token == null || state.id().equals(token)))
                // Sorting and encoding thousands is no work for an event loop.
                .thenCompose(all -> workers.submit(() -> {
                    List<SessionInfo> page = all.stream()
                            .filter(session -> number(session) > after
                                    && (room == null || session.rooms().contains(room)))
                            .sorted(Comparator.comparingLong(LiveSessionRoutes::number))
                            .limit(limit + 1L)
                            .toList();
                    return encode(page, limit);
                }));
    }

    private static long cursor(Call call) {
        String after = call.query(Paging.AFTER).orElse("");
        if (after.isEmpty()) {
            return -1;
        }
        try {
            return Integer.toUnsignedLong(Integer.parseUnsignedInt(after));
        } catch (NumberFormatException e) {
            throw Paging.badCursor();
        }
    }

    private static long number(SessionInfo session) {
        return Integer.toUnsignedLong(Integer.parseUnsignedInt(session.id()));
    }

    /** @param sessions one more than the limit, if there are more */
    private static Response encode(List<SessionInfo> sessions, int limit) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = Json.generator(bytes)) {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            int shown = 0;
            for (SessionInfo session : sessions.subList(0, Math.min(limit, sessions.size()))) {
                if (bytes.size() > PAGE_BYTES) {
                    break;
                }
                write(json, session);
                shown++;
            }
            json.writeEndArray();
            json.writeStringField(
                    "next", shown < sessions.size() ? sessions.get(shown - 1).id() : null);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Response.of(HttpResponseStatus.OK, Json.TYPE, bytes.toByteArray());
    }

    private static void write(JsonGenerator json, SessionInfo session) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", session.id());
        json.writeStringField("token", session.token());
        json.writeStringField("account", session.account());
        json.writeStringField("client", session.client());
        json.writeStringField("address", session.address());
        json.writeStringField("since", session.since().toString());
        json.writeArrayFieldStart("rooms");
        for (String room : session.rooms()) {
            json.writeString(room);
        }
        json.writeEndArray();
        json.writeNumberField("receivedBytes", session.receivedBytes());
        json.writeNumberField("sentBytes", session.sentBytes());
        json.writeNumberField("lagBytes", session.lagBytes());
        json.writeEndObject();
    }

    private CompletionStage<Response> read(Call call) {
        return find(call)
                .thenCompose(found -> workers.submit(() -> {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    try (JsonGenerator json = Json.generator(bytes)) {
                        write(json, found.orElseThrow(() -> Refusals.notFound().exception()));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    return Response.of(HttpResponseStatus.OK, Json.TYPE, bytes.toByteArray());
                }));
    }

    private CompletionStage<Optional<SessionInfo>> find(Call call) {
        String id = call.path("id");
        return all(call, state -> call.caller().owns(state.account()))
                .thenApply(all ->
                        all.stream().filter(session -> session.id().equals(id)).findFirst());
    }

    /** Describing all sessions takes memory and time of the router's loops, so few may ask at once. */
    private CompletionStage<List<SessionInfo>> all(Call call, Predicate<TokenState> wanted) {
        String caller = call.caller().name();
        if (!turns.tryTake(caller)) {
            throw Refusals.busy("too many ask for the sessions at once").exception();
        }
        return router.sessions(wanted).whenComplete((all, failure) -> turns.giveBack(caller));
    }

    private CompletionStage<Response> disconnect(Call call) {
        long startNanos = System.nanoTime();
        String id = call.path("id");
        return find(call)
                // In the trail first: what was done is never answered as if it were not.
                .thenCompose(found -> workers.submit(() -> {
                    record(call, found.orElseThrow(() -> Refusals.notFound().exception()));
                    return id;
                }))
                .thenCompose(
                        known -> router.disconnect(known, state -> call.caller().owns(state.account())))
                .thenComposeAsync(
                        wasThere -> {
                            if (!wasThere) {
                                throw Refusals.notFound().exception();
                            }
                            return changes.closed(1, (System.nanoTime() - startNanos) / NANOS_PER_MILLI);
                        },
                        call.exchange().loop());
    }

    private void record(Call call, SessionInfo session) {
        store.record(
                call.actor(),
                "session.disconnect",
                session.account(),
                "SESSION " + session.id(),
                "of token " + session.token() + " from " + session.address());
    }
}
