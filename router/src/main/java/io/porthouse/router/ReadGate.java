package io.porthouse.router;

/**
 * Whether a session is read, and if not, why. It is read again when the last reason is gone, and not before what it left
 * unread has been walked, at the end of the round. Confined to the session's loop.
 */
final class ReadGate {

    /** Reasons for not reading, as bits. */
    static final int WAITS_FOR_TOKEN = 1;

    static final int WAITS_FOR_INBOX = 2;
    static final int WAITS_FOR_ROOM = 4;
    static final int ANSWERS_UNREAD = 8;
    static final int CUTS_UNPASSED = 16;

    /** Reasons that suspend it as a publisher. */
    private static final int PUBLISHER_REASONS = WAITS_FOR_INBOX | WAITS_FOR_ROOM;

    private final Session session;
    private int reasons;
    private boolean resumeDue;
    private long suspendedSinceNanos;

    ReadGate(Session session) {
        this.session = session;
    }

    /** Returns whether there is a reason for not reading. */
    boolean isSuspended() {
        return reasons != 0;
    }

    /** Returns whether it is not read because what it publishes has no place. */
    boolean isSuspendedAsPublisher() {
        return (reasons & PUBLISHER_REASONS) != 0;
    }

    /** Returns whether all whole frames that came have been walked. */
    boolean hasWalkedAll() {
        return reasons == 0 && !resumeDue;
    }

    /** Stops reading, for one more reason. */
    void suspend(int reason) {
        if (reasons == 0) {
            session.ingress.setReading(false);
        }
        if (!isSuspendedAsPublisher() && (reason & PUBLISHER_REASONS) != 0) {
            session.puddle.stats.suspendedPublishers.add(1);
            suspendedSinceNanos = session.node.nanoTime.getAsLong();
        }
        reasons |= reason;
    }

    /** One reason less for not reading; the last one gone, the held input is walked at the end of the round. */
    void resume(int reason) {
        if ((reasons & reason) == 0) {
            return;
        }
        boolean wasPublisher = isSuspendedAsPublisher();
        reasons &= ~reason;
        if (wasPublisher && !isSuspendedAsPublisher()) {
            session.puddle.stats.suspendedPublishers.add(-1);
            session.puddle.stats.suspendedNanos.add(session.node.nanoTime.getAsLong() - suspendedSinceNanos);
        }
        if (reasons == 0) {
            resumeDue = true;
            session.touch();
        }
    }

    /** Returns, once, whether the held input is to be walked now. */
    boolean takeResumeDue() {
        boolean due = resumeDue && reasons == 0;
        if (due) {
            resumeDue = false;
        }
        return due;
    }

    /** Nothing that it sent is walked any more: it waits for nothing. */
    void end() {
        reasons &= ~WAITS_FOR_TOKEN;
        resume(reasons);
        resumeDue = false;
    }
}
