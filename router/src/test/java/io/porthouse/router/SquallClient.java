package io.porthouse.router;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.StormRules.Permission;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A client in a squall: joins, leaves and publishes in rounds, each of which ends when the router has answered a PING; comes
 * again when it is sent away. Fails as soon as it gets what it must not get.
 */
final class SquallClient implements Callable<Void> {

    private static final Set<CloseCode> EXPECTED = EnumSet.of(
            CloseCode.TOKEN_REVOKED, CloseCode.TOKEN_UNKNOWN, CloseCode.SLOW_RECEIVER, CloseCode.TOO_MANY_CONNECTIONS);
    private static final Set<ErrorCode> REFUSALS = EnumSet.of(
            ErrorCode.NOT_HELD,
            ErrorCode.ROOM_UNAVAILABLE,
            ErrorCode.MAY_NOT_WRITE,
            ErrorCode.TOO_LARGE,
            ErrorCode.TOO_MANY_ROOMS,
            ErrorCode.ENVELOPE_NOT_OPEN);

    private static final String FILLING = " ".repeat(700);

    /**
     * What a client does.
     *
     * @param receives false: it says so in HELLO, or is a backpipe
     * @param publishes messages and envelopes into every room that it may write to
     * @param leaves rooms now and then, and all of them in the end
     * @param isSlow reads little at a time, and pauses
     * @param isWitness notes who published what
     */
    record Part(
            String secret,
            List<RoomName> rooms,
            boolean receives,
            boolean publishes,
            boolean leaves,
            boolean isSlow,
            boolean isWitness) {}

    private final InetSocketAddress address;
    private final Part part;
    private final Random random;
    private final StormRules rules;

    private volatile boolean isQuiet;
    private volatile boolean ends;

    // Guarded by this:
    private final Map<Integer, SquallHold> holds = new HashMap<>();

    // Confined to the thread, read when it has ended:
    final Map<ErrorCode, Integer> errors = new EnumMap<>(ErrorCode.class);
    final Map<CloseCode, Integer> closes = new EnumMap<>(CloseCode.class);
    int granted;
    int withdrawn;
    int receipts;
    long messages;
    long gaps;
    int whole;
    int cancelled;

    private final Map<Long, RoomName> asked = new HashMap<>();
    private long correlation;
    private int lastEnvelope;
    private @Nullable SquallUploads uploads;

    SquallClient(InetSocketAddress address, Part part, Random random, StormRules rules) {
        this.address = address;
        this.part = part;
        this.random = random;
        this.rules = rules;
    }

    @Override
    public Void call() throws Exception {
        while (!ends) {
            try (TestClient client = new TestClient(address, part.isSlow ? 4 << 10 : 0)) {
                correlation = 1;
                client.send(TestClient.json(
                        FrameType.HELLO,
                        0,
                        correlation,
                        "{'version':1,'token':'" + part.secret + "','rooms':[],'echo':true,'receive':" + part.receives
                                + "}"));
                uploads = new SquallUploads(random, lastEnvelope);
                boolean goesOn = take(client.receive());
                while (goesOn && !ends) {
                    goesOn = round(client);
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(isQuiet ? 5 : 1));
                }
            } catch (IOException e) {
                // Who does not read is sent away by a reset.
                require(part.isSlow || part.publishes, null, "cut off: " + e);
            } finally {
                forget();
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
        }
        return null;
    }

