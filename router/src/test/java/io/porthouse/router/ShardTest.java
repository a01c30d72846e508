package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import io.porthouse.testkit.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Who gets what, frame by frame: members on two puddles come and go, publish and hand over envelopes, one step after the
 * other, and each must get exactly what a plain model says.
 */
final class ShardTest {

    private static final int CLIENTS = 6;
    private static final int STEPS = 150;
    private static final List<String> ROOMS = List.of("x", "y");

    /** One life of a room. */
    private static final class Life {
        final int handle;
        long sequence;
        final Map<Client, Boolean> members = new LinkedHashMap<>();

        Life(int handle) {
            this.handle = handle;
        }
    }

    private static final class Envelope {
        final int id;
        final String room;
        final Set<Client> takers;
        int next = 1;

        Envelope(int id, String room, Set<Client> takers) {
            this.id = id;
            this.room = room;
            this.takers = takers;
        }
    }

    private static final class Client {
        final ManualPeer peer;
        final boolean echo;
        final Map<Integer, Envelope> open = new LinkedHashMap<>();
        final List<String> expected = new ArrayList<>();
        final List<String> receipts = new ArrayList<>();
        long correlation = 1;

        Client(ManualPeer peer, boolean echo) {
            this.peer = peer;
            this.echo = echo;
        }
    }

    private Random random;
    private ManualRouter router;
    private final Client[] clients = new Client[CLIENTS];
    private final Map<String, Life> lives = new LinkedHashMap<>();
    private int lastHandle;

    @Test
    void eachMemberGetsExactlyWhatTheModelSays() throws Exception {
        Seeds.forEach(seeded -> {
            try (ManualRouter made = new ManualRouter(RouterHarness.settings(), name -> RoomRules.DEFAULT)) {
                ShardTest play = new ShardTest();
                play.random = seeded;
                play.router = made;
                Shallow.run(play::play);
            }
        });
    }

    private void play() {
        for (int i = 0; i < CLIENTS; i++) {
            clients[i] = connect(i);
        }
        for (int step = 0; step < STEPS; step++) {
            int at = random.nextInt(CLIENTS);
            Client client = clients[at];
            String room = ROOMS.get(random.nextInt(ROOMS.size()));
            Life life = lives.get(room);
            boolean member = life != null && life.members.containsKey(client);
            int choice = random.nextInt(100);
            String done;
            if (choice < 4) {
                done = "end of " + at;
                end(client);
                clients[at] = connect(at);
            } else if (choice < 20 || !member) {
                done = at + " joins " + room;
                join(client, room);
            } else if (choice < 28) {
                done = at + " leaves " + room;
                leave(client, room);
            } else if (choice < 60) {
                done = at + " publishes to " + room;
                publish(client, life);
            } else {
                done = at + " sends a chunk to " + room;
                chunk(client, room);
            }
            for (Client each : clients) {
                check(each, "step " + step + ": " + done);
            }
        }
    }

    private Client connect(int at) {
        boolean echo = random.nextInt(3) == 0;
        ManualPeer peer = router.dial(at % 2);
        peer.hello("'rooms':[],'echo':" + echo);
        return new Client(peer, echo);
    }

    private void end(Client client) {
        for (String room : ROOMS) {
            drop(client, room);
        }
        if (random.nextBoolean()) {
            client.peer.endInput();
        }
        client.peer.breakOff();
    }

    // ---- what the model says

    private void join(Client client, String room) {
        Life life = lives.computeIfAbsent(room, none -> new Life(++lastHandle));
        Boolean wish = random.nextInt(3) > 0 ? null : random.nextBoolean();
        boolean before = life.members.getOrDefault(client, true);
        boolean receives = wish == null ? before : wish;
        if (life.members.containsKey(client) && before && !receives) {
            cancelTaken(client, room);
        }
        life.members.put(client, receives);
        long correlation = ++client.correlation;
        client.expected.add("GRANTED " + life.handle + " to " + correlation + " at " + life.sequence);
        String field = wish == null ? "" : ",'receive':" + wish;
        client.peer.send(TestClient.json(FrameType.JOIN, 0, correlation, "{'room':'" + room + "'" + field + "}"));
    }

    private void leave(Client client, String room) {
        int handle = lives.get(room).handle;
        long correlation = ++client.correlation;
        drop(client, room);
        client.expected.add("WITHDRAWN " + handle + " to " + correlation);
        client.peer.send(TestClient.frame(FrameType.LEAVE, 0, handle, correlation, new byte[0]));
    }

    /** Ends a membership, with what is open of it; the last one ends the room's life. */
    private void drop(Client client, String room) {
        Life life = lives.get(room);
        if (life == null || !life.members.containsKey(client)) {
            return;
        }
        for (Envelope envelope : List.copyOf(client.open.values())) {
            if (envelope.room.equals(room)) {
                deliver(client, envelope.takers, life, Flags.CHUNK | Flags.LAST, 0, body(envelope.id, -1, new byte[0]));
                client.open.remove(envelope.id);
            }
        }
        cancelTaken(client, room);
        life.members.remove(client);
        if (life.members.isEmpty()) {
            lives.remove(room);
        }
    }

