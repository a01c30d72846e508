package io.porthouse.router;

import io.porthouse.protocol.RoomName;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * A source as the router wants it: what throws, answers nothing, or does not answer in time, is an answer that fails. A source
 * whose numbers have fallen, because a backup was put back, is followed all the same. Thread-safe.
 */
final class GuardedTokenSource implements TokenSource {

    /** A source that takes longer has, as far as the router is concerned, no answer. */
    static final long PATIENCE_MILLIS = 2_000;

    private static final long FIRST_PAUSE_MILLIS = 50;

    /** Above all numbers of changes that a source ever has. */
    private static final long NUMBERS = 1L << 48;

    private final TokenSource source;

    /** What the numbers of readings are counted from. */
    private final AtomicLong base = new AtomicLong();

    GuardedTokenSource(TokenSource source) {
        this.source = source;
    }

    /** Has whatever is asked from now on count as newer than all that was asked before, whatever the source's numbers are. */
    void startNumbersAnew() {
        base.addAndGet(NUMBERS);
    }

    @Override
    public CompletionStage<Reading<TokenState>> readToken(String secretHash) {
        return guard(() -> source.readToken(secretHash));
    }

    @Override
    public CompletionStage<Reading<RoomRules>> readRoom(RoomName room) {
        return guard(() -> source.readRoom(room));
    }

    private <T> CompletionStage<Reading<T>> guard(Supplier<CompletionStage<Reading<T>>> question) {
        long from = base.get();
        try {
            return question.get()
                    .thenApply(reading -> new Reading<>(from + reading.change(), reading.state()))
                    .toCompletableFuture()
                    .copy()
                    .orTimeout(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /**
     * Asks again for as long as a source may be expected to be back, if it fails: what depends on the answer ends if there is
     * none.
     */
    static <T> CompletionStage<T> insist(Supplier<CompletionStage<T>> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        ask(question, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS), FIRST_PAUSE_MILLIS, answer);
        return answer;
    }

    private static <T> void ask(
            Supplier<CompletionStage<T>> question, long untilNanos, long pauseMillis, CompletableFuture<T> answer) {
        question.get().whenComplete((reading, failure) -> {
            if (failure == null) {
                answer.complete(reading);
            } else if (System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pauseMillis) - untilNanos >= 0) {
                answer.completeExceptionally(failure);
            } else {
                CompletableFuture.delayedExecutor(pauseMillis, TimeUnit.MILLISECONDS)
                        .execute(() -> ask(question, untilNanos, 2 * pauseMillis, answer));
            }
        });
    }
}
