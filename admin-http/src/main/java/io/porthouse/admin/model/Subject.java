package io.porthouse.admin.model;

/**
 * A thing that a change touched.
 *
 * @param name an account's name, a room's full name, or an id
 */
public record Subject(Kind kind, String name) {

    /** What the thing is. */
    public enum Kind {
        ACCOUNT,
        ROOM,
        TOKEN,
        KEY,
        INVITATION
    }
}
