package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.router.TestClient.Received;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * One play of connections, rooms and rules drawn at random. After each step a witness, who is in all rooms and takes all
 * that it is sent, tells what was published during it; then each {@link FlowActor} is judged by that.
 */
final class FlowPlay {

    private static final int ACTORS = 6;

    /** The one whose right to write comes and goes. */
    private static final int CHANGING = ACTORS - 1;

    private static final String CHANGING_SECRET = "changing-token-0123456789";
    private static final int MOST_TICKS = 10;

    /** As many as each may take until it is found to hold up a room, one after the other. */
    private static final int ENOUGH_SECONDS = 15 * ACTORS;

    private static final List<String> ROOMS = List.of("x", "y", "z");

    /** Not evenly: who is disconnected tells nothing more. */
    private static final List<Overflow> OVERFLOWS =
            List.of(Overflow.WAIT, Overflow.WAIT, Overflow.DROP, Overflow.DROP, Overflow.DISCONNECT);

    private final Random random;
    private final FlowTally tally;
    private final ManualRouter router;
    private final ManualPeer witness;

    private final Map<String, RoomRules> rules = new HashMap<>();

    /** The present life of each. */
    private final Map<String, FlowRoom> rooms = new LinkedHashMap<>();

    private final Map<Integer, FlowRoom> byHandle = new HashMap<>();
    private final Map<Integer, FlowSender> senders = new HashMap<>();
    private final List<FlowActor> actors = new ArrayList<>();
    private boolean changingMayWrite = true;
    private long nowMillis;

    FlowPlay(Random random, FlowTally tally) {
        this.random = random;
        this.tally = tally;
        ROOMS.forEach(room -> rules.put(room, drawRules()));
        RouterSettings settings = new TestSettings()
                .outboxBytes(64L << (10 + random.nextInt(5)))
                .inboxBytes(random.nextInt(3) == 0 ? 64 << 10 : 16 << 20)
                .heartbeat(Duration.ofHours(1))
                .build();
        this.router = new ManualRouter(settings, name -> rules.get(name.name()));
        grantChanging();
        this.witness = router.dial(0);
        witness.send(hello(RouterHarness.SECRET));
        listen();
    }

    private static byte[] hello(String secret) {
        return TestClient.json(
                FrameType.HELLO, 0, 1, "{'version':1,'token':'" + secret + "','rooms':['x','y','z'],'echo':true}");
    }

    private RoomRules drawRules() {
        Overflow overflow = OVERFLOWS.get(random.nextInt(OVERFLOWS.size()));
        Overflow forEnvelopes = OVERFLOWS.get(random.nextInt(OVERFLOWS.size()));
        return TestRules.with(changed -> {
            changed.overflow = overflow;
            changed.envelopeOverflow = forEnvelopes;
        });
    }

    void play(int steps) {
        try {
            for (int i = 0; i < ACTORS; i++) {
                int at = i;
                step(() -> actors.add(connect(at)));
            }
            for (int i = 0; i < steps; i++) {
                step(this::move);
            }
            settle();
        } finally {
            router.close();
        }
    }

    private FlowActor connect(int at) {
        ManualPeer peer = router.dial(at % 2);
        boolean isChanging = at == CHANGING;
        FlowActor actor = new FlowActor(peer, !isChanging || changingMayWrite, random, tally);
        senders.put(peer.session.handle, actor.sender);
        rooms.values().forEach(actor::join);
        peer.send(hello(isChanging ? CHANGING_SECRET : RouterHarness.SECRET));
        return actor;
    }

    // ---- a step

    private void step(Runnable move) {
        actors.forEach(actor -> actor.beginStep(nowMillis));
        move.run();
        listen();
        actors.forEach(actor -> actor.endStep(nowMillis));
    }

    /** Has the witness tell what was published, and which rooms began. */
    private void listen() {
        for (Received frame : witness.take()) {
            switch (frame.type()) {
                case FrameType.GRANTED -> begin(frame);
                case FrameType.ENVELOPE -> byHandle.get(frame.room()).publish(frame, senders.get(frame.origin()));
                case FrameType.WITHDRAWN ->
                    assertThat(byHandle.get(frame.room()).isDeleted).isTrue();
                default -> assertThat(frame.type()).as("%s", frame).isEqualTo(FrameType.WELCOME);
            }
        }
        for (FlowRoom room : rooms.values()) {
            assertThat(router.node.rooms.find(room.roomName()).info().sequence())
                    .as("messages of %s", room)
                    .isEqualTo(room.messages.size());
        }
    }

