package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.SquallClient.Part;
import io.porthouse.testkit.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the {@link Storm} leaves out, all at once: envelopes, a room that is public now and then, backpipes, transient rooms and
 * an account's limit of connections, while their owner changes everything.
 */
final class SquallTest {

    private static final Logger LOG = LoggerFactory.getLogger(SquallTest.class);

    private static final int CHANGES = 500;
    private static final long SETTLE_SECONDS = 60;

    @Test
    void everyKindOfRoomAndConnectionKeepsItsRules() throws Exception {
        Seeds.once(SquallTest::rage);
    }

    @Test
    @Tag("long")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void andInOneSquallAfterTheOther() throws Exception {
        for (int i = 0; i < 20; i++) {
            Seeds.once(SquallTest::rage);
        }
    }

    private static void rage(Random random) throws Exception {
        random.nextInt(); // the first number is nearly the same for neighbouring seeds
        RouterSettings settings =
                new TestSettings().outboxBytes(Storm.OUTBOX_BYTES).build();
        try (RouterHarness harness = new RouterHarness(settings, name -> null)) {
            rage(harness, random);
        }
    }

    private static void rage(RouterHarness harness, Random random) throws Exception {
        StormRules rules = new StormRules();
        SquallOwner owner = new SquallOwner(harness, rules, new Random(random.nextLong()));
        owner.setUp();
        List<SquallClient> clients = new ArrayList<>();
        for (Part part : parts()) {
            clients.add(new SquallClient(harness.router.address(), part, new Random(random.nextLong()), rules));
        }
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<Future<?>> running =
                    clients.stream().<Future<?>>map(threads::submit).toList();
            for (int i = 0; i < CHANGES; i++) {
                owner.changeSomething();
                failIfFailed(running);
            }
            owner.settle();
            clients.forEach(SquallClient::beQuiet);
            settle(harness.router, clients, running);
            assertThat(harness.router.room(SquallOwner.HALL).orElseThrow().members())
                    .isEqualTo(
                            (int) parts().stream().filter(SquallTest::isMember).count());
            clients.forEach(SquallClient::end);
            for (Future<?> each : running) {
                each.get(SETTLE_SECONDS, TimeUnit.SECONDS);
            }
        } finally {
            clients.forEach(SquallClient::end);
            threads.shutdownNow();
        }
        owner.end();
        assertThat(rules.violations()).isEmpty();
        checkThatMuchHappened(clients, rules);
        checkThatNoTransientRoomIsLeft(harness);
    }

    private static List<Part> parts() {
        List<RoomName> hall = List.of(SquallOwner.HALL);
        List<RoomName> tables = SquallOwner.TABLES;
        List<RoomName> all = new ArrayList<>(hall);
        all.addAll(tables);
        return List.of(
                new Part(SquallOwner.WITNESS, hall, true, false, false, false, true),
                new Part(SquallOwner.MEMBER, hall, true, false, false, false, false),
                new Part(SquallOwner.MEMBER, hall, true, false, false, true, false),
                new Part(SquallOwner.SENDER, hall, false, true, false, false, false),
                new Part(SquallOwner.SENDER, hall, false, true, false, false, false),
                new Part(SquallOwner.STRANGER, hall, true, false, false, false, false),
                new Part(SquallOwner.STRANGER, hall, true, false, false, true, false),
                new Part(SquallOwner.SERVICE, hall, false, true, false, false, false),
                new Part(SquallOwner.SERVICE, all, false, true, true, false, false),
                new Part(SquallOwner.PLAYER, tables, true, true, true, false, false),
                new Part(SquallOwner.PLAYER, tables, true, true, true, false, false),
                new Part(SquallOwner.PLAYER, tables, true, true, true, true, false));
    }

    private static boolean isMember(Part part) {
        return !part.leaves() && !part.secret().equals(SquallOwner.SERVICE);
    }

    private static void failIfFailed(List<Future<?>> running) throws Exception {
        for (Future<?> each : running) {
            if (each.isDone()) {
                try {
                    each.get();
                } catch (ExecutionException e) {
                    throw new AssertionError(e.getCause());
                }
            }
        }
    }

    private static void settle(Router router, List<SquallClient> clients, List<Future<?>> running) throws Exception {
        try {
            await("everybody to be up to date")
                    .atMost(Duration.ofSeconds(SETTLE_SECONDS))
                    .until(() -> {
                        failIfFailed(running);
                        return clients.stream().allMatch(client -> client.isSettled(router));
                    });
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(
                    clients.stream()
                            .filter(client -> !client.isSettled(router))
                            .map(SquallClient::describe)
                            .collect(Collectors.joining("\n")),
                    e);
        }
    }

    /** A squall in which nothing happens proves nothing. */
    private static void checkThatMuchHappened(List<SquallClient> clients, StormRules rules) {
        long messages = sum(clients, client -> client.messages);
        long whole = sum(clients, client -> client.whole);
        long cancelled = sum(clients, client -> client.cancelled);
        long withdrawn = sum(clients, client -> client.withdrawn);
        long tooManyRooms = sum(clients, client -> client.errors.getOrDefault(ErrorCode.TOO_MANY_ROOMS, 0));
        long tooMany = sum(clients, client -> client.closes.getOrDefault(CloseCode.TOO_MANY_CONNECTIONS, 0));
        LOG.info(
                "{} messages, {} GAPs, {} envelopes whole and {} cancelled, {} times withdrawn, {} rooms and {} connections"
                        + " too many, {} receipts, {} stretches forbidden",
                messages,
                sum(clients, client -> client.gaps),
                whole,
                cancelled,
                withdrawn,
                tooManyRooms,
                tooMany,
                sum(clients, client -> client.receipts),
                rules.forbiddenCount());
        assertThat(messages).as("messages").isPositive();
        assertThat(whole).as("envelopes").isPositive();
        assertThat(cancelled).as("cancels").isPositive();
        assertThat(withdrawn).as("WITHDRAWN").isPositive();
        assertThat(tooManyRooms).as("ERROR 105").isPositive();
        assertThat(tooMany).as("CLOSE 3503").isPositive();
        assertThat(rules.forbiddenCount()).as("what was forbidden").isPositive();
    }

    private static long sum(List<SquallClient> clients, ToLongFunction<SquallClient> count) {
        return clients.stream().mapToLong(count).sum();
    }

    /** Rooms that were counted and are gone leave place for as many as ever. */
    private static void checkThatNoTransientRoomIsLeft(RouterHarness harness) throws Exception {
        harness.awaitGauge("porthouse.connections", 0);
        harness.awaitGauge("porthouse.rooms", 0);
        TestClient player = harness.dial();
        player.hello("{'version':1,'token':'" + SquallOwner.PLAYER + "','rooms':[]}");
        for (int i = 0; i < SquallOwner.TRANSIENT_ROOMS; i++) {
            player.join(SquallOwner.TABLES.get(i).toString(), 2 + i);
        }
        String more = SquallOwner.TABLES.get(SquallOwner.TRANSIENT_ROOMS).toString();
        player.send(TestClient.json(FrameType.JOIN, 0, 100, "{'room':'" + more + "'}"));
        player.expectError(ErrorCode.TOO_MANY_ROOMS);
    }
}
