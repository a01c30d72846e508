package io.porthouse.router;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * A connection that remembers all that it sent and all that it got, in order. One thread sends; a thread of its own reads,
 * and can be held up, so that the connection is a slow one.
 */
final class RecordingClient {

    private static final long AWAIT_SECONDS = 60;

    /** How a connection ended. */
    enum End {
        OPEN,
        /** CLOSE or a half-close: what was sent before is routed, and what is owed comes. */
        GRACEFUL,
        /** Cut off: nobody knows how much of the last of it was routed. */
        ABRUPT
    }

    /** Something sent that the room's order knows. */
    sealed interface Sent {}

    /** A whole message: the id is in the body's first eight bytes. */
    @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
    record Message(long id, int handle, int flags, long correlation, byte[] body) implements Sent {}

    record Join(String room, Boolean receive, long correlation) implements Sent {}

    record Leave(int handle, long correlation) implements Sent {}

    /** One envelope: what its chunks carry behind their header, as far as they were sent. */
    static final class Upload implements Sent {
        final long id;
        final int handle;
        final int envelopeId;
        final List<byte[]> chunks = new ArrayList<>();
        long receipt;
        boolean ended;
        boolean cancelled;

        Upload(long id, int handle, int envelopeId) {
            this.id = id;
            this.handle = handle;
            this.envelopeId = envelopeId;
        }
    }

    final int number;
    final boolean echo;
    final boolean receives;
    final boolean hasDefault;
    volatile End end = End.OPEN;

    /** What was sent, by its own thread; the key of joins and leaves is their correlation. */
    final List<Sent> sent = new ArrayList<>();

    final Map<Long, Join> joins = new HashMap<>();
    final Map<Long, Leave> leaves = new HashMap<>();

    /** By handle: the last correlation with a receipt due. Leaving a room fails what is outstanding. */
    final Map<Integer, Long> owed = new HashMap<>();

    private final TestClient wire;
    private final Thread reader;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by the lock:
    private final List<Received> received = new ArrayList<>();
    private final Map<String, Integer> held = new LinkedHashMap<>();
    private final Map<String, Long> leftAt = new HashMap<>();
    private final Map<Integer, Long> receipts = new HashMap<>();
    private boolean stalled;
    private boolean ended;
    private long lastPong;
    private IOException broken;

    private long correlation = 1;
    private long messages;

    RecordingClient(InetSocketAddress router, int number, int receiveBufferBytes, String hello, boolean hasDefault)
            throws IOException {
        this.number = number;
        this.echo = hello.contains("'echo':true");
        this.receives = !hello.contains("'receive':false");
        this.hasDefault = hasDefault;
        this.wire = new TestClient(router, receiveBufferBytes);
        this.reader = new Thread(this::read, "client-" + number);
        wire.send(TestClient.json(FrameType.HELLO, 0, correlation, hello));
        reader.start();
    }

    // ---- reading

