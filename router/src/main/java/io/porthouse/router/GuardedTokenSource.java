package io.porthouse.router;

import io.porthouse.protocol.RoomName;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** A source as the router wants it: what throws, or answers with nothing at all, is an answer that fails. */
final class GuardedTokenSource implements TokenSource {

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
            return question.get().thenApply(Objects::requireNonNull);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
