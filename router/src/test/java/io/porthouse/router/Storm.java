package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owners who change everything at once under clients of every pace, over real sockets; judged by what each client got: nothing
 * before its GRANTED and nothing after WITHDRAWN, nothing that was numbered between the answer to a revocation and the next
 * grant, no message missing that no GAP tells, and in the end everything that it is granted.
 */
public final class Storm {

    private static final Logger LOG = LoggerFactory.getLogger(Storm.class);

    /** What every account's publisher connects with: the token {@code storm-publisher-ACCOUNT} may do everything there. */
    public static final String PUBLISHER = "storm-publisher-";

    /** Room for a second of lagging: slow clients must lose something. */
    public static final long OUTBOX_BYTES = 64 << 10;

    private static final List<StormClient.Pace> PACES =
            List.of(StormClient.Pace.EAGER, StormClient.Pace.SLOW, StormClient.Pace.SLEEPY);
    private static final int CLIENTS_PER_TOKEN = 2;
    private static final int FLOOD_ROUNDS = 250;
    private static final long SETTLE_SECONDS = 60;

    private final Router router;
    private final StormPlane plane;
    private final Random random;
    private final StormRules rules = new StormRules();
    private final List<StormOwner> owners = new ArrayList<>();
    private final List<StormPublisher> publishers = new ArrayList<>();
    private final List<StormClient> clients = new ArrayList<>();

    public Storm(Router router, StormPlane plane, Random random) {
        this.router = router;
        this.plane = plane;
        this.random = random;
    }

    /**
     * Lets it rage.
     *
     * @param accounts each with its own owner, who makes its share of the changes
     */
    public void run(List<String> accounts, int changes) throws Exception {
        for (String account : accounts) {
            StormOwner owner = new StormOwner(
                    account, plane, router, rules, new Random(random.nextLong()), changes / accounts.size());
            owner.setUp();
            owners.add(owner);
            publishers.add(new StormPublisher(new TestClient(router.address()), PUBLISHER + account, owner, rules));
            for (int i = 0; i < StormOwner.TOKENS * CLIENTS_PER_TOKEN; i++) {
                StormClient.Pace pace = PACES.get(i % PACES.size());
                StormOwner.Held token = owner.tokens.get(i / CLIENTS_PER_TOKEN);
                clients.add(new StormClient(router.address(), token, pace, new Random(random.nextLong()), rules));
            }
        }
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<Future<?>> publishing =
                    publishers.stream().<Future<?>>map(threads::submit).toList();
            List<Future<?>> reading =
                    clients.stream().<Future<?>>map(threads::submit).toList();
            List<Future<?>> owning =
                    owners.stream().<Future<?>>map(threads::submit).toList();
            awaitUnless(reading, owning);
            overwhelm(threads, reading);
            clients.forEach(StormClient::beQuiet);
            publishers.forEach(StormPublisher::end);
            awaitAll(publishing);
            settle(reading);
            for (StormClient client : clients) {
                client.end();
            }
            awaitAll(reading);
        } finally {
            publishers.forEach(StormPublisher::close);
            for (StormClient client : clients) {
                client.end();
            }
            threads.shutdownNow();
        }
        judge();
    }

    /** More is said than the kernel holds for those who do not read, while their grants change. */
    private void overwhelm(ExecutorService threads, List<Future<?>> reading) throws Exception {
        clients.forEach(client -> client.stall(true));
        List<Integer> before =
                publishers.stream().map(publisher -> publisher.rounds.get()).toList();
        List<Future<?>> stirring = owners.stream()
                .<Future<?>>map(owner -> threads.submit(owner::stir))
                .toList();
        await("the flood").atMost(Duration.ofSeconds(SETTLE_SECONDS)).until(() -> {
            failIfFailed(reading);
            return IntStream.range(0, publishers.size())
                    .allMatch(i -> publishers.get(i).rounds.get() - before.get(i) >= FLOOD_ROUNDS);
        });
        awaitUnless(reading, stirring);
        clients.forEach(client -> client.stall(false));
    }

    /** Everybody catches up. */
    private void settle(List<Future<?>> reading) throws Exception {
        for (StormPublisher publisher : publishers) {
            do {
                publisher.round();
            } while (!publisher.holdsAll());
            publisher.round();
        }
        try {
            await("what was granted").atMost(Duration.ofSeconds(SETTLE_SECONDS)).until(() -> {
                failIfFailed(reading);
                // What a client said last may have come behind what the publisher said last.
                return clients.stream().allMatch(client -> client.isUpToDate(router));
            });
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(
                    clients.stream()
                            .filter(client -> !client.isUpToDate(router))
                            .map(StormClient::describe)
                            .collect(Collectors.joining("\n")),
                    e);
        }
    }

    private static void awaitUnless(List<Future<?>> reading, List<Future<?>> owning) throws Exception {
        for (Future<?> each : owning) {
            while (!each.isDone()) {
                failIfFailed(reading);
                try {
                    each.get(100, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    LOG.debug("the storm goes on");
                } catch (ExecutionException e) {
                    throw new AssertionError(e.getCause());
                }
            }
        }
        awaitAll(owning);
    }

    private static void failIfFailed(List<Future<?>> running) throws Exception {
        for (Future<?> each : running) {
            if (each.isDone()) {
                awaitAll(List.of(each));
            }
        }
    }

    private static void awaitAll(List<Future<?>> all) throws Exception {
        for (Future<?> each : all) {
            try {
                each.get(SETTLE_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                throw new AssertionError(e.getCause());
            }
        }
    }

    private void judge() {
        owners.forEach(StormOwner::end);
        assertThat(rules.violations()).isEmpty();
        long messages = clients.stream().mapToLong(client -> client.messages).sum();
        long gaps = clients.stream().mapToLong(client -> client.gaps).sum();
        int connections =
                clients.stream().mapToInt(client -> client.connections).sum();
        int resets = clients.stream().mapToInt(client -> client.resets).sum();
        LOG.info(
                "{} messages received, {} GAPs, {} connections, {} resets, {} stretches forbidden",
                messages,
                gaps,
                connections,
                resets,
                rules.forbiddenCount());
        // A storm in which nothing happens proves nothing.
        assertThat(messages).as("messages").isPositive();
        assertThat(gaps).as("GAPs").isPositive();
        assertThat(rules.forbiddenCount()).as("revocations").isPositive();
        assertThat(connections).as("connections").isGreaterThan(clients.size());
    }
}
