package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.router.RecordingClient.Upload;
import io.porthouse.testkit.Seeds;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Joins, leaves and publishing from several loops against a simple model of the room's order: many clients act at random,
 * and afterwards everything that each of them got is judged. The seed decides what is done, not how it interleaves.
 */
final class RoomOrderModelTest {

    private static final int ACTORS = 3;

    /** Above the size of a loopback segment: with less, TCP now and then goes on by its probes only, for minutes. */
    private static final int SLOW_BUFFER_BYTES = 64 << 10;

    /** Of the rooms, the first always has a member who only listens; the others begin and end as members come and go. */
    private static final List<String> ROOMS = List.of("steady", "busy", "fleeting", "shy");

    /** How much happens. */
    private record Scale(int clients, int steps) {}

    @Test
    void whatEveryClientGetsIsTheRoomsOrder() throws Exception {
        Seeds.few(random -> play(random, new Scale(15, 40)));
    }

    @Test
    @Tag("long")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void whatManyClientsGetForLongIsTheRoomsOrder() throws Exception {
        for (int round = 0; round < 12; round++) {
            Seeds.forEach(random -> play(new Random(random.nextLong()), new Scale(40, 300)));
        }
    }

    private static void play(Random random, Scale scale) throws Exception {
        random.nextInt(); // the first number is nearly the same for neighbouring seeds
        Overflow forEnvelopes = random.nextBoolean() ? Overflow.WAIT : Overflow.DROP;
        boolean someBreakOff = random.nextInt(3) == 0;
        List<RecordingClient> clients = new ArrayList<>();
        Set<Integer> lasting = new HashSet<>();
        try (RouterHarness harness = harness(random, forEnvelopes)) {
            RecordingClient witness =
                    connect(harness, 0, 0, "{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['steady']}");
            witness.awaitHeld(1);
            clients.add(witness);
            // With `wait`, a stalled client would hold up the threads that are to wake it.
            boolean stalls = forEnvelopes == Overflow.DROP;
            List<Actor> actors = new ArrayList<>();
            for (int i = 0; i < ACTORS; i++) {
                actors.add(new Actor(harness, new Random(random.nextLong()), i, scale, stalls, someBreakOff));
            }
            act(actors);
            actors.forEach(actor -> clients.addAll(actor.all));
            List<RecordingClient> open = clients.stream()
                    .filter(client -> client.end == RecordingClient.End.OPEN)
                    .toList();
            settle(open, lasting);
            for (RecordingClient client : clients) {
                client.awaitEnd();
            }
            assertThat(harness.gauge("porthouse.publishers.suspended")).isZero();
        }
        new RoomOrderJudge(clients).judge(lasting);
    }

    private static RouterHarness harness(Random random, Overflow forEnvelopes) throws IOException {
        RouterSettings.Limits limits = RouterSettings.Limits.defaults();
        boolean tight = random.nextInt(4) != 0;
        RouterSettings settings = new RouterSettings(
                RouterHarness.settings().listen(),
                "model",
                Transport.best(),
                2 + random.nextInt(3),
                RouterSettings.DEFAULT_HEARTBEAT,
                new RouterSettings.Limits(
                        limits.maxFrameBytes(),
                        limits.maxOpenEnvelopes(),
                        limits.roomsPerSession(),
                        limits.handshakes(),
                        tight ? 64 << 10 : limits.inboxBytes(),
                        tight ? 64 << 10 : limits.outboxBytes(),
                        limits.waitBytesPerSecond(),
                        limits.memoryBytes()));
        RoomRules rules = new RoomRules(1 << 20, 1 << 20, 1000, 0, false, false, Overflow.DROP, forEnvelopes);
        return new RouterHarness(settings, name -> rules);
    }

    private static RecordingClient connect(RouterHarness harness, int number, int receiveBufferBytes, String hello)
            throws IOException {
        boolean hasDefault = hello.contains("'default'");
        return new RecordingClient(harness.router.address(), number, receiveBufferBytes, hello, hasDefault);
    }

