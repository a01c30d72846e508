package io.porthouse.router;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.TestClient.Received;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;

/** A room between GRANTED and WITHDRAWN, and what was received there: each message once or told by a GAP, each envelope whole. */
final class SquallHold {

    /** An envelope that is being received. */
    private static final class Download {
        private final CRC32 crc = new CRC32();
        private int next;
    }

    private record Key(int origin, int envelope) {}

    final RoomName room;
    final int life;
    boolean mayRead;
    boolean mayWrite;
    long passedFrom;

    /** The number that must come next, but for what a GAP tells. */
    private long next;

    /** Below it, a GAP is still owed for what was between two GRANTEDs; 0: none is. */
    private long owedFrom;

    private final Map<Key, Download> downloads = new HashMap<>();

    /** All that began, or was cancelled; no id is used twice. */
    private final Set<Key> seen = new HashSet<>();

    SquallHold(RoomName room, int life) {
        this.room = room;
        this.life = life;
    }

    void granted(JsonNode body) {
        long sequence = body.get("sequence").asLong();
        if (mayRead) {
            require(sequence + 1 >= next, body, "a cut before what was received");
            if (sequence + 1 > next && owedFrom == 0) {
                owedFrom = next;
            }
        }
        mayRead = body.get("may").toString().contains("read");
        mayWrite = body.get("may").toString().contains("write");
        next = sequence + 1;
        passedFrom = next;
        if (!mayRead) {
            downloads.clear();
        }
    }

    void message(Received frame) {
        require(mayRead, frame, "a message without the right to read");
        require(owedFrom == 0, frame, "a loss that no GAP told");
        require(frame.sequence() == next, frame, "number " + next + " was to come");
        next++;
    }

    void gap(Received frame) {
        long first = frame.buffer().getLong(0);
        long last = frame.buffer().getLong(8);
        require(frame.buffer().getLong(16) == last - first + 1, frame, "a wrong number of lost messages");
        require(first == (owedFrom == 0 ? next : owedFrom), frame, "a GAP in the wrong place, not at " + next);
        require(last >= first && last + 1 >= next, frame, "a GAP that ends too early");
        owedFrom = 0;
        next = last + 1;
        passedFrom = next;
    }

    /** Takes a chunk; returns whether its envelope ends by that. */
    boolean chunk(Received frame) {
        require(mayRead, frame, "a chunk without the right to read");
        Key key = new Key(frame.origin(), Chunks.envelope(frame));
        if (Chunks.isCancel(frame)) {
            // Of an envelope whose first chunk was lost, the cancel is all that comes.
            boolean isFirst = seen.add(key);
            require(downloads.remove(key) != null || isFirst, frame, "a cancel of what had ended");
            return true;
        }
        int index = Chunks.index(frame);
        if (index == 0) {
            require(seen.add(key), frame, "begun twice, or after its cancel");
            downloads.put(key, new Download());
        }
        Download download = downloads.get(key);
        require(download != null, frame, "a chunk of what was not begun, or has ended");
        require(download.next++ == index, frame, "a hole in an envelope");
        download.crc.update(Chunks.data(frame));
        if (Chunks.isLast(frame)) {
            int sent = frame.buffer().getInt(frame.body().length - Integer.BYTES);
            require(sent == (int) download.crc.getValue(), frame, "another CRC");
            downloads.remove(key);
        }
        return Chunks.isLast(frame);
    }

    /** Returns the last number that came, or what it would have been. */
    long takePassed() {
        return next - 1;
    }

    /** It is withdrawn. */
    void end(boolean receives) {
        require(!receives || owedFrom == 0, room, "a loss that no GAP told");
    }

    boolean hasAll(RoomInfo info) {
        return life == StormRules.life(info.epoch())
                && (!mayRead || (next == info.sequence() + 1 && owedFrom == 0 && downloads.isEmpty()));
    }

    private static void require(boolean condition, Object what, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise + ": " + what);
        }
    }

    @Override
    public String toString() {
        return room + " life " + life + " next " + next + " open " + downloads.size();
    }
}
