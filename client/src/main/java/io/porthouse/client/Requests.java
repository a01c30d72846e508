package io.porthouse.client;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The JOINs and LEAVEs of one link that have no answer yet. Thread-safe; futures are completed outside the lock. */
final class Requests {

    private final Map<Long, CompletableFuture<RoomGrant>> joining = new HashMap<>();
    private final Map<Long, CompletableFuture<Void>> leaving = new HashMap<>();

    synchronized void joining(long correlation, CompletableFuture<RoomGrant> answer) {
        joining.put(correlation, answer);
    }

    synchronized void leaving(long correlation, CompletableFuture<Void> answer) {
        leaving.put(correlation, answer);
    }

    void granted(long correlation, RoomGrant grant) {
        CompletableFuture<RoomGrant> asked;
        synchronized (this) {
            asked = joining.remove(correlation);
        }
        if (asked != null) {
            asked.complete(grant);
        }
    }

    void left(long correlation) {
        CompletableFuture<Void> asked;
        synchronized (this) {
            asked = leaving.remove(correlation);
        }
        if (asked != null) {
            asked.complete(null);
        }
    }

    void fail(long correlation, PorthouseException refusal) {
        @Nullable CompletableFuture<RoomGrant> join;
        @Nullable CompletableFuture<Void> leave;
        synchronized (this) {
            join = joining.remove(correlation);
            leave = leaving.remove(correlation);
        }
        if (join != null) {
            join.completeExceptionally(refusal);
        }
        if (leave != null) {
            leave.completeExceptionally(refusal);
        }
    }

    void end(PorthouseException cause) {
        List<CompletableFuture<RoomGrant>> joins;
        List<CompletableFuture<Void>> leaves;
        synchronized (this) {
            joins = List.copyOf(joining.values());
            leaves = List.copyOf(leaving.values());
            joining.clear();
            leaving.clear();
        }
        joins.forEach(join -> join.completeExceptionally(cause));
        leaves.forEach(leave -> leave.completeExceptionally(cause));
    }
}
