package io.porthouse.router;

/** A run on its way to the members of one shard. */
final class RunDelivery extends InboxEntry {

    private final Shard shard;
    private final Run run;

    RunDelivery(Shard shard, Run run) {
        this.shard = shard;
        this.run = run;
    }

    @Override
    int pinnedBytes() {
        return OVERHEAD_BYTES + run.bytes;
    }

    @Override
    void apply() {
        int queued = 0;
        try {
            queued = shard.deliver(run);
        } finally {
            run.handled(queued);
        }
    }
}
