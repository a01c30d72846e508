package io.porthouse.admin.live;

import io.porthouse.admin.model.Change;
import io.porthouse.admin.model.Subject;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Refreshed;
import io.porthouse.router.Router;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the router act by what was changed in the store: tells it what was touched, never what to do. Thread-safe; no method
 * blocks.
 */
public final class LiveChanges {

    private static final Logger LOG = LoggerFactory.getLogger(LiveChanges.class);

    /** How long a change may take before it is answered as not confirmed; it goes on, but nobody waits for it. */
    private static final long PATIENCE_MILLIS = 10_000;

    private final Router router;

    /** Changes that were followed, above the last that the log's follower has seen. */
    private final ConcurrentSkipListSet<Long> followed = new ConcurrentSkipListSet<>();

    public LiveChanges(Router router) {
        this.router = router;
    }

    /**
     * Has the router read again whatever a change touched. To be called once the change is committed.
     *
     * @return completes when this node acts by the change; never fails. Where something can't be read, it is not confirmed,
     *     and nobody keeps access by that: the sessions concerned are closed. What takes longer than
     *     {@value #PATIENCE_MILLIS} ms is not confirmed either
     */
    public CompletionStage<LiveEffect> follow(Change change) {
        followed.add(change.number());
        return refresh(change.touched());
    }

    /** Returns whether a change was followed, and forgets it. */
    boolean takeFollowed(long number) {
        return followed.remove(number);
    }

    /** Forgets which changes up to this one were followed. */
    void forgetFollowed(long upTo) {
        followed.headSet(upTo, true).clear();
    }

    /**
     * Has the router read these things again: accounts, then rooms, then tokens, so that who loses a room with its grant is
     * told that the room is gone.
     */
    CompletionStage<LiveEffect> refresh(List<Subject> touched) {
        long startNanos = System.nanoTime();
        Set<String> accounts = new HashSet<>();
        List<RoomName> rooms = new ArrayList<>();
        Set<String> tokens = new HashSet<>();
        for (Subject subject : touched) {
            switch (subject.kind()) {
                case ACCOUNT -> accounts.add(subject.name());
                case ROOM -> RoomName.parse(subject.name(), "").ifPresent(rooms::add);
                case TOKEN, KEY -> tokens.add(subject.name());
                case INVITATION -> {
                    // Nobody is connected by one.
                }
            }
        }
        CompletionStage<Refreshed> all = CompletableFuture.completedFuture(Refreshed.NOTHING);
        for (String account : accounts) {
            all = all.thenCompose(before -> router.refreshAccount(account).thenApply(before::plus));
        }
        if (!rooms.isEmpty()) {
            all = all.thenCompose(before -> router.refreshRooms(rooms).thenApply(before::plus));
        }
        if (!tokens.isEmpty()) {
            all = all.thenCompose(before -> router.refreshTokens(tokens).thenApply(before::plus));
        }
        return effect(all, startNanos, PATIENCE_MILLIS);
    }

    /** Has the router read everything again. */
    CompletionStage<LiveEffect> refreshAll() {
        return effect(router.refreshAll(), System.nanoTime(), PATIENCE_MILLIS);
    }

    /** Completes with what was done; never fails, and takes no longer than this: then it is not confirmed. */
    static CompletionStage<LiveEffect> effect(
            CompletionStage<Refreshed> refreshed, long startNanos, long patienceMillis) {
        return refreshed
                .toCompletableFuture()
                .copy()
                .orTimeout(patienceMillis, TimeUnit.MILLISECONDS)
                .handle((done, failure) -> {
                    if (failure != null) {
                        LOG.error("a change could not be followed", failure);
                    }
                    Refreshed known = failure == null ? done : new Refreshed(0, 0, false);
                    return LiveEffect.of(known, System.nanoTime() - startNanos);
                });
    }
}
