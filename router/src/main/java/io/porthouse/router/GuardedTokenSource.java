package io.porthouse.router;

import io.porthouse.protocol.RoomName;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A source as the router wants it: what throws, answers nothing, or does not answer in time, is an answer that fails. */
final class GuardedTokenSource implements TokenSource {

    /** A source that takes longer has, as far as the router is concerned, no answer. */
    static final long PATIENCE_MILLIS = 2_000;

    private static final long FIRST_PAUSE_MILLIS = 50;

    private final TokenSource source;

    GuardedTokenSource(TokenSource source) {
        this.source = source;
    }

    @Override
    public CompletionStage<Reading<TokenState>> readToken(String secretHash) {
        return guard(() -> source.readToken(secretHash));
    }

    @Override
    public CompletionStage<Reading<RoomRules>> readRoom(RoomName room) {
        return guard(() -> source.readRoom(room));
    }

    private static <T> CompletionStage<Reading<T>> guard(Supplier<CompletionStage<Reading<T>>> question) {
        try {
            return question.get()
                    .<Reading<T>>thenApply(Objects::requireNonNull)
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
