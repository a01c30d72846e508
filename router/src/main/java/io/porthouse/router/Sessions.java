package io.porthouse.router;

import io.netty.util.internal.OutOfDirectMemoryError;
import io.porthouse.protocol.CloseCode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of one puddle, from accept until the socket is closed: who is there, what a crowd of them is told in slices,
 * and whose time is over. Confined to the puddle's loop, except where noted.
 */
final class Sessions {

    /** How many sessions are described in one go: well below a millisecond. */
    private static final int SLICE_SESSIONS = 128;

    /** To how many goodbye is said in one go: each is a system call. */
    private static final int SLICE_GOODBYES = 64;

    private final Puddle puddle;
    private final List<Session> all = new ArrayList<>();

    /** In the order in which they came, so that the first is the first to be late. */
    private final ArrayDeque<Session> handshaking = new ArrayDeque<>();

    private final List<Departure> departures = new ArrayList<>();

    private int scanCursor;
    private @Nullable CompletableFuture<Void> emptied;

    Sessions(Puddle puddle) {
        this.puddle = puddle;
    }

    void add(Session session) {
        session.sessionsIndex = all.size();
        all.add(session);
        handshaking.add(session);
        puddle.stats.connections.add(1);
    }

    void remove(Session session) {
        int last = all.size() - 1;
        Session moved = all.get(last);
        all.set(session.sessionsIndex, moved);
        moved.sessionsIndex = session.sessionsIndex;
        all.remove(last);
        puddle.stats.connections.add(-1);
        CompletableFuture<Void> waitingForEmpty = emptied;
        if (waitingForEmpty != null && all.isEmpty()) {
            waitingForEmpty.complete(null);
        }
    }

    // ---- from any thread

    /**
     * Sends every session away: what is queued is sent first. Any thread.
     *
     * @return completes when the last one is gone
     */
    CompletableFuture<Void> sendAway(long afterMillis) {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        puddle.execute(() -> {
            emptied = gone;
            List.copyOf(all).forEach(session -> Puddle.apart(session, () -> session.goAway(afterMillis)));
            if (all.isEmpty()) {
                gone.complete(null);
            }
        });
        return gone;
    }

    /**
     * Describes the sessions whose token is wanted, a slice at a time, so that a crowd does not hold the loop up. Any
     * thread.
     */
    CompletableFuture<List<SessionInfo>> describe(Predicate<TokenState> wanted) {
        CompletableFuture<List<SessionInfo>> described = new CompletableFuture<>();
        puddle.execute(() -> describeSlice(List.copyOf(all), 0, wanted, new ArrayList<>(), described));
        return described;
    }

    private void describeSlice(
            List<Session> described,
            int from,
            Predicate<TokenState> wanted,
            List<SessionInfo> found,
            CompletableFuture<List<SessionInfo>> done) {
        int end = Math.min(from + SLICE_SESSIONS, described.size());
        for (Session session : described.subList(from, end)) {
            TokenState token = session.rooms.token();
            if (token != null && session.isWelcomed() && wanted.test(token)) {
                found.add(session.describe(token));
            }
        }
        if (end == described.size()) {
            done.complete(found);
        } else {
            puddle.afterSockets(() -> describeSlice(described, end, wanted, found, done));
        }
    }

    /** Closes a session by the operator's will. Any thread; tells whether it was here, and permitted to be closed. */
    CompletableFuture<Boolean> disconnect(int handle, Predicate<TokenState> permitted) {
        CompletableFuture<Boolean> closed = new CompletableFuture<>();
        puddle.execute(() -> {
            for (Session session : all) {
                TokenState token = session.rooms.token();
                if (session.handle == handle && token != null && session.isWelcomed() && permitted.test(token)) {
                    session.close(CloseCode.DISCONNECTED_BY_OPERATOR, null);
                    closed.complete(true);
                    return;
                }
            }
            closed.complete(false);
        });
        return closed;
    }

    // ---- ends

    /** Says goodbye to sessions that are muted, a slice at a time, so that a crowd does not hold the loop up. */
    void sayGoodbye(List<Session> muted, int from) {
        int end = Math.min(from + SLICE_GOODBYES, muted.size());
        for (Session session : muted.subList(from, end)) {
            Puddle.apart(session, session::sayGoodbye);
        }
        if (end < muted.size()) {
            puddle.afterSockets(() -> sayGoodbye(muted, end));
        }
    }

    /** Watches over the deadlines of a closing session until it is closed. */
    void watch(Departure departure) {
        departures.add(departure);
    }

    /** Drops whoever is left. */
    void reset() {
        List.copyOf(all).forEach(session -> session.ingress.reset());
    }

    // ---- deadlines

    /** Ends what is late, and looks at one in {@value Puddle#SCAN_TICKS} of the sessions; once a tick. */
    void keepTime(long nowNanos) {
        while (!handshaking.isEmpty() && !handshaking.getFirst().isHandshaking()) {
            handshaking.removeFirst();
        }
        for (Session session : handshaking) {
            if (!session.isHandshakeLate(nowNanos)) {
                break;
            }
            Puddle.apart(session, session::closeLate);
        }
        departures.removeIf(departure -> isOver(departure, nowNanos));
        int count = all.size() / Puddle.SCAN_TICKS + 1;
        for (int i = 0; i < count && !all.isEmpty(); i++) {
            scanCursor = scanCursor >= all.size() - 1 ? 0 : scanCursor + 1;
            Session session = all.get(scanCursor);
            Puddle.apart(session, () -> session.scan(nowNanos));
        }
    }

    private static boolean isOver(Departure departure, long nowNanos) {
        try {
            return departure.isOver(nowNanos);
        } catch (RuntimeException | OutOfDirectMemoryError e) {
            departure.fail(e);
            return true;
        }
    }
}
