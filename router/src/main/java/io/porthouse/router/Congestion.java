package io.porthouse.router;

import java.util.ArrayList;
import java.util.List;

/**
 * What comes of an {@link Outbox} that is full: memberships that lose messages, which they are told when there is place again,
 * and memberships that hold up their rooms until then. Confined to the session's loop.
 */
final class Congestion {

    private final List<Membership> losers = new ArrayList<>(0);
    private final List<Membership> messageHolders = new ArrayList<>(0);
    private final List<Membership> chunkHolders = new ArrayList<>(0);

    /** Whether a room was held up since {@link #takeHeldUp} was asked last. */
    private boolean heldUp;

    /** A membership begins to lose messages; it is told when the lane is half empty again. */
    void addLoser(Membership membership) {
        losers.add(membership);
    }

    /** A membership has been told what it has lost. */
    void removeLoser(Membership membership) {
        losers.remove(membership);
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
    void relax(Outbox outbox, Traffic traffic, long queuedBytes, long markBytes) {
        if (traffic == Traffic.MESSAGES && queuedBytes <= markBytes / 2) {
            tellLosses();
        }
        List<Membership> held = holders(traffic);
        if (held.isEmpty() || queuedBytes > markBytes) {
            return;
        }
        // Each that lets go is removed from the list.
        for (Membership membership : List.copyOf(held)) {
            if (queuedBytes <= markBytes / 2 || !outbox.isQueued(traffic, membership)) {
                membership.letGo(traffic);
            }
        }
    }

    /** Tells each that loses messages what it has lost. */
    void tellLosses() {
        if (!losers.isEmpty()) {
            // Each that has told is removed from the list.
            List.copyOf(losers).forEach(Membership::tellLoss);
        }
    }

    /** The session is sent nothing any more: it holds nobody up, and what it loses is not told. */
    void end() {
        losers.clear();
        List.copyOf(messageHolders).forEach(holder -> holder.letGo(Traffic.MESSAGES));
        List.copyOf(chunkHolders).forEach(holder -> holder.letGo(Traffic.CHUNKS));
    }
}
