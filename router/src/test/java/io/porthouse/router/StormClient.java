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
import java.nio.charset.StandardCharsets;
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
 * A client in a storm: connects with whatever secret its token has, notes what it gets, and comes again when it is sent away.
 * Fails as soon as it gets what it must not get, or misses what nobody told it of.
 */
final class StormClient implements Callable<Void> {

    /** How eagerly it reads. */
    enum Pace {
        EAGER(0, 0),
        /** Too slow now and then. */
        SLOW(200, 4 << 10),
        /** Does not read at all for long stretches. */
        SLEEPY(2_000, 4 << 10);

        /** One frame in so many makes it pause; 0: none. */
        private final int pauseEvery;

        private final int receiveBufferBytes;

        Pace(int pauseEvery, int receiveBufferBytes) {
            this.pauseEvery = pauseEvery;
            this.receiveBufferBytes = receiveBufferBytes;
        }
    }

    private static final int PUBLISH_EVERY = 60;
    private static final Set<CloseCode> EXPECTED = EnumSet.of(
            CloseCode.TOKEN_REVOKED,
            CloseCode.TOKEN_UNKNOWN,
            CloseCode.ACCOUNT_SUSPENDED,
            CloseCode.TOO_MANY_CONNECTIONS,
            CloseCode.SLOW_RECEIVER);
    private static final Set<ErrorCode> REFUSALS =
            EnumSet.of(ErrorCode.NOT_HELD, ErrorCode.ROOM_UNAVAILABLE, ErrorCode.MAY_NOT_WRITE, ErrorCode.TOO_LARGE);

    /** A room between GRANTED and WITHDRAWN. */
    private static final class Hold {
        private final RoomName room;
        private final int life;
        private boolean mayRead;
        private boolean mayWrite;

        /** The number that must come next, but for what a GAP tells. */
        private long next;

        /** Below it, a GAP is still owed for what was between two GRANTEDs; 0: none is. */
        private long owedFrom;

        private long passedFrom;

        private Hold(RoomName room, int life) {
            this.room = room;
            this.life = life;
        }
    }

    private final InetSocketAddress address;
    private final StormOwner.Held token;
    private final Pace pace;
    private final Random random;
    private final StormRules rules;

    private volatile boolean ends;
    private volatile boolean isQuiet;
    private volatile boolean stalls;
    private volatile @Nullable TestClient connection;

    // Guarded by this:
    private final Map<Integer, Hold> holds = new HashMap<>();
    private String secret = "";
    private boolean isWelcomed;

    // Confined to the client's thread, read when it has ended:
    final Map<CloseCode, Integer> closes = new EnumMap<>(CloseCode.class);
    int resets;
    long messages;
    long gaps;
    int connections;

    StormClient(InetSocketAddress address, StormOwner.Held token, Pace pace, Random random, StormRules rules) {
        this.address = address;
        this.token = token;
        this.pace = pace;
        this.random = random;
        this.rules = rules;
    }

    @Override
    public Void call() throws Exception {
        while (!ends) {
            String present = token.secret;
            if (present.isEmpty()) {
                pause(1);
            } else {
                converse(present);
            }
        }
        return null;
    }

