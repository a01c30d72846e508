package io.porthouse.router;

import io.porthouse.protocol.RoomName;

/** Where a connection may publish without being granted anything, and without being a member: the line of a service. */
public enum Backpipe {
    /** Nowhere: an ordinary token, which acts by its grants. */
    NONE,
    /** Into every room of its own account. */
    ACCOUNT,
    /** Into every room. */
    EVERYWHERE;

    boolean reaches(RoomName room, String account) {
        return this == EVERYWHERE || (this == ACCOUNT && room.account().equals(account));
    }
}
