package io.porthouse.router;

/** The two kinds of what rooms carry. Each has its lane in an outbox, its overflow rule, and its pause. */
enum Traffic {
    /** Whole messages. */
    MESSAGES,
    /** Chunks of envelopes. */
    CHUNKS
}
