package io.porthouse.router;

/**
 * What became of a message that was published by the API.
 *
 * @param outcome whether it was taken
 * @param sequence its number in the room; 0 if it was not taken
 * @param recipients how many members of this node have it queued
 */
public record Published(Outcome outcome, long sequence, int recipients) {

    /** Whether a message was taken, or why not. */
    public enum Outcome {
        /** It is queued for every member who is to have it. */
        DONE,
        /** There is no such room. */
        NO_ROOM,
        /** It is larger than the room, or a frame, allows. */
        TOO_LARGE,
        /** The room takes text only. */
        TEXT_ONLY,
        /** An event loop has more to do than it can, the room waits for a member, or can't be looked up; try again soon. */
        BUSY
    }

    static Published refused(Outcome outcome) {
        return new Published(outcome, 0, 0);
    }
}
