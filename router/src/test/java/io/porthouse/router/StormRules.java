package io.porthouse.router;

import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was forbidden in a storm, and from where to where in each room's order. Thread-safe. */
final class StormRules {

    /**
     * A place in a room's order.
     *
     * @param life which life of the room; later ones are greater
     */
    record Place(int life, long sequence) {
        boolean isBefore(int otherLife, long otherSequence) {
            return life < otherLife || (life == otherLife && sequence < otherSequence);
        }

        /** Returns where a room is now; null if it does not live. */
        static @Nullable Place of(Router router, RoomName room) {
            RoomInfo info = router.room(room).orElse(null);
            return info == null ? null : new Place(StormRules.life(info.epoch()), info.sequence());
        }
    }

    /** What somebody who knows a secret may do in a room, or may not. */
    record Permission(String secret, RoomName room, Right right) {}

    /**
     * What is numbered behind {@code after} and not behind {@code until} was forbidden: the answer came before it was numbered,
     * and nobody asked for it again until then.
     */
    private record Forbidden(Permission permission, Place after, Place until) {}

    /** Messages of one room that came through, in their order. */
    record Passed(Permission permission, int life, long first, long last) {}

    private final List<Forbidden> forbidden = new ArrayList<>();
    private final List<Passed> passed = new ArrayList<>();

    /** Epochs of a router end with a number that rises. */
    static int life(String epoch) {
        return Integer.parseInt(epoch.substring(epoch.lastIndexOf('-') + 1));
    }

    /** @param until null: the life that {@code after} lies in was over by then */
    synchronized void forbid(Permission permission, Place after, @Nullable Place until) {
        forbidden.add(new Forbidden(permission, after, until == null ? new Place(after.life, Long.MAX_VALUE) : until));
    }

    synchronized void pass(Permission permission, int life, long first, long last) {
        passed.add(new Passed(permission, life, first, last));
    }

    synchronized int forbiddenCount() {
        return forbidden.size();
    }

    /** Returns what came through although it was forbidden. */
    synchronized List<String> violations() {
        List<String> violations = new ArrayList<>();
        Map<Permission, List<Forbidden>> byPermission = new HashMap<>();
        forbidden.forEach(each -> byPermission
                .computeIfAbsent(each.permission, unused -> new ArrayList<>())
                .add(each));
        for (Passed each : passed) {
            for (Forbidden rule : byPermission.getOrDefault(each.permission, List.of())) {
                boolean beginsBefore = !rule.until.isBefore(each.life, each.first);
                boolean endsAfter = rule.after.isBefore(each.life, each.last);
                if (beginsBefore && endsAfter) {
                    violations.add(each + " in spite of " + rule);
                }
            }
        }
        return violations;
    }
}
