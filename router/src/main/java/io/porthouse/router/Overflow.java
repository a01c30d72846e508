package io.porthouse.router;

/** What a room does when a member cannot take what is published. */
public enum Overflow {
    /** The member loses what does not fit, and is told so: GAP for messages, a cancel for an envelope. */
    DROP,
    /** The member is closed with 3001. */
    DISCONNECT,
    /** Nothing is lost: publishers pause until the member has caught up. */
    WAIT
}
