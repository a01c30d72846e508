package io.porthouse.admin.model;

import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Grant;
import java.util.Set;

/**
 * What a token may do in one room. Grants on many rooms at once exist in the configuration only.
 *
 * @param may at least one right
 * @param autoJoin whether a session joins without asking
 */
public record RoomGrant(RoomName room, Set<Right> may, boolean autoJoin) {

    /** @throws IllegalArgumentException if there is no right */
    public RoomGrant {
        may = Set.copyOf(may);
        Checks.require(!may.isEmpty(), "may needs \"read\", \"write\" or both");
    }

    /** Returns the same as the router knows it. */
    public Grant toGrant() {
        return new Grant(room.account(), room.name(), false, may, autoJoin);
    }
}
