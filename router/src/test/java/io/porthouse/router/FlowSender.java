package io.porthouse.router;

import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What one connection of a play publishes, until the witness has been told of it. */
final class FlowSender {

    private static final int LARGEST_BODY = 40_000;
    private static final int MOST_OPEN = 4;
    private static final int MOST_MESSAGES = 5;
    private static final int OFTEN_USED = 3;

    /** Bodies are stretches of it, so that each has a content of its own. */
    private static final byte[] NOISE = new byte[1 << 20];

    static {
        new Random(1).nextBytes(NOISE);
    }

    /** A frame that is on its way to a room. */
    static final class Sent {
        final FlowRoom room;

        /** Null: it is a message. */
        final @Nullable FlowEnvelope envelope;

        /** Empty: it is a cancel. */
        final byte[] body;

        Sent(FlowRoom room, @Nullable FlowEnvelope envelope, byte[] body) {
            this.room = room;
            this.envelope = envelope;
            this.body = body;
        }

        Traffic traffic() {
            return envelope == null ? Traffic.MESSAGES : Traffic.CHUNKS;
        }

        boolean isCancel() {
            return envelope != null && body.length == 0;
        }

        @Override
        public String toString() {
            return envelope == null ? "a message in " + room : "a chunk of " + envelope;
        }
    }

    private final ManualPeer peer;
    private final Random random;
    private final FlowTally tally;

    /** What it sent and the witness has not been told: the router has not heard it. */
    private final Deque<Sent> unheard = new ArrayDeque<>();

    /** What it has open, by room and envelope id. */
    private final Map<FlowRoom, Map<Integer, FlowEnvelope>> uploads = new LinkedHashMap<>();

    private int lastEnvelope = OFTEN_USED;

    FlowSender(ManualPeer peer, Random random, FlowTally tally) {
        this.peer = peer;
        this.random = random;
        this.tally = tally;
    }

    int handle() {
        return peer.session.handle;
    }

    /** Whether the router takes what it sends. */
    boolean isAlive() {
        return peer.isOpen() && peer.session.isAlive();
    }

    // ---- sending

    void publish(FlowRoom room) {
        byte[][] batch = new byte[1 + random.nextInt(MOST_MESSAGES)][];
        for (int i = 0; i < batch.length; i++) {
            byte[] body = drawBody();
            unheard.add(new Sent(room, null, body));
            batch[i] = TestClient.frame(FrameType.ENVELOPE, 0, room.handle, 0, body);
        }
        tally.messages += batch.length;
        peer.send(TestClient.concat(batch));
    }

    private byte[] drawBody() {
        int bytes = random.nextInt(LARGEST_BODY);
        int from = random.nextInt(NOISE.length - bytes);
        return Arrays.copyOfRange(NOISE, from, from + bytes);
    }

    /** Returns a room in which it has something open, if there is one; else this one. */
    FlowRoom roomToGoOnIn(FlowRoom other) {
        return uploads.entrySet().stream()
                .filter(room -> !room.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(other);
    }

    void sendChunk(FlowRoom room) {
        Map<Integer, FlowEnvelope> open = uploads.computeIfAbsent(room, it -> new LinkedHashMap<>());
        if (open.isEmpty() || (open.size() < MOST_OPEN && random.nextInt(4) == 0)) {
            FlowEnvelope begun = new FlowEnvelope(this, room, drawEnvelope());
            open.put(begun.id, begun);
            send(begun, false);
            return;
        }
        FlowEnvelope envelope = open.values().iterator().next();
        int choice = random.nextInt(10);
        if (choice < 3) {
            open.remove(envelope.id);
        }
        if (choice == 0) {
            unheard.add(new Sent(room, envelope, new byte[0]));
            peer.send(Chunks.cancel(room.handle, envelope.id));
        } else {
            send(envelope, choice < 3);
        }
    }

    private void send(FlowEnvelope envelope, boolean isLast) {
        byte[] data = drawBody();
        envelope.crc.update(data);
        int index = envelope.chunksSent++;
        int room = envelope.room.handle;
        byte[] frame;
        if (isLast) {
            frame = Chunks.last(room, envelope.id, index, 0, data, (int) envelope.crc.getValue());
            tally.envelopes++;
        } else {
            frame = index == 0 ? Chunks.first(room, envelope.id, data) : Chunks.next(room, envelope.id, index, data);
        }
        unheard.add(new Sent(envelope.room, envelope, Arrays.copyOfRange(frame, Frame.HEADER_BYTES, frame.length)));
        peer.send(frame);
    }

    /** A new id, or one that is used again and again: some of its last use may still be queued. */
    private int drawEnvelope() {
        int often = 1 + random.nextInt(OFTEN_USED);
        boolean isOpen = uploads.values().stream().anyMatch(open -> open.containsKey(often));
        return isOpen || random.nextBoolean() ? ++lastEnvelope : often;
    }

    /** The witness was told a message: returns what it sent into this room first of all that is unheard. */
    Sent hearMessage(FlowRoom room) {
        return hear("a message in " + room, sent -> sent.room.equals(room) && sent.envelope == null);
    }

    /** The witness was told a chunk: returns what it sent of this envelope first of all that is unheard. */
    Sent hearChunk(FlowRoom room, int id) {
        return hear(
                "a chunk of " + id + " in " + room,
                sent -> sent.room.equals(room) && sent.envelope != null && sent.envelope.id == id);
    }

    private Sent hear(String what, Predicate<Sent> is) {
        Sent first = unheard.stream()
                .filter(is)
                .findFirst()
                .orElseThrow(() -> new AssertionError(what + " that nobody sent"));
        unheard.remove(first);
        return first;
    }

    /** The witness was told a cancel: returns whether that is what it sent next of this envelope. */
    boolean hearCancel(FlowEnvelope envelope) {
        Sent next = unheard.stream()
                .filter(sent -> envelope.equals(sent.envelope))
                .findFirst()
                .orElse(null);
        return next != null && next.isCancel() && unheard.remove(next);
    }

    /** Returns what the router is to hear next; null if it has heard all. */
    @Nullable
    Sent firstUnheard() {
        return unheard.peek();
    }

    // ---- what it can't go on with

    /** It leaves the room, or may not write there any more. */
    void giveUp(FlowRoom room) {
        Map<Integer, FlowEnvelope> open = uploads.remove(room);
        if (open != null) {
            open.values().forEach(envelope -> envelope.isGivenUp = true);
        }
    }

    void giveUpAll() {
        List.copyOf(uploads.keySet()).forEach(this::giveUp);
    }

    /** The room is gone; returns whether anything was on its way there, which is refused then. */
    boolean forget(FlowRoom room) {
        giveUp(room);
        return unheard.removeIf(sent -> sent.room.equals(room));
    }
}
