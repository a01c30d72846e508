package io.porthouse.admin.api;

/** Who may use a route. What exactly they may touch is up to its handler. */
enum Access {
    /** Everybody; nobody is asked who they are. */
    ANYBODY,
    /** Everybody; who says who they are must prove it, and may do more. */
    ANYBODY_OR_ACCOUNT,
    /** Every account that is not suspended. */
    ACCOUNT,
    /** Operators. */
    OPERATOR
}