    private void begin(Received granted) {
        String account = RouterHarness.ACCOUNT + "/";
        String name = granted.json().get("room").asText().substring(account.length());
        FlowRoom room = new FlowRoom(name, granted.room(), rules.get(name));
        rooms.put(name, room);
        byHandle.put(room.handle, room);
    }

    private void move() {
        int at = random.nextInt(ACTORS);
        FlowActor actor = actors.get(at);
        if (!actor.peer.isOpen()) {
            actors.set(at, connect(at));
            return;
        }
        FlowRoom room = rooms.get(ROOMS.get(random.nextInt(ROOMS.size())));
        int choice = random.nextInt(100);
        if (choice < 35) {
            if (actor.mayPublish(room)) {
                actor.sender.publish(room);
            }
        } else if (choice < 65) {
            FlowRoom where = random.nextInt(3) == 0 ? room : actor.sender.roomToGoOnIn(room);
            if (actor.mayPublish(where)) {
                actor.sender.sendChunk(where);
            }
        } else if (choice < 70) {
            changeRules(room);
        } else if (choice < 75) {
            pass(1 + random.nextInt(MOST_TICKS));
        } else if (choice < 82) {
            actor.peer.stall(random.nextBoolean());
        } else if (choice < 94) {
            actor.peer.takeSome(1 + random.nextInt(4));
        } else if (choice < 96) {
            if (actor.isHeard()) {
                actor.comeOrGo(room, random.nextBoolean());
            }
        } else if (choice < 97) {
            changeRight();
        } else if (choice < 98) {
            delete(room);
        } else if (choice < 99) {
            actor.endInput();
        } else {
            actor.breakOff();
        }
    }

    private void pass(int ticks) {
        router.pass(ticks * Puddle.TICK_MILLIS);
        nowMillis += ticks * Puddle.TICK_MILLIS;
    }

    /** Nobody waits for ever, and when all take what there is, each has been told of everything. */
    private void settle() {
        if (random.nextBoolean()) {
            for (int i = 0; i < ENOUGH_SECONDS && actors.stream().anyMatch(FlowActor::isWaiting); i++) {
                step(() -> pass(MOST_TICKS));
            }
            assertThat(actors).as("who waits for ever").noneMatch(FlowActor::isWaiting);
        }
        for (FlowActor actor : actors) {
            step(() -> actor.peer.stall(false));
        }
        actors.forEach(FlowActor::assertComplete);
    }

    // ---- the owner

    private void changeRules(FlowRoom room) {
        room.setRules(putRules(room));
        refresh(room);
    }

    private RoomRules putRules(FlowRoom room) {
        RoomRules drawn = drawRules();
        rules.put(room.name, drawn);
        router.tokens.putRoom(room.roomName(), drawn);
        return drawn;
    }

    private void refresh(FlowRoom room) {
        CompletionStage<Refreshed> unused = router.node.rooms.refresh(List.of(room.roomName()));
        router.run();
    }

    /** Ends the room, and brings it back; the witness is there again before anybody else. */
    private void delete(FlowRoom room) {
        tally.deletedRooms++;
        room.isDeleted = true;
        actors.forEach(actor -> actor.forget(room));
        router.tokens.deleteRoom(room.roomName());
        refresh(room);
        putRules(room);
        witness.send(TestClient.json(FrameType.JOIN, 0, 0, "{'room':'" + room.name + "'}"));
    }

    private void changeRight() {
        FlowActor changing = actors.get(CHANGING);
        if (changing.isHeard()) {
            changingMayWrite = !changingMayWrite;
            changing.setMayWrite(changingMayWrite);
            grantChanging();
            CompletionStage<Refreshed> unused = router.node.tokens.refreshTokens(Set.of("changing"));
            router.run();
        }
    }

    private void grantChanging() {
        Set<Right> may = changingMayWrite ? RouterHarness.READ_WRITE : Set.of(Right.READ);
        router.tokens.put(
                MemoryTokenSource.secretHash(CHANGING_SECRET),
                new TokenState(
                        "changing",
                        RouterHarness.ACCOUNT,
                        List.of(new Grant(RouterHarness.ACCOUNT, "", true, may, false)),
                        1000,
                        null,
                        false));
    }
}
