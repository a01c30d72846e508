package io.porthouse.client;

import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.Right;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * A room that the connection holds.
 *
 * @param room its full name, {@code account/name}
 * @param may what the connection may do there
 * @param epoch one life of the room; its numbers start at 1
 * @param sequence exactly the messages numbered above this arrive
 * @param reason {@code join} (asked for), {@code granted} (by the token's owner, unasked) or {@code changed} (other rights)
 */
public record RoomGrant(String room, Set<Right> may, String epoch, long sequence, String reason) {

    public RoomGrant {
        // In their order, so that it is told alike each time.
        Set<Right> rights = EnumSet.noneOf(Right.class);
        rights.addAll(may);
        may = Collections.unmodifiableSet(rights);
    }

    static RoomGrant of(ControlBody.Granted body) {
        return new RoomGrant(body.room(), body.may(), body.epoch(), body.sequence(), body.reason());
    }
}
