package io.porthouse.router;

import java.util.ArrayList;
import java.util.List;

/**
 * What comes of an {@link Outbox} that is full: memberships that lose messages, which they are told when there is place again,
 * and memberships that hold up their rooms until then. Confined to the session's loop.
 */
final class Congestion {

    private final Outbox outbox;
    private final List<Membership> losers = new ArrayList<>(0);
    private final List<Membership> messageHolders = new ArrayList<>(0);
    private final List<Membership> chunkHolders = new ArrayList<>(0);

    /** Whether a room was held up since {@link #takeHeldUp} was asked last. */
    private boolean heldUp;

    Congestion(Outbox outbox) {
        this.outbox = outbox;
    }

    /** A membership begins to lose messages; it is told when the lane is half empty again. */
    void addLoser(Membership membership) {
        losers.add(membership);
    }

    /** A membership begins to hold up its room; it ends when what it is to be sent is down to half of the mark. */
    void addHolder(Traffic traffic, Membership membership) {
        heldUp = true;
        holders(traffic).add(membership);
    }

    void removeHolder(Traffic traffic, Membership membership) {
        holders(traffic).remove(membership);
    }

    private List<Membership> holders(Traffic traffic) {
        return traffic == Traffic.MESSAGES ? messageHolders : chunkHolders;
    }

    /** Returns whether the session holds up a room, or did since this was asked last. */
    boolean takeHeldUp() {
        boolean was = heldUp;
        heldUp = !messageHolders.isEmpty() || !chunkHolders.isEmpty();
        return was;
    }

    /**
     * Ends what a lane that was full has caused, when what is queued is down to half of the mark. Below the mark it ends the
     * pauses of rooms of which nothing is queued any more: they do not wait until there is less of other rooms, which may be
     * never.
     */
    void relax(Traffic traffic, long queuedBytes, long markBytes) {
        if (traffic == Traffic.MESSAGES && queuedBytes <= markBytes / 2) {
            tellLosses();
        }
        List<Membership> held = holders(traffic);
        if (held.isEmpty() || queuedBytes > markBytes) {
            return;
        }
        for (Membership membership : List.copyOf(held)) {
            if (queuedBytes <= markBytes / 2 || !outbox.isQueued(traffic, membership)) {
                membership.letGo(traffic);
            }
        }
    }

    /** Tells each that loses messages what it has lost. */
    void tellLosses() {
        if (!losers.isEmpty()) {
            losers.forEach(Membership::tellLoss);
            losers.clear();
        }
    }

    /** The session is sent nothing any more: it holds nobody up, and what it loses is not told. */
    void end() {
        losers.clear();
        relax(Traffic.MESSAGES, 0, 0);
        relax(Traffic.CHUNKS, 0, 0);
    }
}
