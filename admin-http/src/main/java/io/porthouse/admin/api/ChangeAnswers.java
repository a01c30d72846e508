package io.porthouse.admin.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Json;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.live.LiveChanges;
import io.porthouse.admin.live.LiveEffect;
import io.porthouse.admin.model.Change;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.store.Outcome;
import io.porthouse.admin.store.StoreUnavailableException;
import io.porthouse.admin.store.StoreUnavailableException.Reason;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/** Makes changes, and answers them after they took effect on this node. */
final class ChangeAnswers {

    private static final double MICROS_PER_MILLI = 1e3;
    private static final LiveEffect NOTHING = new LiveEffect(true, 0, 0, 0);

    private final LiveChanges live;
    private final String nodeName;

    /** @param nodeName by which the answers call this node */
    ChangeAnswers(LiveChanges live, String nodeName) {
        this.live = live;
        this.nodeName = nodeName;
    }

    /**
     * How a change is answered.
     *
     * @param status 200, or 201 with a {@code location}
     * @param location where what was made is found; empty: nothing was
     * @param view what is shown of it
     * @param version its version for {@code ETag}
     */
    record Shape<T>(
            HttpResponseStatus status,
            Function<T, String> location,
            Function<T, ObjectNode> view,
            Function<T, Long> version) {

        /** The shape of a change of something that has a version. */
        static <T> Shape<T> changed(Function<T, ObjectNode> view, Function<T, Long> version) {
            return new Shape<>(HttpResponseStatus.OK, thing -> "", view, version);
        }

        /** The shape of something that is gone, or has no version. */
        static <T> Shape<T> plain(Function<T, ObjectNode> view) {
            return changed(view, thing -> 0L);
        }

        /** The same for something that was made. */
        Shape<T> made(Function<T, String> where) {
            return new Shape<>(HttpResponseStatus.CREATED, where, view, version);
        }
    }

    /**
     * Makes a change and answers it. Blocks for the change, not for its effect.
     *
     * @param concerned what the change touches at most, which the router reads again if nobody knows how the change ended
     * @param change one verb of the store
     */
    <T> CompletionStage<Response> make(
            Call call, List<Subject> concerned, Shape<T> shape, Supplier<Outcome<T>> change) {
        Outcome<T> outcome;
        try {
            outcome = change.get();
        } catch (StoreUnavailableException e) {
            if (e.reason() != Reason.UNCERTAIN) {
                throw e;
            }
            return live.follow(new Change(0, Instant.EPOCH, concerned))
                    .thenCompose(effect ->
                            CompletableFuture.failedFuture(Refusals.of(e).exception()));
        }
        if (outcome instanceof Outcome.Refused<T> refused) {
            throw Refusals.of(refused).exception();
        }
        if (outcome instanceof Outcome.Done<T> done) {
            // On the connection's loop, because the router's has better to do, and no queue may refuse it any more.
            return live.follow(done.change())
                    .thenApplyAsync(
                            effect -> answer(shape, done.value(), true, effect),
                            call.exchange().loop());
        }
        T value = ((Outcome.Unchanged<T>) outcome).value();
        return answer(shape, value, false, NOTHING).now();
    }

    private <T> Response answer(Shape<T> shape, T value, boolean isChanged, LiveEffect effect) {
        ObjectNode document = shape.view().apply(value).put("changed", isChanged);
        effect(document.putObject("live"), effect);
        ObjectNode node =
                document.putArray("nodes").addObject().put("node", nodeName).put("confirmed", effect.confirmed());
        effect(node, effect);
        Response response = Response.json(shape.status(), document);
        long version = shape.version().apply(value);
        if (version > 0) {
            Preconditions.tagged(response, version);
        }
        String location = shape.location().apply(value);
        return location.isEmpty() ? response : response.with(HttpHeaderNames.LOCATION, location);
    }

    private static void effect(ObjectNode into, LiveEffect effect) {
        into.put("sessions", effect.sessions())
                .put("closed", effect.closed())
                .put("millis", Math.round(effect.millis() * MICROS_PER_MILLI) / MICROS_PER_MILLI);
    }

    /** Answers something that changed nothing in the store, in the same shape. */
    CompletionStage<Response> closed(int sessions, double millis) {
        return answer(
                        Shape.<Integer>plain(count -> Json.object()),
                        sessions,
                        sessions > 0,
                        new LiveEffect(true, sessions, sessions, millis))
                .now();
    }
}
