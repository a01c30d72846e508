package io.porthouse.admin.api;

/** What a route wants of a request's body. */
enum Input {
    /** There is none; what comes is not read. */
    NONE,
    /** A JSON object. */
    JSON,
    /** A JSON object, or nothing, which is an empty one. */
    OPTIONAL_JSON,
    /** The handler reads it itself. */
    OWN
}