    private void read() {
        try {
            while (true) {
                awaitTurn();
                note(wire.receive());
            }
        } catch (IOException e) {
            lock.lock();
            try {
                broken = e instanceof java.io.EOFException ? null : e;
                ended = true;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void awaitTurn() {
        lock.lock();
        try {
            while (stalled) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    private void note(Received frame) {
        lock.lock();
        try {
            received.add(frame);
            if (frame.type() == FrameType.GRANTED) {
                String room = frame.json().get("room").asText();
                if (frame.sequence() > leftAt.getOrDefault(room, 0L)) {
                    held.put(room, frame.room());
                }
            } else if (frame.type() == FrameType.RECEIPT) {
                receipts.put(frame.room(), frame.sequence());
            } else if (frame.type() == FrameType.PONG) {
                lastPong = frame.sequence();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void stall(boolean stops) {
        lock.lock();
        try {
            stalled = stops;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** What can be published to now: names and handles, in the order of their grants. */
    List<Map.Entry<String, Integer>> held() {
        lock.lock();
        try {
            return held.entrySet().stream().map(Map.Entry::copyOf).toList();
        } finally {
            lock.unlock();
        }
    }

    /** All that has come; complete once {@link #awaitEnd} has returned. */
    List<Received> received() {
        lock.lock();
        try {
            return Collections.unmodifiableList(new ArrayList<>(received));
        } finally {
            lock.unlock();
        }
    }

    private void await(String what, BooleanSupplier condition) {
        lock.lock();
        try {
            long left = TimeUnit.SECONDS.toNanos(AWAIT_SECONDS);
            while (!condition.getAsBoolean()) {
                if (left <= 0 || ended) {
                    throw new AssertionError("client " + number + " waited for " + what + " in vain; the last of "
                            + received.size() + " frames: "
                            + received.subList(Math.max(0, received.size() - 5), received.size())
                            + (ended ? ", then the end: " + broken : ""));
                }
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            lock.unlock();
        }
    }

    void awaitHeld(int rooms) {
        await(rooms + " rooms", () -> held.size() >= rooms);
    }

    void awaitReceipts() {
        owed.forEach((handle, last) -> await("receipts", () -> receipts.getOrDefault(handle, 0L) >= last));
    }

    void awaitPong() throws IOException {
        long asked = ++correlation;
        wire.send(TestClient.frame(FrameType.PING, 0, 0, asked, new byte[0]));
        await("PONG", () -> lastPong == asked);
    }

    /** Joins again what is held, so that GRANTED tells where the room's order stands. */
    void rejoinAll() throws IOException {
        List<byte[]> frames = new ArrayList<>();
        held().forEach(room -> frames.add(join(room.getKey(), null)));
        send(frames);
    }

    void leaveAll() throws IOException {
        List<byte[]> frames = new ArrayList<>();
        held().forEach(room -> frames.add(leave(room.getKey(), room.getValue())));
        send(frames);
    }

    void awaitEnd() throws InterruptedException {
        reader.join(TimeUnit.SECONDS.toMillis(AWAIT_SECONDS));
        if (reader.isAlive()) {
            throw new AssertionError("client " + number + " was not closed");
        }
        wire.close();
        if (end == End.GRACEFUL && closedBy(CloseCode.SLOW_RECEIVER)) {
            end = End.ABRUPT;
        }
        if (end == End.GRACEFUL && broken != null) {
            throw new AssertionError("client " + number + " broke off", broken);
        }
    }

    /** A play may hold up a room for longer than the router allows: then its last words count for nothing. */
    private boolean closedBy(CloseCode code) {
        return received().stream()
                .filter(frame -> frame.type() == FrameType.CLOSE)
                .anyMatch(frame -> frame.json().get("code").asInt() == code.number());
    }

    // ---- sending

    void send(List<byte[]> frames) throws IOException {
        wire.send(frames.toArray(byte[][]::new));
    }

    byte[] ping() {
        return TestClient.frame(FrameType.PING, 0, 0, ++correlation, new byte[0]);
    }

    byte[] join(String room, Boolean receive) {
        Join join = new Join(room, receive, ++correlation);
        joins.put(correlation, join);
        sent.add(join);
        String wish = receive == null ? "" : ",'receive':" + receive;
        return TestClient.json(FrameType.JOIN, 0, correlation, "{'room':'" + room + "'" + wish + "}");
    }

    byte[] leave(String room, int handle) {
        Leave leave = new Leave(handle, ++correlation);
        leaves.put(correlation, leave);
        sent.add(leave);
        owed.remove(handle);
        lock.lock();
        try {
            held.remove(room);
            leftAt.put(room, correlation);
        } finally {
            lock.unlock();
        }
        return TestClient.frame(FrameType.LEAVE, 0, handle, correlation, new byte[0]);
    }

    /** @param room what the header says: the handle, or 0 where that is the default room */
    byte[] message(Random random, int handle, int room, int bodyBytes) {
        long id = ((long) number << 32) | ++messages;
        byte[] body = body(random, id, bodyBytes);
        int flags = (random.nextInt(8) == 0 ? Flags.RECEIPT : 0) | (random.nextBoolean() ? Flags.TEXT : 0);
        boolean correlated = (flags & Flags.RECEIPT) != 0 || random.nextInt(8) == 0;
        long own = correlated ? ++correlation : 0;
        flag(handle, flags, own);
        sent.add(new Message(id, handle, flags, own, body));
        return TestClient.frame(FrameType.ENVELOPE, flags, room, own, body);
    }

    private void flag(int handle, int flags, long own) {
        if ((flags & Flags.RECEIPT) != 0) {
            owed.put(handle, own);
        }
    }

    private static byte[] body(Random random, long id, int bytes) {
        byte[] body = new byte[Math.max(Long.BYTES, bytes)];
        random.nextBytes(body);
        ByteBuffer.wrap(body).putLong(id);
        return body;
    }

    Upload begin(int handle, int envelopeId) {
        Upload upload = new Upload(((long) number << 32) | ++messages, handle, envelopeId);
        sent.add(upload);
        return upload;
    }

    /** The next chunk of an envelope: chunk 0 carries the envelope's own number, the last one possibly asks for a receipt. */
    byte[] chunk(Random random, Upload upload, int dataBytes, boolean last) {
        int index = upload.chunks.size();
        byte[] data = body(random, upload.id, dataBytes);
        byte[] rest = index > 0
                ? data
                : ByteBuffer.allocate(10 + data.length)
                        .putLong(-1)
                        .putShort((short) 0)
                        .put(data)
                        .array();
        upload.chunks.add(rest);
        upload.ended = last;
        int flags = last ? Flags.LAST | (random.nextBoolean() ? Flags.RECEIPT : 0) : 0;
        long own = (flags & Flags.RECEIPT) == 0 ? 0 : ++correlation;
        upload.receipt = own;
        flag(upload.handle, flags, own);
        return TestClient.chunk(flags, upload.handle, own, upload.envelopeId, index, rest);
    }

    byte[] cancel(Upload upload) {
        upload.ended = true;
        upload.cancelled = true;
        return TestClient.chunk(Flags.LAST, upload.handle, 0, upload.envelopeId, -1, new byte[0]);
    }

    /** Says goodbye, by CLOSE or a half-close; {@link #awaitEnd} waits for the rest. */
    void finish(boolean byClose) throws IOException {
        end = End.GRACEFUL;
        stall(false);
        if (byClose) {
            wire.send(TestClient.json(FrameType.CLOSE, 0, 0, "{'code':1000,'reason':'done'}"));
        }
        wire.shutOutput();
    }

    void breakOff() {
        end = End.ABRUPT;
        wire.close();
        stall(false);
    }
}