    /** What the client gets of envelopes there is cut short for it. */
    private void cancelTaken(Client client, String room) {
        for (Client sender : clients) {
            for (Envelope envelope : sender == null ? List.<Envelope>of() : sender.open.values()) {
                if (envelope.room.equals(room) && envelope.takers.remove(client)) {
                    Life life = lives.get(room);
                    deliver(
                            sender,
                            Set.of(client),
                            life,
                            Flags.CHUNK | Flags.LAST,
                            0,
                            body(envelope.id, -1, new byte[0]));
                }
            }
        }
    }

    /** Who receives now: all members but those who don't want to, and the sender unless it hears itself. */
    private static Set<Client> receivers(Client sender, Life life) {
        Set<Client> receivers = new LinkedHashSet<>();
        life.members.forEach((member, receives) -> {
            if (receives && (member != sender || sender.echo)) {
                receivers.add(member);
            }
        });
        return receivers;
    }

    private void deliver(Client sender, Set<Client> to, Life life, int flags, long sequence, byte[] body) {
        int origin = sender.peer.session.handle;
        String line = WalkOracle.line(FrameType.ENVELOPE, flags, life.handle, origin, sequence, body);
        to.forEach(member -> member.expected.add(line));
    }

    private void publish(Client client, Life life) {
        int count = 1 + random.nextInt(4);
        byte[][] frames = new byte[count][];
        Set<Client> receivers = receivers(client, life);
        for (int i = 0; i < count; i++) {
            byte[] body = new byte[random.nextInt(3) * random.nextInt(4000)];
            random.nextBytes(body);
            boolean receipt = i == count - 1 && random.nextBoolean();
            long correlation = receipt ? ++client.correlation : 0;
            int flags = receipt ? Flags.RECEIPT : 0;
            frames[i] = TestClient.frame(FrameType.ENVELOPE, flags, life.handle, correlation, body);
            deliver(client, receivers, life, flags, ++life.sequence, body);
            if (receipt) {
                client.receipts.add(
                        life.handle + " to " + correlation + " at " + life.sequence + " by " + receivers.size());
            }
        }
        client.peer.send(TestClient.concat(frames));
    }

    private void chunk(Client client, String room) {
        Life life = lives.get(room);
        int id = random.nextInt(3);
        Envelope envelope = client.open.get(id);
        if (envelope != null && !envelope.room.equals(room)) {
            return;
        }
        boolean begins = envelope == null;
        boolean cancels = !begins && random.nextInt(5) == 0;
        boolean last = cancels || random.nextInt(3) == 0;
        byte[] data = new byte[begins ? 10 + 100 : cancels ? 0 : 4 + random.nextInt(6000)];
        if (begins) {
            envelope = new Envelope(id, room, receivers(client, life));
            client.open.put(id, envelope);
            ByteBuffer.wrap(data).putLong(Chunk.UNKNOWN_TOTAL);
        }
        boolean receipt = last && !cancels && random.nextBoolean();
        long correlation = receipt ? ++client.correlation : 0;
        int flags = (last ? Flags.LAST : 0) | (receipt ? Flags.RECEIPT : 0);
        int index = begins ? 0 : cancels ? Chunk.CANCEL_INDEX : envelope.next++;
        deliver(client, envelope.takers, life, Flags.CHUNK | flags, 0, body(id, index, data));
        if (receipt) {
            client.receipts.add(life.handle + " to " + correlation + " at 0 by " + envelope.takers.size());
        }
        if (last) {
            client.open.remove(id);
        }
        client.peer.send(TestClient.chunk(flags, life.handle, correlation, id, index, data));
    }

    private static byte[] body(int id, int index, byte[] rest) {
        return ByteBuffer.allocate(8 + rest.length)
                .putInt(id)
                .putInt(index)
                .put(rest)
                .array();
    }

    // ---- what they got

    private static void check(Client client, String step) {
        List<String> got = new ArrayList<>();
        List<String> receipts = new ArrayList<>();
        for (Received frame : client.peer.take()) {
            String to = " to " + frame.sequence();
            switch (frame.type()) {
                case FrameType.GRANTED ->
                    got.add("GRANTED " + frame.room() + to + " at "
                            + frame.json().get("sequence").asLong());
                case FrameType.WITHDRAWN -> got.add("WITHDRAWN " + frame.room() + to);
                case FrameType.RECEIPT ->
                    receipts.add(frame.room() + to + " at " + frame.buffer().getLong() + " by "
                            + frame.buffer().getInt(8));
                default ->
                    got.add(WalkOracle.line(
                            frame.type(), frame.flags(), frame.room(), frame.origin(), frame.sequence(), frame.body()));
            }
        }
        assertThat(sorted(got)).as(step).isEqualTo(sorted(client.expected));
        assertThat(receipts).as(step).isEqualTo(client.receipts);
        client.expected.clear();
        client.receipts.clear();
    }

    /** Several envelopes that end at once end in no order. */
    private static List<String> sorted(List<String> lines) {
        List<String> sorted = new ArrayList<>(lines);
        int cancels = 0;
        while (cancels < sorted.size() && isCancel(sorted.get(cancels))) {
            cancels++;
        }
        Collections.sort(sorted.subList(0, cancels));
        return sorted;
    }

    private static boolean isCancel(String line) {
        return line.startsWith("ENVELOPE envelope=") && line.contains(" flags=3 ");
    }
}
