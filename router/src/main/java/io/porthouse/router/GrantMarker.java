package io.porthouse.router;

import io.porthouse.protocol.ControlBody.Granted;
import io.porthouse.protocol.Right;
import java.util.Set;

/** A member joins, or its rights or its wish to receive change, at one place in the room's order. */
final class GrantMarker extends InboxEntry {
    private final Membership member;
    final boolean receives;
    private final Set<Right> may;
    private final String reason;
    private final long correlation;

    /** The last number before it. Written under the room's lock. */
    long sequence;

    GrantMarker(Membership member, boolean receives, String reason, long correlation) {
        this.member = member;
        this.receives = receives;
        this.may = member.may();
        this.reason = reason;
        this.correlation = correlation;
    }

    @Override
    void apply() {
        member.session.rooms.cutPassed();
        member.shard().put(member, receives);
        Room room = member.room;
        member.session.rooms.granted(
                member, new Granted(room.name().toString(), may, room.epoch(), sequence, reason), correlation);
    }
}
