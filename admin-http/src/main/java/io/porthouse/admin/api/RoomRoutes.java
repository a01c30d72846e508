package io.porthouse.admin.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.api.ChangeAnswers.Shape;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.model.Room;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.store.RoomFilter;
import io.porthouse.admin.store.Store;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Overflow;
import io.porthouse.router.RoomInfo;
import io.porthouse.router.RoomRules;
import io.porthouse.router.Router;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** {@code /rooms}: rooms and their rules. */
final class RoomRoutes implements Routes.Feature {

    private static final String ALL = "/api/v1/rooms";
    static final String ONE = ALL + "/{account}/{room}";

    private static final Shape<Room> CHANGED = Shape.changed(Views::room, Room::version);

    private final Store store;
    private final ChangeAnswers changes;
    private final Router router;

    RoomRoutes(Store store, ChangeAnswers changes, Router router) {
        this.store = store;
        this.changes = changes;
        this.router = router;
    }

    @Override
    public void addRoutes(Consumer<Route> table) {
        table.accept(Route.list(ALL, this::list).withQuery(Filters.ACCOUNT));
        table.accept(Route.post(ALL, this::create));
        table.accept(Route.get(ONE, this::read));
        table.accept(Route.patch(ONE, this::change));
        table.accept(Route.delete(ONE, this::delete));
    }

    private CompletionStage<Response> list(Call call) {
        @Nullable String account = Filters.account(call);
        RoomFilter filter;
        if (account == null) {
            filter = RoomFilter.ALL;
        } else {
            filter = call.query(Filters.ACCOUNT).isPresent()
                    ? RoomFilter.ownedBy(account)
                    : RoomFilter.visibleTo(account);
        }
        return Paging.list(call, page -> store.rooms(filter, page), Views::room);
    }

    /** Everybody may read what a public room is, unless its owner is suspended, but not how many are in it. */
    private CompletionStage<Response> read(Call call) {
        RoomName name = call.room();
        boolean isOwn = call.caller().owns(name.account());
        Room room = store.room(name)
                .filter(found -> isOwn || isPublicNow(name))
                .orElseThrow(() -> Refusals.notFound().exception());
        ObjectNode view = Views.room(room);
        if (isOwn) {
            Optional<RoomInfo> live = router.room(name);
            view.put("members", live.map(RoomInfo::members).orElse(0))
                    .put("epoch", live.map(RoomInfo::epoch).orElse(null))
                    .put("sequence", live.map(RoomInfo::sequence).orElse(0L));
        }
        return Preconditions.tagged(Response.json(HttpResponseStatus.OK, view), room.version())
                .now();
    }

    /** Returns whether the router lets everybody read it. */
    private boolean isPublicNow(RoomName name) {
        @Nullable RoomRules rules = store.readRoom(name).state();
        return rules != null && rules.isPublic();
    }

    private CompletionStage<Response> create(Call call) {
        JsonObject body = call.json();
        String name = body.text("name");
        String account = ownAccount(call, body);
        RoomRules rules = rules(body.object("rules"), RoomRules.DEFAULT);
        Transience transience = body.choice("transience", Transience.NONE, Transience.class);
        body.end();
        if (!RoomName.isPart(name)) {
            throw JsonObject.invalid("name", "name must be 1 to 64 of A-Z a-z 0-9 . _ -");
        }
        RoomName room = new RoomName(account, name);
        return changes.make(
                call,
                concerned(room),
                CHANGED.made(made -> ALL + "/" + made.name()),
                () -> store.createRoom(call.actor(), room, rules, transience));
    }

    /** Returns the account that something is to be made in: the caller's, unless another is named. */
    static String ownAccount(Call call, JsonObject body) {
        @Nullable String named = body.textOrNull("account");
        String account = named == null ? call.caller().name() : named;
        if (!RoomName.isPart(account) || !call.caller().owns(account)) {
            throw Refusals.notFound().exception();
        }
        return account;
    }

    private CompletionStage<Response> change(Call call) {
        RoomName name = ownRoom(call);
        JsonObject body = call.json();
        JsonObject rules = body.object("rules");
        body.end();
        rules(rules, RoomRules.DEFAULT);
        OptionalLong ifVersion = Preconditions.ifVersion(call, () -> version(name));
        return changes.make(
                call,
                concerned(name),
                CHANGED,
                () -> store.changeRules(call.actor(), name, ifVersion, before -> rules(rules, before)));
    }

    private static RoomRules rules(JsonObject body, RoomRules before) {
        RoomRules rules = body.checked(() -> new RoomRules(
                body.integer("maxMessageBytes", before.maxMessageBytes()),
                body.isNull("maxEnvelopeBytes")
                        ? Views.UNLIMITED
                        : body.longInteger("maxEnvelopeBytes", before.maxEnvelopeBytes()),
                body.integer("maxMembers", before.maxMembers()),
                body.integer("messagesPerSecond", before.messagesPerSecond()),
                body.flag("text", before.text()),
                body.flag("public", before.isPublic()),
                body.choice("overflow", before.overflow(), Overflow.class),
                body.choice("envelopeOverflow", before.envelopeOverflow(), Overflow.class)));
        body.end();
        return rules;
    }

    private CompletionStage<Response> delete(Call call) {
        RoomName name = ownRoom(call);
        OptionalLong ifVersion = Preconditions.ifVersion(call, () -> version(name));
        return changes.make(
                call, concerned(name), Shape.plain(Views::room), () -> store.deleteRoom(call.actor(), name, ifVersion));
    }

    /** Returns the room in the path, if it is the caller's to know of. */
    static RoomName ownRoom(Call call) {
        RoomName name = call.room();
        if (!call.caller().owns(name.account())) {
            throw Refusals.notFound().exception();
        }
        return name;
    }

    private long version(RoomName name) {
        return store.room(name)
                .orElseThrow(() -> Refusals.notFound().exception())
                .version();
    }

    /** With a room go the grants on it, which only tokens of its account have. */
    private static List<Subject> concerned(RoomName name) {
        return List.of(
                new Subject(Subject.Kind.ROOM, name.toString()), new Subject(Subject.Kind.ACCOUNT, name.account()));
    }
}