    private static void act(List<Actor> actors) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(actors.size());
        try {
            List<Future<?>> done = new ArrayList<>();
            for (Actor actor : actors) {
                done.add(threads.submit(() -> {
                    actor.run();
                    return null;
                }));
            }
            for (Future<?> each : done) {
                each.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    /** Waits until all that was sent has its place, asks for the last numbers, and leaves. */
    private static void settle(List<RecordingClient> open, Set<Integer> lasting) throws IOException {
        for (RecordingClient client : open) {
            client.stall(false);
            client.awaitPong();
        }
        for (RecordingClient client : open) {
            client.awaitReceipts();
        }
        for (RecordingClient client : open) {
            client.rejoinAll();
            client.awaitPong();
            client.held().forEach(room -> lasting.add(room.getValue()));
        }
        for (RecordingClient client : open) {
            client.leaveAll();
        }
        for (RecordingClient client : open) {
            client.finish(true);
        }
    }

    /** One thread that acts for some of the clients, one after the other. */
    private static final class Actor {
        private final RouterHarness harness;
        private final Random random;
        private final int index;
        private final Scale scale;
        private final boolean stalls;
        private final boolean someBreakOff;
        private final List<RecordingClient> all = new ArrayList<>();
        private final List<RecordingClient> live = new ArrayList<>();
        private final Map<RecordingClient, List<Upload>> uploads = new HashMap<>();

        Actor(RouterHarness harness, Random random, int index, Scale scale, boolean stalls, boolean someBreakOff) {
            this.harness = harness;
            this.random = random;
            this.index = index;
            this.scale = scale;
            this.stalls = stalls;
            this.someBreakOff = someBreakOff;
        }

        void run() throws IOException {
            for (int i = 0; i < scale.clients() / ACTORS; i++) {
                live.add(connect());
            }
            for (int step = 0; step < scale.steps() * live.size(); step++) {
                int at = random.nextInt(live.size());
                RecordingClient client = live.get(at);
                int choice = random.nextInt(100);
                if (choice < 3) {
                    end(client);
                    live.set(at, connect());
                } else if (choice < 10 && stalls) {
                    client.stall(random.nextInt(3) > 0);
                } else {
                    client.send(batch(client));
                }
            }
            live.forEach(client -> client.stall(false));
        }

        private void end(RecordingClient client) throws IOException {
            if (someBreakOff && random.nextBoolean()) {
                client.breakOff();
            } else {
                client.finish(random.nextBoolean());
            }
            uploads.remove(client);
        }

        private RecordingClient connect() throws IOException {
            int number = 1 + all.size() * ACTORS + index;
            List<String> rooms =
                    ROOMS.stream().filter(room -> random.nextInt(3) > 0).toList();
            boolean hasDefault = rooms.contains("busy") && random.nextBoolean();
            String hello = "{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':["
                    + String.join(
                            ",", rooms.stream().map(room -> "'" + room + "'").toList()) + "]"
                    + (hasDefault ? ",'default':'busy'" : "")
                    + (random.nextInt(3) == 0 ? ",'echo':true" : "")
                    + (random.nextInt(5) == 0 ? ",'receive':false" : "") + "}";
            RecordingClient client =
                    RoomOrderModelTest.connect(harness, number, random.nextBoolean() ? SLOW_BUFFER_BYTES : 0, hello);
            all.add(client);
            uploads.put(client, new ArrayList<>());
            return client;
        }

        private List<byte[]> batch(RecordingClient client) {
            List<byte[]> frames = new ArrayList<>();
            int count = random.nextBoolean() ? 1 : 1 + random.nextInt(30);
            for (int i = 0; i < count; i++) {
                List<Map.Entry<String, Integer>> held = client.held();
                int choice = random.nextInt(100);
                if (choice < 4 || held.isEmpty()) {
                    String room = ROOMS.get(random.nextInt(ROOMS.size()));
                    frames.add(client.join(room, random.nextInt(3) == 0 ? random.nextBoolean() : null));
                } else if (choice < 7) {
                    Map.Entry<String, Integer> room = held.get(random.nextInt(held.size()));
                    uploads.get(client).removeIf(upload -> upload.handle == room.getValue());
                    frames.add(client.leave(room.getKey(), room.getValue()));
                } else if (choice < 10) {
                    frames.add(client.ping());
                } else if (choice < 30) {
                    frames.add(
                            chunk(client, held.get(random.nextInt(held.size())).getValue()));
                } else {
                    frames.add(message(client, held.get(random.nextInt(held.size()))));
                }
            }
            return frames;
        }

        private byte[] message(RecordingClient client, Map.Entry<String, Integer> room) {
            boolean byDefault = client.hasDefault
                    && room.getKey().equals("acme/busy")
                    && client.leaves.isEmpty()
                    && random.nextBoolean();
            int bytes = random.nextInt(20) == 0 ? random.nextInt(80_000) : random.nextInt(600);
            return client.message(random, room.getValue(), byDefault ? 0 : room.getValue(), bytes);
        }

        private byte[] chunk(RecordingClient client, int handle) {
            List<Upload> open = uploads.get(client);
            if (open.size() < 3 && random.nextInt(3) == 0) {
                int id = random.nextInt(8);
                if (open.stream().noneMatch(upload -> upload.envelopeId == id)) {
                    open.add(client.begin(handle, id));
                }
            }
            if (open.isEmpty()) {
                return client.ping();
            }
            Upload upload = open.get(random.nextInt(open.size()));
            byte[] frame;
            if (!upload.chunks.isEmpty() && random.nextInt(10) == 0) {
                frame = client.cancel(upload);
            } else {
                frame = client.chunk(random, upload, random.nextInt(8000), random.nextInt(4) == 0);
            }
            if (upload.ended) {
                open.remove(upload);
            }
            return frame;
        }
    }
}
