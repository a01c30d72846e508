package io.porthouse.admin.model;

/** What an account may administer. */
public enum Role {
    /** Its own rooms and tokens. */
    USER,
    /** Everything. */
    OPERATOR
}
