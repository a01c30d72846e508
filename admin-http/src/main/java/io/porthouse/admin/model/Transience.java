package io.porthouse.admin.model;

/** How long a room lasts. */
public enum Transience {
    /** Until it is deleted. */
    NONE,
    /** Until the member that made it leaves. */
    PEER,
    /** Until its last member leaves. */
    PEERLESS
}
