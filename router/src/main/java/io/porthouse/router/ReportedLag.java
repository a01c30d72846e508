package io.porthouse.router;

/**
 * What the puddle's totals know of one outbox: what its lanes hold, and whether it is among those that hold anything. Confined
 * to the session's loop.
 */
final class ReportedLag {

    private final PuddleStats stats;
    private long controlBytes;
    private long messageBytes;
    private long chunkBytes;

    ReportedLag(PuddleStats stats) {
        this.stats = stats;
    }

    /** Brings the totals up to date. */
    void update(long controlNow, long messagesNow, long chunksNow) {
        boolean lagged = (controlBytes | messageBytes | chunkBytes) != 0;
        boolean lags = (controlNow | messagesNow | chunksNow) != 0;
        if (lagged || lags) {
            stats.controlLagBytes.add(controlNow - controlBytes);
            stats.messageLagBytes.add(messagesNow - messageBytes);
            stats.chunkLagBytes.add(chunksNow - chunkBytes);
            stats.laggingSessions.add((lags ? 1 : 0) - (lagged ? 1 : 0));
            controlBytes = controlNow;
            messageBytes = messagesNow;
            chunkBytes = chunksNow;
        }
    }
}
