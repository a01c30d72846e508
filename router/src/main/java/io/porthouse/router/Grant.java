package io.porthouse.router;

import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.util.Set;

/**
 * What a token may do in one room, or in every room whose name starts alike.
 *
 * @param account the account of the room
 * @param name the room's name; with {@code isPrefix} the start of it, possibly empty
 * @param isPrefix whether every room of the account that starts with {@code name} is meant; such rooms come into being on
 *     JOIN
 * @param may at least one right
 * @param autoJoin whether a session joins without asking; never with {@code isPrefix}
 */
public record Grant(String account, String name, boolean isPrefix, Set<Right> may, boolean autoJoin) {

    /** @throws IllegalArgumentException if a name is not valid, there is no right, or a prefix is to be joined by itself */
    public Grant {
        may = Set.copyOf(may);
        if (!RoomName.isPart(account) || !((isPrefix && name.isEmpty()) || RoomName.isPart(name))) {
            throw new IllegalArgumentException("not a room name");
        }
        if (may.isEmpty()) {
            throw new IllegalArgumentException("a grant needs \"read\", \"write\" or both");
        }
        if (isPrefix && autoJoin) {
            throw new IllegalArgumentException("a grant with * cannot join by itself");
        }
    }

    /** Returns whether this grant is about {@code room}. */
    public boolean covers(RoomName room) {
        return account.equals(room.account()) && (isPrefix ? room.name().startsWith(name) : name.equals(room.name()));
    }
}
