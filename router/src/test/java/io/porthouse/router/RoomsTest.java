package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.TestClient.Received;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Lives of rooms that begin and end while others join, leave and delete them: nobody is stuck, and no room stays. */
final class RoomsTest {

    private static final int LOOPS = 4;
    private static final int JOINS = 5_000;

    /** One client of each loop joins and leaves the same room, and publishes what nobody may hear. */
    @Test
    void aRoomThatAllJoinAndLeaveAtOnceAnswersEverybody() throws Exception {
        RouterSettings base = RouterHarness.settings();
        RouterSettings settings = new RouterSettings(
                base.listen(), base.nodeName(), base.transport(), LOOPS, base.heartbeat(), base.limits());
        Map<Integer, String> epochs = new ConcurrentHashMap<>();
        try (RouterHarness harness = new RouterHarness(settings)) {
            ExecutorService threads = Executors.newFixedThreadPool(LOOPS);
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < LOOPS; i++) {
                TestClient client = harness.dial();
                client.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':[]}");
                done.add(threads.submit(() -> {
                    joinAndLeave(client, epochs);
                    return null;
                }));
            }
            for (Future<?> each : done) {
                each.get(60, TimeUnit.SECONDS);
            }
            threads.shutdown();
            assertThat(harness.gauge("porthouse.rooms")).isZero();
        }
        assertThat(epochs.values()).as("epochs of different lives").doesNotHaveDuplicates();
        assertThat(epochs).as("lives of the room").hasSizeGreaterThan(1);
    }

    private static void joinAndLeave(TestClient client, Map<Integer, String> epochs) throws Exception {
        long correlation = 1;
        for (int i = 0; i < JOINS; i++) {
            client.send(TestClient.json(FrameType.JOIN, 0, ++correlation, "{'room':'busy'}"));
            Received granted = client.expect(FrameType.GRANTED);
            assertThat(granted.sequence()).isEqualTo(correlation);
            String epoch = granted.json().get("epoch").asText();
            String before = epochs.putIfAbsent(granted.room(), epoch);
            assertThat(before == null || before.equals(epoch))
                    .as("one life, one epoch")
                    .isTrue();
            long sequence = granted.json().get("sequence").asLong();
            client.send(
                    TestClient.message(granted.room(), "x"),
                    TestClient.frame(FrameType.LEAVE, 0, granted.room(), ++correlation, new byte[0]));
            Received next = client.receive();
            while (next.type() == FrameType.ENVELOPE) {
                assertThat(next.room()).isEqualTo(granted.room());
                assertThat(next.sequence()).isGreaterThan(sequence);
                sequence = next.sequence();
                next = client.receive();
            }
            assertThat(next.type()).as("%s", next).isEqualTo(FrameType.WITHDRAWN);
            assertThat(next.sequence()).isEqualTo(correlation);
        }
    }

    /** The room comes and goes by the control plane's will, too: whoever asks is answered, one way or the other. */
    @Test
    void aRoomThatIsDeletedAgainAndAgainAnswersEverybody() throws Exception {
        RoomName room = new RoomName(RouterHarness.ACCOUNT, "busy");
        try (RouterHarness harness = new RouterHarness()) {
            ExecutorService threads = Executors.newFixedThreadPool(3);
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                TestClient client = harness.dial();
                client.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':[]}");
                done.add(threads.submit(() -> {
                    joinWhileItIsDeleted(client);
                    return null;
                }));
            }
            Future<?> deleting = threads.submit(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    harness.tokens.deleteRoom(room);
                    harness.router
                            .refreshRooms(List.of(room))
                            .toCompletableFuture()
                            .join();
                    harness.tokens.putRoom(room, RoomRules.DEFAULT);
                    harness.router
                            .refreshRooms(List.of(room))
                            .toCompletableFuture()
                            .join();
                }
            });
            for (Future<?> each : done) {
                each.get(60, TimeUnit.SECONDS);
            }
            deleting.cancel(true);
            threads.shutdown();
            assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
            assertThat(harness.gauge("porthouse.rooms")).isZero();
        }
    }

    private static void joinWhileItIsDeleted(TestClient client) throws Exception {
        long correlation = 1;
        int granted = 0;
        for (int i = 0; granted < JOINS / 10 || i < JOINS / 5; i++) {
            client.send(TestClient.json(FrameType.JOIN, 0, ++correlation, "{'room':'busy'}"));
            Received answer = answer(client, correlation);
            if (answer.type() == FrameType.ERROR) {
                assertThat(answer.json().get("code").asInt()).isEqualTo(102);
                continue;
            }
            granted++;
            client.send(TestClient.frame(FrameType.LEAVE, 0, answer.room(), ++correlation, new byte[0]));
            Received left = answer(client, correlation);
            assertThat(left.type()).as("%s", left).isIn(FrameType.WITHDRAWN, FrameType.ERROR);
        }
    }

    /** The answer to what was asked; being told in between that the room is gone is no answer. */
    private static Received answer(TestClient client, long correlation) throws Exception {
        Received answer = client.receive();
        while (answer.sequence() == 0) {
            assertThat(answer.type()).as("%s", answer).isEqualTo(FrameType.WITHDRAWN);
            answer = client.receive();
        }
        assertThat(answer.sequence()).isEqualTo(correlation);
        return answer;
    }
}
