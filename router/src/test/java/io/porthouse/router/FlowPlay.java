package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.TestClient.Received;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** One play of members, rooms and rules drawn at random, and the oracle of what each member may have received. */
final class FlowPlay {

    private static final int PEERS = 6;
    private static final int LARGEST_BODY = 40_000;
    private static final int OFTEN_USED = 3;
    private static final List<String> ROOMS = List.of("x", "y", "z");

    /** Not evenly: who is disconnected tells nothing more. */
    private static final List<Overflow> OVERFLOWS =
            List.of(Overflow.WAIT, Overflow.WAIT, Overflow.DROP, Overflow.DROP, Overflow.DISCONNECT);

    private static final class Actor {
        final ManualPeer peer;

        /** By handle. */
        final Map<Integer, View> views = new HashMap<>();

        final Set<Integer> known = new HashSet<>();

        /** What it has open, by room and envelope id: how many chunks it has sent. */
        final Map<String, Map<Integer, Integer>> uploads = new HashMap<>();

        /** How many cancels of each envelope id it was told, but for rooms that cancel by themselves. */
        final Map<Long, Integer> told = new HashMap<>();

        boolean closed;

        Actor(ManualPeer peer) {
            this.peer = peer;
            ROOMS.forEach(room -> uploads.put(room, new LinkedHashMap<>()));
        }

        boolean isSender(int origin) {
            return peer.isOpen() && peer.session.isAlive() && peer.session.handle == origin;
        }
    }

    /** Where a member stands in one room. */
    private static final class View {
        long next;
        boolean isPaused;

        /** LEAVE is on its way. */
        boolean isLeaving;

        /** It was a member before. */
        final boolean isAgain;

        View(long next, boolean isAgain) {
            this.next = next;
            this.isAgain = isAgain;
        }

        /** By sender and envelope id: the chunk that must come next. */
        final Map<Long, Integer> open = new HashMap<>();
    }

    private final Random random;
    private final ManualRouter router;
    private final Map<String, Integer> handles = new HashMap<>();

    /** Rooms that have had another rule than {@code wait}. */
    private final Set<String> losing = new HashSet<>();

    private final Set<String> cancelling = new HashSet<>();

    /** How often each envelope id was given up by its sender, in whatever way. */
    private final Map<Long, Integer> givenUp = new HashMap<>();

    private final List<Actor> actors = new ArrayList<>();
    private int lastEnvelope = OFTEN_USED;
    int messages;
    int gaps;
    int cancels;
    int pauses;

    FlowPlay(Random random) {
        this.random = random;
        Map<String, RoomRules> atFirst = new HashMap<>();
        ROOMS.forEach(room -> atFirst.put(room, drawRules(room)));
        RouterSettings settings = new TestSettings()
                .outboxBytes(64L << (10 + random.nextInt(5)))
                .inboxBytes(random.nextInt(3) == 0 ? 64 << 10 : 16 << 20)
                .build();
        this.router = new ManualRouter(settings, name -> atFirst.get(name.name()));
    }

    private RoomRules drawRules(String room) {
        Overflow overflow = OVERFLOWS.get(random.nextInt(OVERFLOWS.size()));
        Overflow forEnvelopes = OVERFLOWS.get(random.nextInt(OVERFLOWS.size()));
        RoomRules drawn = TestRules.with(changed -> {
            changed.overflow = overflow;
            changed.envelopeOverflow = forEnvelopes;
        });
        if (overflow != Overflow.WAIT) {
            losing.add(room);
        }
        if (forEnvelopes != Overflow.WAIT) {
            cancelling.add(room);
        }
        return drawn;
    }

    void play(int steps) {
        try {
            for (int i = 0; i < PEERS; i++) {
                actors.add(connect(i));
            }
            for (int step = 0; step < steps; step++) {
                step();
                actors.forEach(this::judge);
            }
            settle();
        } finally {
            router.close();
        }
    }

    private Actor connect(int at) {
        ManualPeer peer = router.dial(at % 2);
        Actor actor = new Actor(peer);
        peer.send(TestClient.json(
                FrameType.HELLO,
                0,
                1,
                "{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['x','y','z'],'echo':true}"));
        judge(actor);
        return actor;
    }

