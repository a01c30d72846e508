package io.porthouse.router;

import io.porthouse.protocol.RoomName;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What the router asks of the control plane: the present state of a token, and the rules of a room.
 *
 * <p>Called from event loops, so it must not block: a source that needs time answers later, from any thread. An answer
 * that fails counts as "not known now": nobody gains access by it.
 */
public interface TokenSource {

    /**
     * Something read, with the number of the change that it was read at.
     *
     * @param change from 0 to 2^48, rises with every change of the source; the state and the number come from one snapshot, so that of two
     *     readings the one with the greater number is the newer
     * @param state null: there is no such thing (any more)
     */
    record Reading<T>(long change, @Nullable T state) {}

    /**
     * Reads a token.
     *
     * @param secretHash SHA-256 of the secret, 64 lower-case hex digits; also of what is no token, but opens a {@link Backpipe}
     */
    CompletionStage<Reading<TokenState>> readToken(String secretHash);

    /**
     * Reads the rules of a room; no state where the room does not exist. It may still come into being by the JOIN of a token
     * that makes {@link TokenState#transientRooms}.
     */
    CompletionStage<Reading<RoomRules>> readRoom(RoomName room);
}
