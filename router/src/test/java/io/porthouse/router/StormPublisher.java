package io.porthouse.router;

import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.StormRules.Permission;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Publishes into each room of an account, by a token that nobody touches, and sees all that is published there: who said what
 * behind which number.
 */
final class StormPublisher implements Callable<Void>, AutoCloseable {

    private static final byte[] FILLING = "x".repeat(1_000).getBytes(StandardCharsets.UTF_8);
    private static final int BURST = 24;

    private final TestClient client;
    private final StormOwner owner;
    private final StormRules rules;
    private final Map<Integer, RoomName> held = new HashMap<>();
    private final Map<Integer, Integer> lives = new HashMap<>();
    private final Set<RoomName> asked = new HashSet<>();
    private long correlation = 1;
    private volatile boolean ends;

    /** How often it has spoken. */
    final AtomicInteger rounds = new AtomicInteger();

    long messages;

    StormPublisher(TestClient client, String secret, StormOwner owner, StormRules rules) throws IOException {
        this.client = client;
        this.owner = owner;
        this.rules = rules;
        client.hello("{'version':1,'token':'" + secret + "','echo':true,'rooms':[]}");
    }

    @Override
    public Void call() throws Exception {
        while (!ends) {
            round();
            int unused = rounds.incrementAndGet();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        return null;
    }

    /** Asks for what it does not hold, says something in each room that it holds, and takes what there is. */
    void round() throws IOException {
        List<byte[]> frames = new ArrayList<>();
        for (RoomName room : owner.rooms) {
            if (!held.containsValue(room) && asked.add(room)) {
                frames.add(TestClient.json(FrameType.JOIN, 0, ++correlation, "{'room':'" + room + "'}"));
            }
        }
        for (int handle : held.keySet()) {
            for (int i = 0; i < BURST; i++) {
                frames.add(TestClient.frame(FrameType.ENVELOPE, 0, handle, 0, FILLING));
            }
        }
        frames.add(TestClient.ping(++correlation));
        client.send(frames.toArray(byte[][]::new));
        Received frame = client.receive();
        while (frame.type() != FrameType.PONG) {
            take(frame);
            frame = client.receive();
        }
    }

    boolean holdsAll() {
        return held.values().containsAll(owner.rooms);
    }

    private void take(Received frame) {
        switch (frame.type()) {
            case FrameType.GRANTED -> {
                RoomName room =
                        RoomName.parse(frame.json().get("room").asText(), "").orElseThrow();
                held.put(frame.room(), room);
                lives.put(
                        frame.room(), StormRules.life(frame.json().get("epoch").asText()));
                asked.remove(room);
            }
            case FrameType.WITHDRAWN -> held.remove(frame.room());
            case FrameType.ERROR -> {
                if (frame.json().has("room")) {
                    asked.remove(RoomName.parse(frame.json().get("room").asText(), "")
                            .orElseThrow());
                }
            }
            case FrameType.ENVELOPE -> {
                messages++;
                if (frame.origin() != client.origin()) {
                    Permission said = new Permission(frame.text(), held.get(frame.room()), Right.WRITE);
                    rules.pass(said, lives.get(frame.room()), frame.sequence(), frame.sequence());
                }
            }
            default -> throw new AssertionError(frame.toString());
        }
    }

    void end() {
        ends = true;
    }

    @Override
    public void close() {
        client.close();
    }
}
