package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/**
 * Publishers flat out, members of every speed, some of which break off: afterwards the books balance, and nothing of it is
 * left.
 */
final class FanOutStressTest {

    private static final int LOOPS = 4;
    private static final int ROOMS = 10;
    private static final int PUBLISHERS = 20;
    private static final int BATCHES = 60;
    private static final int MEMBERS = 100;

    /** How a member reads, and ends. */
    private enum Manner {
        PROMPT,
        /** Reads nothing until all is published. */
        LATE,
        /** Says goodbye in the middle of it. */
        LEAVING,
        /** Breaks off in the middle of it. */
        BREAKING
    }

    /** What one member got, and was told that it lost. */
    private record Balance(Manner manner, int room, long received, long lost) {
        long sum() {
            return received + lost;
        }
    }

    private final AtomicIntegerArray published = new AtomicIntegerArray(ROOMS);
    private final CountDownLatch allPublished = new CountDownLatch(PUBLISHERS);

    @Test
    void theBooksBalanceAndNothingIsLeft() throws Exception {
        RouterSettings base =
                new TestSettings().inboxBytes(256 << 10).outboxBytes(256 << 10).build();
        RouterSettings settings = new RouterSettings(
                base.listen(), base.nodeName(), base.transport(), LOOPS, base.heartbeat(), base.limits());
        ExecutorService threads = Executors.newCachedThreadPool();
        try (RouterHarness harness = new RouterHarness(settings)) {
            // However slow this machine is, nobody is too slow.
            harness.stopTime();
            List<TestClient> clients = new ArrayList<>();
            List<Future<Balance>> members = new ArrayList<>();
            for (int i = 0; i < MEMBERS; i++) {
                Manner manner = manner(i);
                TestClient client = new TestClient(harness.router.address(), manner == Manner.LATE ? 4 << 10 : 0);
                client.hello(RouterHarness.SECRET, "r" + i % ROOMS);
                clients.add(client);
                members.add(threads.submit(member(client, manner, i % ROOMS, 200 + 37 * i)));
            }
            List<Future<Long>> publishers = new ArrayList<>();
            for (int i = 0; i < PUBLISHERS; i++) {
                publishers.add(threads.submit(publisher(harness, i)));
            }
            long sent = 0;
            for (Future<Long> publisher : publishers) {
                sent += publisher.get(60, TimeUnit.SECONDS);
            }
            for (TestClient client : clients) {
                endInput(client);
            }
            List<Balance> balances = new ArrayList<>();
            for (Future<Balance> member : members) {
                balances.add(member.get(60, TimeUnit.SECONDS));
            }
            Awaitility.await().until(() -> harness.gauge("porthouse.connections") == 0);
            check(harness, balances, sent);
        } finally {
            threads.shutdownNow();
        }
    }

    private static void endInput(TestClient client) {
        try {
            client.shutOutput();
        } catch (IOException e) {
            // It has broken off, or ended it before.
        }
    }

    private void check(RouterHarness harness, List<Balance> balances, long sent) {
        long exact = 0;
        long unknown = 0;
        for (Balance balance : balances) {
            int all = published.get(balance.room());
            switch (balance.manner()) {
                case PROMPT, LATE -> assertThat(balance.sum()).as("%s", balance).isEqualTo(all);
                case LEAVING, BREAKING ->
                    assertThat(balance.sum()).as("%s", balance).isLessThanOrEqualTo(all);
            }
            exact += balance.sum();
            unknown += balance.manner() == Manner.BREAKING ? all - balance.sum() : 0;
        }
        assertThat((long) harness.counter("porthouse.received.messages")).isEqualTo(sent);
        long delivered = (long) harness.counter("porthouse.delivered.messages");
        long dropped = (long) harness.counter("porthouse.dropped.messages");
        // Who broke off may have had more queued, or lost, than it was told.
        assertThat(delivered + dropped).isBetween(exact, exact + unknown);
        assertThat(harness.gauge("porthouse.inbox.bytes")).as("inboxes").isZero();
        assertThat(harness.gauge("porthouse.publishers.suspended"))
                .as("suspended")
                .isZero();
        assertThat(harness.gauge("porthouse.lag.bytes", "lane", "messages"))
                .as("lag")
                .isZero();
        assertThat(harness.gauge("porthouse.sessions.lagging")).as("lagging").isZero();
        assertThat(harness.gauge("porthouse.rooms")).as("rooms").isZero();
    }

    // ---- publishers

    private Callable<Long> publisher(RouterHarness harness, int index) throws IOException {
        TestClient client = harness.dial();
        Random random = new Random(index);
        String[] rooms = {"r" + index % ROOMS, "r" + random.nextInt(ROOMS)};
        client.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','receive':false,'rooms':['"
                + String.join("','", rooms) + "']}");
        return () -> {
            long sent = 0;
            for (int batch = 0; batch < BATCHES; batch++) {
                String room = rooms[random.nextInt(2)];
                byte[][] frames = new byte[1 + random.nextInt(80)][];
                for (int i = 0; i < frames.length; i++) {
                    byte[] body = new byte[random.nextInt(10) == 0 ? 6_000 : 100];
                    frames[i] = TestClient.frame(
                            FrameType.ENVELOPE, 0, client.handle(RouterHarness.ACCOUNT + "/" + room), 0, body);
                }
                published.addAndGet(Integer.parseInt(room.substring(1)), frames.length);
                sent += frames.length;
                client.send(frames);
            }
            int own = Integer.parseInt(rooms[0].substring(1));
            published.incrementAndGet(own);
            int handle = client.handle(RouterHarness.ACCOUNT + "/" + rooms[0]);
            client.send(TestClient.frame(FrameType.ENVELOPE, Flags.RECEIPT, handle, 2, new byte[0]));
            client.expect(FrameType.RECEIPT);
            allPublished.countDown();
            client.send(TestClient.json(FrameType.CLOSE, 0, 0, "{'code':1000}"));
            client.shutOutput();
            client.drain();
            return sent + 1;
        };
    }

    // ---- members

    private Callable<Balance> member(TestClient client, Manner manner, int room, int until) {
        return () -> {
            long received = 0;
            long lost = 0;
            boolean ends = manner == Manner.LEAVING || manner == Manner.BREAKING;
            if (manner == Manner.LATE) {
                allPublished.await();
            }
            try (client) {
                while (true) {
                    if (ends && received >= until) {
                        if (manner == Manner.BREAKING) {
                            break;
                        }
                        ends = false;
                        client.shutOutput();
                    }
                    Received frame = client.receive();
                    if (frame.type() == FrameType.GAP) {
                        lost += frame.buffer().getLong(16);
                    } else {
                        assertThat(frame.type()).as("%s", frame).isEqualTo(FrameType.ENVELOPE);
                        received++;
                    }
                }
            } catch (EOFException e) {
                // Whoever is done is sent all that it is owed, then this.
            }
            return new Balance(manner, room, received, lost);
        };
    }

    private static Manner manner(int index) {
        return switch (index / ROOMS) {
            case 0, 1 -> Manner.LATE;
            case 2 -> Manner.LEAVING;
            case 3 -> Manner.BREAKING;
            default -> Manner.PROMPT;
        };
    }
}
