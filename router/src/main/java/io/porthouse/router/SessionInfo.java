package io.porthouse.router;

import java.time.Instant;
import java.util.List;

/**
 * One live connection, as it was when it was asked about.
 *
 * @param id the session's id, as in WELCOME
 * @param token the token's id, never its secret
 * @param account the token's account
 * @param client what the client says that it is; empty if it says nothing. Not to be trusted
 * @param address where it connects from, {@code host:port}
 * @param since when it connected
 * @param rooms the full names of the rooms that it holds
 * @param receivedBytes read from it so far
 * @param sentBytes handed to its socket so far
 * @param lagBytes queued for it, and not with the kernel yet
 */
public record SessionInfo(
        String id,
        String token,
        String account,
        String client,
        String address,
        Instant since,
        List<String> rooms,
        long receivedBytes,
        long sentBytes,
        long lagBytes) {

    public SessionInfo {
        rooms = List.copyOf(rooms);
    }
}
