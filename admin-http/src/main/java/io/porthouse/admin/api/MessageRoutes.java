package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Json;
import io.porthouse.admin.http.Problem;
import io.porthouse.admin.http.ProblemException;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.model.Room;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreWorkers;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Published;
import io.porthouse.router.RoomRules;
import io.porthouse.router.Router;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;

/** {@code /rooms/{account}/{room}/messages}: a service publishes a message without a connection of its own. */
final class MessageRoutes implements Routes.Feature {

    private static final int LARGEST_MESSAGE_BYTES = Frame.LARGEST_MAX_FRAME_BYTES - Frame.HEADER_BYTES;

    private final Store store;
    private final Router router;
    private final Authentication authentication;
    private final StoreWorkers workers;

    MessageRoutes(Store store, Router router, Authentication authentication, StoreWorkers workers) {
        this.store = store;
        this.router = router;
        this.authentication = authentication;
        this.workers = workers;
    }

    @Override
    public void addRoutes(Consumer<Route> table) {
        table.accept(Route.post(RoomRoutes.ONE + "/messages", this::publish).withInput(Input.OWN));
    }

    private CompletionStage<Response> publish(Call call) {
        RoomName name = RoomRoutes.ownRoom(call);
        boolean isText = MediaTypes.payload(call.request()) == MediaTypes.Payload.TEXT;
        return call.exchange()
                .body(mostBytes(name))
                .thenCompose(body -> workers.submit(() -> stillPublished(call, name, isText, body)))
                .thenCompose(Function.identity())
                .thenApplyAsync(MessageRoutes::answer, call.exchange().loop());
    }

    /** Rooms that only the configuration knows are in no store, and the operator's alone. */
    private int mostBytes(RoomName name) {
        RoomRules rules = store.room(name).map(Room::rules).orElse(RoomRules.DEFAULT);
        return Math.min(rules.maxMessageBytes(), LARGEST_MESSAGE_BYTES);
    }

    /** A body may come slowly: what the caller may do, and what the room takes, is what counts now. */
    private CompletionStage<Published> stillPublished(Call call, RoomName name, boolean isText, byte[] body) {
        RoomRoutes.ownRoom(call.by(authentication.caller(call.request(), Access.ACCOUNT)));
        if (body.length > mostBytes(name)) {
            throw tooLarge();
        }
        if (isText && !isUtf8(body)) {
            throw JsonObject.invalid("body", "the body is not UTF-8");
        }
        return router.publish(name, isText, body);
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes))
                            .remaining()
                    >= 0;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static Response answer(Published published) {
        return switch (published.outcome()) {
            case DONE ->
                Response.json(
                        HttpResponseStatus.OK,
                        Json.object().put("sequence", published.sequence()).put("recipients", published.recipients()));
            case NO_ROOM -> throw Refusals.notFound().exception();
            case TOO_LARGE -> throw tooLarge();
            case TEXT_ONLY ->
                throw problem(HttpResponseStatus.UNPROCESSABLE_ENTITY, "text-only", "the room takes text only");
            case BUSY ->
                throw Refusals.busy("the room has more to do than it can").exception();
        };
    }

    private static ProblemException tooLarge() {
        return problem(
                HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large", "the room takes no message so large");
    }

    private static ProblemException problem(HttpResponseStatus status, String code, String detail) {
        return Problem.of(status, code, detail).exception();
    }
}