    private static void pause(long millis) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private void converse(String with) throws Exception {
        try (TestClient client = new TestClient(address, pace.receiveBufferBytes)) {
            client.socket.setSoTimeout(0);
            connection = client;
            if (ends) {
                return;
            }
            synchronized (this) {
                secret = with;
            }
            client.send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + with + "','echo':true}"));
            while (take(client.receive())) {
                rest(client);
            }
        } catch (IOException e) {
            // Who does not read is sent away by a reset.
            resets += ends ? 0 : 1;
        } finally {
            forget();
        }
    }

    private void rest(TestClient client) throws IOException {
        if (pace.pauseEvery > 0 && !isQuiet && random.nextInt(pace.pauseEvery) == 0) {
            pause(pace == Pace.SLEEPY ? 500 : 20);
        }
        while (stalls && !ends) {
            pause(5);
        }
        if (!isQuiet && random.nextInt(PUBLISH_EVERY) == 0) {
            publish(client);
        }
    }

    private void publish(TestClient client) throws IOException {
        List<Integer> writable = new ArrayList<>();
        String mine;
        synchronized (this) {
            mine = secret;
            holds.forEach((handle, hold) -> {
                if (hold.mayWrite) {
                    writable.add(handle);
                }
            });
        }
        if (!writable.isEmpty()) {
            client.send(TestClient.message(writable.get(random.nextInt(writable.size())), mine));
        }
    }

    /** Returns whether the conversation goes on. */
    private synchronized boolean take(Received frame) {
        switch (frame.type()) {
            case FrameType.WELCOME -> {
                isWelcomed = true;
                connections++;
            }
            case FrameType.GRANTED -> granted(frame);
            case FrameType.WITHDRAWN -> withdrawn(frame);
            case FrameType.ENVELOPE -> message(frame);
            case FrameType.GAP -> gap(frame);
            case FrameType.ERROR -> {
                ErrorCode code = ErrorCode.of(frame.json().get("code").asInt()).orElseThrow();
                require(REFUSALS.contains(code), frame, "an ERROR that nobody provoked");
            }
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
        int life = StormRules.life(body.get("epoch").asText());
        RoomName room = RoomName.parse(body.get("room").asText(), "").orElseThrow();
        Hold hold = holds.computeIfAbsent(frame.room(), handle -> new Hold(room, life));
        require(hold.life == life && hold.room.equals(room), frame, "a handle that was another room's");
        long sequence = body.get("sequence").asLong();
        if (hold.mayRead) {
            // A span of loss may go on across this cut; its GAP comes before anything else of the room.
            require(sequence + 1 >= hold.next, frame, "a cut before what was received");
            if (sequence + 1 > hold.next && hold.owedFrom == 0) {
                hold.owedFrom = hold.next;
            }
        }
        note(hold);
        hold.mayRead = body.get("may").toString().contains("read");
        hold.mayWrite = body.get("may").toString().contains("write");
        hold.next = sequence + 1;
        hold.passedFrom = hold.next;
    }

    private void withdrawn(Received frame) {
        Hold hold = holds.remove(frame.room());
        require(hold != null, frame, "WITHDRAWN of what was not held");
        require(hold.owedFrom == 0, frame, "a loss that no GAP told");
        note(hold);
    }

    private void message(Received frame) {
        Hold hold = holds.get(frame.room());
        require(hold != null, frame, "a message outside GRANTED and WITHDRAWN");
        require(hold.mayRead, frame, "a message without the right to read");
        require(hold.owedFrom == 0, frame, "a loss that no GAP told");
        require(frame.sequence() == hold.next, frame, "number " + hold.next + " was to come");
        hold.next++;
        messages++;
    }

    private void gap(Received frame) {
        Hold hold = holds.get(frame.room());
        require(hold != null, frame, "a GAP outside GRANTED and WITHDRAWN");
        long first = frame.buffer().getLong(0);
        long last = frame.buffer().getLong(8);
        long lost = frame.buffer().getLong(16);
        require(lost == last - first + 1, frame, "a wrong number of lost messages");
        require(first == (hold.owedFrom == 0 ? hold.next : hold.owedFrom), frame, "a GAP in the wrong place");
        require(last >= first && last + 1 >= hold.next, frame, "a GAP that ends too early");
        note(hold);
        hold.owedFrom = 0;
        hold.next = last + 1;
        hold.passedFrom = hold.next;
        gaps++;
    }

    /** Notes for the judge what was received in one stretch. */
    private void note(Hold hold) {
        if (hold.mayRead && hold.next > hold.passedFrom) {
            rules.pass(new Permission(secret, hold.room, Right.READ), hold.life, hold.passedFrom, hold.next - 1);
        }
        hold.passedFrom = hold.next;
    }

    private synchronized void forget() {
        holds.values().forEach(this::note);
        holds.clear();
        isWelcomed = false;
    }

    private void require(boolean condition, Received frame, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise + ": " + frame + " of "
                    + (frame.body().length < 64 ? new String(frame.body(), StandardCharsets.UTF_8) : "") + " to "
                    + secret + ", pace " + pace);
        }
    }

    /** Has a sleepy one read nothing at all, or go on. */
    void stall(boolean isStalling) {
        stalls = isStalling && pace == Pace.SLEEPY;
    }

    /** From now on it reads all it gets, and says nothing. */
    void beQuiet() {
        isQuiet = true;
    }

    /** Returns whether it is there and has everything that it is granted, to the last message. */
    synchronized boolean isUpToDate(Router router) {
        Map<RoomName, Hold> byRoom = new HashMap<>();
        holds.values().forEach(hold -> byRoom.put(hold.room, hold));
        if (!isWelcomed
                || !secret.equals(token.secret)
                || !byRoom.keySet().equals(token.grants().keySet())) {
            return false;
        }
        for (Map.Entry<RoomName, Set<Right>> grant : token.grants().entrySet()) {
            Hold hold = byRoom.get(grant.getKey());
            RoomInfo info = router.room(grant.getKey()).orElse(null);
            boolean mayRead = grant.getValue().contains(Right.READ);
            if (info == null
                    || hold.life != StormRules.life(info.epoch())
                    || hold.mayRead != mayRead
                    || hold.mayWrite != grant.getValue().contains(Right.WRITE)
                    || (mayRead && hold.next != info.sequence() + 1)) {
                return false;
            }
        }
        return true;
    }

    synchronized String describe() {
        StringBuilder text = new StringBuilder("welcomed " + isWelcomed + " with " + secret + " of " + token.secret
                + " granted " + token.grants() + " holds");
        holds.values()
                .forEach(hold -> text.append(' ')
                        .append(hold.room)
                        .append(" life ")
                        .append(hold.life)
                        .append(" next ")
                        .append(hold.next)
                        .append(hold.mayRead ? " r" : "")
                        .append(hold.mayWrite ? " w" : ""));
        return text.toString();
    }

    /** Breaks its connection off, and ends. */
    void end() throws IOException {
        ends = true;
        TestClient client = connection;
        if (client != null) {
            client.socket.close();
        }
    }
}
