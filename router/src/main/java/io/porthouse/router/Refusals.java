package io.porthouse.router;

import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import io.porthouse.protocol.ControlBody.Refusal;
import io.porthouse.protocol.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * The ERRORs of one session. Those that a client can provoke by the thousand and did not ask to be answered are throttled to
 * one a second for each room and code, with a count. Confined to the session's loop.
 */
final class Refusals {

    private static final long PERIOD_NANOS = 1_000_000_000L;

    private final Session session;
    private @Nullable LongObjectMap<Throttle> throttles;

    Refusals(Session session) {
        this.session = session;
    }

    /** Answers a frame with a correlation, or one of the rare ones. */
    void refuse(ErrorCode code, int room, long correlation) {
        send(new Refusal(code.number(), code.text(), null, null, null), room, correlation);
    }

    /** Refuses a room by name. */
    void refuseRoom(ErrorCode code, String room, long correlation) {
        send(new Refusal(code.number(), code.text(), room, null, null), 0, correlation);
    }

    /** Refuses an envelope before or at its last chunk. */
    void refuseEnvelope(ErrorCode code, int room, int envelopeId, long correlation) {
        send(
                new Refusal(code.number(), code.text(), null, Integer.toUnsignedLong(envelopeId), null),
                room,
                correlation);
    }

    /**
     * Refuses a whole message or an unknown frame: at once if it has a correlation or is the first of its kind in a second.
     *
     * @param room the refused frame's room field
     * @param isHeld whether the session holds that room; those that it doesn't hold share one throttle, so that what is
     *     remembered here is bounded
     */
    void refuseThrottled(ErrorCode code, int room, boolean isHeld, long correlation) {
        if (correlation != 0) {
            refuse(code, room, correlation);
            return;
        }
        if (throttles == null) {
            throttles = new LongObjectHashMap<>(4);
        }
        long key = (isHeld ? (long) room << 32 : 0) | code.number();
        Throttle throttle = throttles.get(key);
        long now = session.puddle.nowNanos();
        if (throttle == null) {
            throttles.put(key, new Throttle(now));
            refuse(code, room, 0);
        } else if (now - throttle.toldNanos < PERIOD_NANOS) {
            session.puddle.stats.refusals.add(1);
            throttle.held++;
            throttle.room = room;
        } else {
            session.puddle.stats.refusals.add(1);
            throttle.room = room;
            tell(code.number(), throttle, throttle.held + 1, now);
        }
    }

    /** The session leaves a room: what was held back is told before WITHDRAWN, and nothing after it. */
    void forget(int room) {
        if (throttles == null) {
            return;
        }
        for (ErrorCode code : ErrorCode.values()) {
            Throttle throttle = throttles.remove(((long) room << 32) | code.number());
            if (throttle != null && throttle.held > 0) {
                tell(code.number(), throttle, throttle.held, session.puddle.nowNanos());
            }
        }
    }

    /** Sends what was held back for a second; forgets what was quiet for one. */
    void tellThrottled(long nowNanos) {
        if (throttles == null) {
            return;
        }
        for (var entries = throttles.entries().iterator(); entries.hasNext(); ) {
            LongObjectMap.PrimitiveEntry<Throttle> entry = entries.next();
            Throttle throttle = entry.value();
            if (nowNanos - throttle.toldNanos < PERIOD_NANOS) {
                continue;
            }
            if (throttle.held > 0) {
                tell((int) entry.key(), throttle, throttle.held, nowNanos);
            } else {
                entries.remove();
            }
        }
        if (throttles.isEmpty()) {
            throttles = null;
        }
    }

    private void tell(int code, Throttle throttle, long count, long nowNanos) {
        throttle.held = 0;
        throttle.toldNanos = nowNanos;
        String text = ErrorCode.of(code).map(ErrorCode::text).orElse("");
        // Each of these was counted when it was refused.
        session.outbox.queueControl(new Refusal(code, text, null, null, count), throttle.room, 0, 0);
    }

    private void send(Refusal refusal, int room, long correlation) {
        session.puddle.stats.refusals.add(1);
        session.outbox.queueControl(refusal, room, 0, correlation);
    }

    private static final class Throttle {
        private long toldNanos;
        private long held;
        private int room;

        Throttle(long toldNanos) {
            this.toldNanos = toldNanos;
        }
    }
}
