package io.porthouse.router;

import io.porthouse.protocol.CloseCode;
import java.util.concurrent.TimeUnit;

/**
 * Closes a session that holds up a room, under {@code wait}, and drains less than {@code waitBytesPerSecond}. It is measured in
 * fixed windows, each by itself: who stops in the middle of one may hold the room up until the end of the next. Confined to
 * the session's loop.
 */
final class DrainWatch {

    private static final int WINDOW_SECONDS = 10;
    private static final long NOT_HOLDING = Long.MIN_VALUE;

    private final Session session;
    private long sinceNanos = NOT_HOLDING;
    private long writtenBytesThen;

    DrainWatch(Session session) {
        this.session = session;
    }

    /** Looks at it; about once a second. */
    void check(long nowNanos) {
        if (!session.outbox.congestion().takeHeldUp()) {
            sinceNanos = NOT_HOLDING;
        } else if (sinceNanos == NOT_HOLDING) {
            restart(nowNanos);
        } else if (nowNanos - sinceNanos >= TimeUnit.SECONDS.toNanos(WINDOW_SECONDS)) {
            long leastBytes = WINDOW_SECONDS * session.node.settings.limits().waitBytesPerSecond();
            if (session.outbox.writtenBytes() - writtenBytesThen < leastBytes) {
                session.close(CloseCode.SLOW_RECEIVER, "holds up a room");
            }
            restart(nowNanos);
        }
    }

    private void restart(long nowNanos) {
        sinceNanos = nowNanos;
        writtenBytesThen = session.outbox.writtenBytes();
    }
}
