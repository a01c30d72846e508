package io.porthouse.router;

import io.porthouse.protocol.RoomName;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Tokens and rules from memory: the tokens of the configuration, a test's, an embedding program's. Every room exists
 * that the function gives rules, unless it was deleted. Thread-safe; answers at once.
 *
 * <p>A change here is not seen by a running router until it is told: {@link Router#refreshTokens} and its like.
 */
public final class MemoryTokenSource implements TokenSource {

    private final Function<RoomName, @Nullable RoomRules> rules;

    // Guarded by this:
    private final Map<String, TokenState> tokens = new HashMap<>();
    private final Map<RoomName, RoomRules> rooms = new HashMap<>();
    private final Set<RoomName> deleted = new HashSet<>();
    private long change;

    /** @param rules gives every room its rules that {@link #putRoom} says nothing about; null: it does not exist. Pure and quick */
    public MemoryTokenSource(Function<RoomName, @Nullable RoomRules> rules) {
        this.rules = rules;
    }

    /** Returns the form in which secrets are kept and looked up: SHA-256, in lower-case hex. */
    public static String secretHash(String secret) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(sha256.digest(secret.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Adds or replaces a token. */
    public synchronized void put(String secretHash, TokenState state) {
        change++;
        tokens.put(secretHash, state);
    }

    /** Deletes a token. */
    public synchronized void remove(String secretHash) {
        change++;
        tokens.remove(secretHash);
    }

    /** Gives one room rules of its own, and brings it back if it was deleted. */
    public synchronized void putRoom(RoomName room, RoomRules itsRules) {
        change++;
        rooms.put(room, itsRules);
        deleted.remove(room);
    }

    /** Deletes a room: it can't be joined until {@link #putRoom} brings it back. */
    public synchronized void deleteRoom(RoomName room) {
        change++;
        deleted.add(room);
    }

    @Override
    public synchronized CompletionStage<Reading<TokenState>> readToken(String secretHash) {
        return CompletableFuture.completedFuture(new Reading<>(change, tokens.get(secretHash)));
    }

    @Override
    public synchronized CompletionStage<Reading<RoomRules>> readRoom(RoomName room) {
        if (deleted.contains(room)) {
            return CompletableFuture.completedFuture(new Reading<>(change, null));
        }
        RoomRules own = rooms.get(room);
        return CompletableFuture.completedFuture(new Reading<>(change, own == null ? rules.apply(room) : own));
    }
}
