package io.porthouse.router;

/** What came about in some plays: a property of what never happens is worth nothing. */
final class FlowTally {

    int messages;
    int envelopes;
    int gaps;

    /** Envelopes that a member lost by its room's rule. */
    int lostEnvelopes;

    int pauses;

    /** Connections that the router closed because a room's rule said so. */
    int disconnected;

    /** Connections that the router closed because they held a room up for too long. */
    int tooSlow;

    int deletedRooms;
    int halfClosed;

    int[] all() {
        return new int[] {
            messages, envelopes, gaps, lostEnvelopes, pauses, disconnected, tooSlow, deletedRooms, halfClosed
        };
    }
}