    private void step() {
        int at = random.nextInt(PEERS);
        Actor actor = actors.get(at);
        if (!actor.peer.isOpen()) {
            forget(actor);
            actors.set(at, connect(at));
            return;
        }
        String room = ROOMS.get(random.nextInt(ROOMS.size()));
        // The first one takes all and stays, so that each room has one life.
        boolean isWitness = at == 0;
        int choice = random.nextInt(100);
        if (choice < 35) {
            publish(actor, room);
        } else if (choice < 65) {
            sendChunk(actor, room);
        } else if (choice < 70) {
            RoomName name = new RoomName(RouterHarness.ACCOUNT, room);
            router.tokens.putRoom(name, drawRules(room));
            CompletionStage<Refreshed> unused = router.node.rooms.refresh(List.of(name));
            router.run();
        } else if (choice < 75 || isWitness) {
            router.pass(Puddle.TICK_MILLIS);
        } else if (choice < 82) {
            actor.peer.stall(random.nextBoolean());
        } else if (choice < 96) {
            actor.peer.takeSome(1 + random.nextInt(4));
        } else if (choice < 98) {
            comeAgain(actor, room);
        } else {
            forget(actor);
            actor.peer.breakOff();
        }
    }

    // ---- sending

    private void publish(Actor actor, String room) {
        byte[] message =
                TestClient.frame(FrameType.ENVELOPE, 0, handles.get(room), 0, new byte[random.nextInt(LARGEST_BODY)]);
        byte[][] batch = new byte[1 + random.nextInt(5)][];
        Arrays.fill(batch, message);
        messages += batch.length;
        actor.peer.send(TestClient.concat(batch));
    }

    private void sendChunk(Actor actor, String room) {
        Map<Integer, Integer> open = actor.uploads.get(room);
        int handle = handles.get(room);
        byte[] data = new byte[random.nextInt(LARGEST_BODY)];
        if (open.isEmpty() || (open.size() < 4 && random.nextInt(4) == 0)) {
            int drawn = drawEnvelope(actor);
            open.put(drawn, 1);
            actor.peer.send(Chunks.first(handle, drawn, data));
            return;
        }
        int envelope = open.keySet().iterator().next();
        int index = open.get(envelope);
        int choice = random.nextInt(10);
        if (choice == 0) {
            open.remove(envelope);
            giveUp(actor, envelope);
            actor.peer.send(Chunks.cancel(handle, envelope));
        } else if (choice < 3) {
            open.remove(envelope);
            actor.peer.send(Chunks.last(handle, envelope, index, 0, data, data));
        } else {
            open.put(envelope, index + 1);
            actor.peer.send(Chunks.next(handle, envelope, index, data));
        }
    }

    /** A new id, or one that is used again and again: some of its last use may still be queued. */
    private int drawEnvelope(Actor actor) {
        int often = 1 + random.nextInt(OFTEN_USED);
        boolean isOpen = actor.uploads.values().stream().anyMatch(open -> open.containsKey(often));
        return isOpen || random.nextBoolean() ? ++lastEnvelope : often;
    }

    /** Leaves a room and joins it again, if the router has heard all that it sent. */
    private void comeAgain(Actor actor, String room) {
        if (actor.peer.isRead() && actor.peer.unread() == 0) {
            giveUp(actor, actor.uploads.get(room));
            actor.views.get(handles.get(room)).isLeaving = true;
            actor.peer.send(
                    TestClient.frame(FrameType.LEAVE, 0, handles.get(room), 0, new byte[0]),
                    TestClient.json(FrameType.JOIN, 0, 0, "{'room':'" + room + "'}"));
        }
    }

    private void giveUp(Actor actor, Map<Integer, Integer> open) {
        open.keySet().forEach(envelope -> giveUp(actor, envelope));
        open.clear();
    }

    private void giveUp(Actor actor, int envelope) {
        givenUp.merge(RoomChunks.key(actor.peer.session.handle, envelope), 1, Integer::sum);
    }

    /** It is gone, perhaps without having been heard to the end. */
    private void forget(Actor actor) {
        actor.uploads.values().forEach(open -> giveUp(actor, open));
    }

    // ---- receiving

