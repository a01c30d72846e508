package io.porthouse.router;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;

/**
 * Finds out whether a session's peer is still there: after a heartbeat of silence it is sent a PING, after another it is
 * closed. Who goes on reading what it is sent is there, even if it does not get as far as the PING. Confined to the session's
 * loop.
 */
final class Heartbeat {

    private final Session session;
    private long heardNanos;
    private boolean pinged;
    private long writtenWhenPinged;

    Heartbeat(Session session) {
        this.session = session;
    }

    /** The peer has shown that it is there. */
    void heard(long nowNanos) {
        heardNanos = nowNanos;
        pinged = false;
    }

    /** Does what is due; about once a second. */
    void check(long nowNanos) {
        long intervalNanos = session.node.settings.heartbeat().toNanos();
        long silence = nowNanos - heardNanos;
        if (silence < intervalNanos) {
            pinged = false;
        } else if (!pinged) {
            pinged = true;
            heardNanos = nowNanos - intervalNanos;
            // The PING itself is no sign of life.
            writtenWhenPinged = session.outbox.writtenBytes() + Frame.HEADER_BYTES;
            session.outbox.queueEmpty(FrameType.PING, 0);
        } else if (session.outbox.writtenBytes() > writtenWhenPinged) {
            writtenWhenPinged = session.outbox.writtenBytes();
            heardNanos = nowNanos - intervalNanos;
        } else if (silence >= 2 * intervalNanos) {
            session.close(CloseCode.TIMEOUT, "silent for two heartbeats");
        }
    }
}
