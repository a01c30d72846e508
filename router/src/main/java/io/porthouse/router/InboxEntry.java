package io.porthouse.router;

import org.jspecify.annotations.Nullable;

/**
 * Something that a puddle takes from its inbox, in order: a run to deliver, or a marker that cuts a room's order. Made by
 * the offering thread before it takes a room's lock; offered once, to one inbox.
 */
abstract class InboxEntry {

    /** What an entry costs beside the bytes that it pins: a rough measure, so that entries without bytes count too. */
    static final int OVERHEAD_BYTES = 256;

    /** The entry behind this one; written once by {@link Inbox#offer}, read by the inbox's loop. */
    volatile @Nullable InboxEntry next;

    /** Returns what the entry holds in memory while it waits. */
    int pinnedBytes() {
        return OVERHEAD_BYTES;
    }

    /** Takes effect, on the loop of the puddle whose inbox it was in. */
    abstract void apply();
}
