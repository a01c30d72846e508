package io.porthouse.router;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What one puddle counts. Each number has one writer, the puddle's loop, and is added to once per run or batch, so counting
 * costs the data path a plain load and store; metrics read the sums over all puddles from any thread.
 */
final class PuddleStats {

    /** A counter with one writer and any number of readers. */
    static final class Tally {
        private final AtomicLong value = new AtomicLong();

        /** Adds; the owning loop only. */
        void add(long n) {
            value.lazySet(value.getPlain() + n);
        }

        /** Sets; the owning loop only. */
        void set(long n) {
            value.lazySet(n);
        }

        /** Reads; any thread. */
        long get() {
            return value.get();
        }
    }

    final Tally connections = new Tally();
    final Tally receivedBytes = new Tally();
    final Tally receivedMessages = new Tally();
    final Tally receivedChunks = new Tally();
    final Tally sentBytes = new Tally();
    final Tally deliveredMessages = new Tally();
    final Tally deliveredChunkRuns = new Tally();
    final Tally droppedMessages = new Tally();
    final Tally gaps = new Tally();
    final Tally cancelledEnvelopes = new Tally();
    final Tally refusals = new Tally();
    final Tally suspendedPublishers = new Tally();

    /** How long publishers were suspended, of those who have gone on. */
    final Tally suspendedNanos = new Tally();

    final Tally openEnvelopes = new Tally();

    /** Bytes charged to the outboxes of the puddle's sessions, by lane, and how many of those hold anything. */
    final Tally controlLagBytes = new Tally();

    final Tally messageLagBytes = new Tally();
    final Tally chunkLagBytes = new Tally();

    final Tally laggingSessions = new Tally();
}
