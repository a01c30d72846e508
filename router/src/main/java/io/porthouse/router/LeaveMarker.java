package io.porthouse.router;

import io.porthouse.protocol.ErrorCode;
import org.jspecify.annotations.Nullable;

/** A member leaves at one place in the room's order. */
final class LeaveMarker extends InboxEntry {
    private final Membership member;
    private final @Nullable String reason;
    private final long correlation;

    LeaveMarker(Membership member, @Nullable String reason, long correlation) {
        this.member = member;
        this.reason = reason;
        this.correlation = correlation;
    }

    @Override
    void apply() {
        member.session.rooms.cutPassed();
        boolean wasThere = member.shard().remove(member, reason != null);
        if (reason != null && wasThere) {
            member.session.rooms.withdrawn(member, reason, correlation);
        } else if (correlation != 0) {
            // The room was deleted before, which the member was told already.
            member.session.refusals.refuse(ErrorCode.NOT_HELD, member.room.handle(), correlation);
        }
    }
}
