package io.porthouse.router;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** One change for all shards of a room, at one place in its order: offered in the room's lock, taken by each loop in its turn. */
final class Cut {
    private final Marker[] markers;
    private final AtomicInteger left;
    private final CompletableFuture<Refreshed> done = new CompletableFuture<>();
    private final boolean endsWithRound;
    private int concerned;

    Cut(Shard[] shards, Consumer<Shard> effect) {
        this(shards, effect, false);
    }

    /** @param endsWithRound whether the effect is complete only with the round that it is part of */
    Cut(Shard[] shards, Consumer<Shard> effect, boolean endsWithRound) {
        this.markers = new Marker[shards.length];
        this.left = new AtomicInteger(shards.length);
        this.endsWithRound = endsWithRound;
        for (int i = 0; i < shards.length; i++) {
            markers[i] = new Marker(this, shards[i], effect);
        }
    }

    /**
     * Under the room's lock.
     *
     * @param memberCount whom it concerns
     */
    void offer(int memberCount) {
        concerned = memberCount;
        for (Marker marker : markers) {
            marker.shard.puddle.inbox.offer(marker);
        }
    }

    /** After the lock; completes when every loop has passed it. */
    CompletableFuture<Refreshed> wake() {
        for (Marker marker : markers) {
            marker.shard.puddle.wake();
        }
        return done;
    }

    private void passed(Puddle puddle) {
        if (endsWithRound) {
            puddle.execute(this::ended);
        } else {
            ended();
        }
    }

    private void ended() {
        if (left.decrementAndGet() == 0) {
            done.complete(new Refreshed(concerned, 0, true));
        }
    }

    private static final class Marker extends InboxEntry {
        private final Cut cut;
        private final Shard shard;
        private final Consumer<Shard> effect;

        Marker(Cut cut, Shard shard, Consumer<Shard> effect) {
            this.cut = cut;
            this.shard = shard;
            this.effect = effect;
        }

        @Override
        void apply() {
            try {
                effect.accept(shard);
            } finally {
                cut.passed(shard.puddle);
            }
        }
    }
}
