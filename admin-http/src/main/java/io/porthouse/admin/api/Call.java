package io.porthouse.admin.api;

import io.porthouse.admin.http.Exchange;
import io.porthouse.admin.http.Request;
import io.porthouse.admin.model.Actor;
import io.porthouse.protocol.RoomName;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request that found its route, and whose caller may use it. */
final class Call {

    private final Exchange exchange;
    private final Map<String, String> open;
    private final @Nullable Caller caller;
    private final byte[] body;

    Call(Exchange exchange, Map<String, String> open, @Nullable Caller caller, byte[] body) {
        this.exchange = exchange;
        this.open = open;
        this.caller = caller;
        this.body = body;
    }

    /** Returns the same by who calls now. */
    Call by(@Nullable Caller now) {
        return new Call(exchange, open, now, body);
    }

    Exchange exchange() {
        return exchange;
    }

    Request request() {
        return exchange.request();
    }

    /** Returns what the route's pattern left open. */
    String path(String name) {
        String text = open.get(name);
        if (text == null) {
            throw new IllegalStateException("the route has no {" + name + "}");
        }
        return text;
    }

    /** Returns the room that the path names; what can't be one is not found. */
    RoomName room() {
        String account = path("account");
        String name = path("room");
        if (!RoomName.isPart(account) || !RoomName.isPart(name)) {
            throw Refusals.notFound().exception();
        }
        return new RoomName(account, name);
    }

    /** Returns who calls; there is somebody unless the route is for anybody. */
    Caller caller() {
        if (caller == null) {
            throw new IllegalStateException("the route is open to anybody");
        }
        return caller;
    }

    boolean isByOperator() {
        return caller != null && caller.isOperator();
    }

    /** Returns a parameter of the query. */
    Optional<String> query(String name) {
        return Optional.ofNullable(request().query().get(name));
    }

    /** Reads the body. */
    JsonObject json() {
        return JsonObject.read(body);
    }

    /** Returns who does it, for the audit trail. */
    Actor actor() {
        String from = request().from().getHostAddress();
        return caller == null ? new Actor("", "nobody", from) : new Actor(caller.name(), caller.via(), from);
    }
}