    /** Returns whether the conversation goes on. */
    private boolean round(TestClient client) throws IOException {
        List<byte[]> frames = new ArrayList<>();
        synchronized (this) {
            for (RoomName room : part.rooms) {
                boolean isWanted = isQuiet ? !part.leaves : random.nextInt(3) == 0;
                if (isWanted && !isHeld(room) && !asked.containsValue(room)) {
                    asked.put(++correlation, room);
                    String lasts = random.nextBoolean() ? ",'transient':'peer'" : "";
                    frames.add(TestClient.json(FrameType.JOIN, 0, correlation, "{'room':'" + room + "'" + lasts + "}"));
                }
            }
            holds.forEach((handle, hold) -> {
                if (part.leaves && (isQuiet || random.nextInt(12) == 0)) {
                    frames.add(TestClient.frame(FrameType.LEAVE, 0, handle, ++correlation, new byte[0]));
                } else if (part.publishes && hold.mayWrite) {
                    publish(handle, frames);
                }
            });
        }
        frames.add(TestClient.ping(++correlation));
        client.send(frames.toArray(byte[][]::new));
        Received frame = client.receive();
        while (frame.type() != FrameType.PONG) {
            if (!take(frame)) {
                return false;
            }
            if (part.isSlow && !isQuiet && random.nextInt(200) == 0) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(30));
            }
            frame = client.receive();
        }
        return true;
    }

    private boolean isHeld(RoomName room) {
        return holds.values().stream().anyMatch(hold -> hold.room.equals(room));
    }

    private void publish(int handle, List<byte[]> frames) {
        SquallUploads mine = uploads;
        if (mine == null) {
            return;
        }
        if (isQuiet) {
            mine.cancelAll(handle, frames);
            return;
        }
        for (int i = random.nextInt(20); i > 0; i--) {
            frames.add(TestClient.message(handle, part.secret + FILLING));
        }
        correlation = mine.goOn(handle, frames, correlation);
        lastEnvelope = mine.lastEnvelope();
    }

    private synchronized boolean take(Received frame) {
        switch (frame.type()) {
            case FrameType.WELCOME, FrameType.FLOW -> {}
            case FrameType.GRANTED -> granted(frame);
            case FrameType.WITHDRAWN -> withdrawn(frame);
            case FrameType.ENVELOPE -> envelope(frame);
            case FrameType.GAP -> {
                require(part.receives, frame, "a GAP for who receives nothing");
                note(hold(frame));
                hold(frame).gap(frame);
                gaps++;
            }
            case FrameType.RECEIPT -> receipts++;
            case FrameType.ERROR -> refused(frame);
            case FrameType.CLOSE -> {
                CloseCode code = CloseCode.of(frame.json().get("code").asInt()).orElseThrow();
                require(EXPECTED.contains(code), frame, "a CLOSE that nobody wanted");
                closes.merge(code, 1, Integer::sum);
                return false;
            }
            default -> require(false, frame, "a frame that has no place here");
        }
        return true;
    }

    private void granted(Received frame) {
        JsonNode body = frame.json();
        RoomName name = RoomName.parse(body.get("room").asText(), "").orElseThrow();
        int life = StormRules.life(body.get("epoch").asText());
        asked.remove(frame.sequence());
        SquallHold hold = holds.computeIfAbsent(frame.room(), handle -> new SquallHold(name, life));
        require(hold.life == life && hold.room.equals(name), frame, "a handle that was another room's");
        note(hold);
        hold.granted(body);
        granted++;
    }

    private void withdrawn(Received frame) {
        SquallHold hold = holds.remove(frame.room());
        require(hold != null, frame, "WITHDRAWN of what was not held");
        note(hold);
        hold.end(part.receives);
        withdrawn++;
        if (uploads != null) {
            uploads.forget(frame.room());
        }
    }

    private void envelope(Received frame) {
        require(part.receives, frame, "a message or chunk for who receives nothing");
        SquallHold hold = hold(frame);
        if (!Chunks.isChunk(frame)) {
            hold.message(frame);
            messages++;
            if (part.isWitness) {
                Permission said = new Permission(frame.text().strip(), hold.room, Right.WRITE);
                rules.pass(said, hold.life, frame.sequence(), frame.sequence());
            }
        } else if (hold.chunk(frame)) {
            if (Chunks.isCancel(frame)) {
                cancelled++;
            } else {
                whole++;
            }
        }
    }

    private SquallHold hold(Received frame) {
        SquallHold hold = holds.get(frame.room());
        require(hold != null, frame, "something outside GRANTED and WITHDRAWN");
        return hold;
    }

    private void refused(Received frame) {
        JsonNode body = frame.json();
        ErrorCode code = ErrorCode.of(body.get("code").asInt()).orElseThrow();
        require(REFUSALS.contains(code), frame, "an ERROR that nobody provoked");
        errors.merge(code, 1, Integer::sum);
        asked.remove(frame.sequence());
        if (body.has("envelope") && uploads != null) {
            uploads.refused(body.get("envelope").asInt());
        }
    }

    /** Notes for the judge what was received in one stretch. */
    private void note(SquallHold hold) {
        long upTo = hold.takePassed();
        if (part.receives && hold.mayRead && upTo >= hold.passedFrom) {
            rules.pass(new Permission(part.secret, hold.room, Right.READ), hold.life, hold.passedFrom, upTo);
        }
        hold.passedFrom = upTo + 1;
    }

    private synchronized void forget() {
        holds.values().forEach(this::note);
        holds.clear();
        asked.clear();
    }

    private void require(boolean condition, @Nullable Received frame, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise + ": " + frame + " to " + part);
        }
    }

    /** From now on it says nothing, is in all of its rooms, or in none if it is one that leaves. */
    void beQuiet() {
        isQuiet = true;
    }

    void end() {
        ends = true;
    }

    /** Returns whether it is where it is to be in the end, and has everything. */
    synchronized boolean isSettled(Router router) {
        if (part.leaves) {
            return holds.isEmpty() && asked.isEmpty();
        }
        return part.rooms.stream().allMatch(this::isHeld)
                && holds.values().stream().allMatch(hold -> {
                    RoomInfo info = router.room(hold.room).orElse(null);
                    return info != null && (!part.receives || hold.hasAll(info));
                });
    }

    synchronized String describe() {
        return part + " holds " + holds + " asked for " + asked;
    }
}