    private void judge(Actor actor) {
        for (Received frame : actor.peer.take()) {
            assertThat(actor.closed).as("what follows CLOSE").isFalse();
            View view = actor.views.get(frame.room());
            switch (frame.type()) {
                case FrameType.GRANTED -> {
                    String room = frame.json().get("room").asText();
                    handles.put(room.substring(room.indexOf('/') + 1), frame.room());
                    actor.views.put(
                            frame.room(),
                            new View(frame.json().get("sequence").asLong() + 1, !actor.known.add(frame.room())));
                }
                case FrameType.WITHDRAWN -> {
                    assertThat(view.open).as("envelopes open at %s", frame).isEmpty();
                    actor.views.remove(frame.room());
                }
                case FrameType.GAP -> {
                    ByteBuffer body = frame.buffer();
                    gaps++;
                    assertThat(losing).as("%s", frame).contains(nameOf(frame.room()));
                    assertThat(body.getLong(0)).as("%s", frame).isEqualTo(view.next);
                    assertThat(body.getLong(16)).as("%s", frame).isEqualTo(body.getLong(8) - view.next + 1);
                    view.next = body.getLong(8) + 1;
                }
                case FrameType.FLOW -> {
                    if (view == null) {
                        continue;
                    }
                    boolean paused = frame.body()[0] == 1;
                    pauses += paused ? 1 : 0;
                    // It overtakes GRANTED, so who comes again may have been told before.
                    assertThat(paused != view.isPaused || view.isAgain)
                            .as("%s", frame)
                            .isTrue();
                    view.isPaused = paused;
                }
                case FrameType.CLOSE -> {
                    assertThat(frame.json().get("code").asInt()).isEqualTo(CloseCode.SLOW_RECEIVER.number());
                    actor.closed = true;
                }
                case FrameType.ENVELOPE -> {
                    if (Chunks.isChunk(frame)) {
                        judgeChunk(actor, view, frame);
                    } else {
                        assertThat(frame.sequence()).as("%s", frame).isEqualTo(view.next++);
                    }
                }
                default -> assertThat(frame.type()).as("%s", frame).isEqualTo(FrameType.WELCOME);
            }
        }
    }

    private void judgeChunk(Actor receiver, View view, Received chunk) {
        long key = RoomChunks.key(chunk.origin(), Chunks.envelope(chunk));
        int expected = view.open.getOrDefault(key, 0);
        if (Chunks.isCancel(chunk)) {
            cancels++;
            boolean isBegun = view.open.remove(key) != null;
            if (!cancelling.contains(nameOf(chunk.room()))) {
                // Elsewhere even the first chunk may be lost, and the cancel alone tells of that.
                assertThat(isBegun).as("what %s cancels", chunk).isTrue();
                boolean isLeft = view.isLeaving || actors.stream().noneMatch(actor -> actor.isSender(chunk.origin()));
                int told = receiver.told.merge(key, 1, Integer::sum);
                assertThat(isLeft || told <= givenUp.getOrDefault(key, 0))
                        .as("reason of %s", chunk)
                        .isTrue();
            }
        } else {
            assertThat(Chunks.index(chunk)).as("%s", chunk).isEqualTo(expected);
            view.open.put(key, expected + 1);
            if (Chunks.isLast(chunk)) {
                view.open.remove(key);
            }
        }
    }

    private String nameOf(int handle) {
        return handles.entrySet().stream()
                .filter(entry -> entry.getValue() == handle)
                .findFirst()
                .orElseThrow()
                .getKey();
    }

    /** All take what there is: then everybody has been told of everything. */
    private void settle() {
        actors.forEach(actor -> actor.peer.stall(false));
        router.run();
        actors.forEach(this::judge);
        Set<Long> open = new HashSet<>();
        for (Actor actor : actors) {
            if (actor.peer.isOpen()) {
                assertThat(actor.peer.unread()).as("what nobody has read").isZero();
                actor.uploads
                        .values()
                        .forEach(uploads -> uploads.keySet()
                                .forEach(envelope -> open.add(RoomChunks.key(actor.peer.session.handle, envelope))));
            }
        }
        for (Actor actor : actors) {
            if (actor.peer.isOpen() && !actor.closed) {
                actor.views.forEach((handle, view) -> {
                    RoomName name = new RoomName(RouterHarness.ACCOUNT, nameOf(handle));
                    assertThat(view.next - 1)
                            .as("numbers of %s", name)
                            .isEqualTo(router.node.rooms.find(name).info().sequence());
                    assertThat(view.isPaused).as("told to wait in %s", name).isFalse();
                    assertThat(open).as("open envelopes").containsAll(view.open.keySet());
                });
            }
        }
    }
}
