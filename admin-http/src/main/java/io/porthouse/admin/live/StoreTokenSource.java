package io.porthouse.admin.live;

import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.KeyOwner;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreWorkers;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Backpipe;
import io.porthouse.router.Grant;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.RoomRules;
import io.porthouse.router.TokenSource;
import io.porthouse.router.TokenState;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Tokens and rooms of the store, with those of the configuration beside them, for the router. Thread-safe; no method blocks.
 *
 * <p>Tokens of the configuration never change while the router runs. They are answered at once, and known whether or not the
 * store answers. A room of the store has the store's rules; one that is not in the store exists if a configured token is
 * granted it, with the configuration's rules. What is answered is thus a function of the store's state alone, and the store's
 * change number tells which of two readings is the newer.
 *
 * <p>An API key of the store is answered like a token: it opens a {@link Backpipe} into the rooms of its account, and into all
 * rooms if that is an operator's.
 *
 * <p>A read fails with {@link io.porthouse.admin.store.StoreUnavailableException} if the store does not answer, or too many
 * reads are waiting.
 */
public final class StoreTokenSource implements TokenSource {

    private final Store store;
    private final StoreWorkers workers;
    private final MemoryTokenSource configuration;
    private final List<Grant> configuredGrants;

    /**
     * @param workers what reads of the store run on; with as many threads as the store has connections to spare
     * @param configuration tokens that never change, and the rules of rooms that only they know
     * @param configuredGrants all grants of the configuration's tokens
     */
    public StoreTokenSource(
            Store store, StoreWorkers workers, MemoryTokenSource configuration, List<Grant> configuredGrants) {
        this.store = store;
        this.workers = workers;
        this.configuration = configuration;
        this.configuredGrants = List.copyOf(configuredGrants);
    }

    @Override
    public CompletionStage<Reading<TokenState>> readToken(String secretHash) {
        Reading<TokenState> configured = now(configuration.readToken(secretHash));
        if (configured.state() != null) {
            return CompletableFuture.completedFuture(configured);
        }
        return workers.submit(() -> {
            Reading<TokenState> stored = store.readToken(secretHash);
            // What is no token may be an API key, which opens a backpipe.
            return stored.state() == null
                    ? store.keyOwner(secretHash).map(StoreTokenSource::backpipe).orElse(stored)
                    : stored;
        });
    }

    private static Reading<TokenState> backpipe(KeyOwner owner) {
        AccountSettings settings = owner.account().settings();
        TokenState state = new TokenState(
                owner.key().id(),
                owner.account().name(),
                List.of(),
                Integer.MAX_VALUE,
                settings.limits().connections(),
                null,
                settings.suspended(),
                TokenState.NO_TRANSIENT_ROOMS,
                settings.role() == Role.OPERATOR ? Backpipe.EVERYWHERE : Backpipe.ACCOUNT);
        return new Reading<>(owner.change(), state);
    }

    @Override
    public CompletionStage<Reading<RoomRules>> readRoom(RoomName room) {
        return workers.submit(() -> {
            Reading<RoomRules> stored = store.readRoom(room);
            return stored.state() == null ? new Reading<>(stored.change(), configuredRules(room)) : stored;
        });
    }

    private @Nullable RoomRules configuredRules(RoomName room) {
        boolean isGranted = configuredGrants.stream().anyMatch(grant -> grant.covers(room));
        return isGranted ? now(configuration.readRoom(room)).state() : null;
    }

    /** What is in memory is answered at once. */
    private static <T> Reading<T> now(CompletionStage<Reading<T>> answer) {
        return answer.toCompletableFuture().join();
    }
}
