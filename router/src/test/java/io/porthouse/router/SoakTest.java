package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.testkit.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Envelopes and messages, members of every speed, cancels, joins, leaves and broken connections at random, under every rule
 * and while rules change: what each is told is in order, all get on, what the router holds does not grow, and nothing is left
 * when all have gone.
 */
final class SoakTest {

    /** {@code -Dporthouse.soak.seconds=N}: for who can't wait for a minute. */
    private static final int SECONDS = Integer.getInteger("porthouse.soak.seconds", 60);

    private static final int MEMBERS = 12;
    private static final int PUBLISHERS = 4;
    private static final int PUDDLES = 2;
    private static final Overflow[] OVERFLOWS = Overflow.values();

    @Test
    @Timeout(value = 4, unit = TimeUnit.MINUTES)
    void nothingGrowsAndNothingIsLeft() throws Exception {
        Seeds.once(random -> soak(random, Duration.ofSeconds(SECONDS)));
    }

    @Test
    @Tag("long")
    @Timeout(value = 12, unit = TimeUnit.MINUTES)
    void nothingGrowsInTenMinutes() throws Exception {
        Seeds.once(random -> soak(random, Duration.ofMinutes(10)));
    }

    /** What a room begins with: each pair of rules is somewhere. */
    private static RoomRules rules(String room) {
        int number = room.charAt(room.length() - 1) - '0';
        return TestRules.with(rules -> {
            rules.overflow = OVERFLOWS[number % OVERFLOWS.length];
            rules.envelopeOverflow = OVERFLOWS[(number + number / OVERFLOWS.length) % OVERFLOWS.length];
        });
    }

    private static void soak(Random random, Duration time) throws Exception {
        RouterSettings settings =
                new TestSettings().outboxBytes(256 << 10).inboxBytes(1 << 20).build();
        ExecutorService threads = Executors.newCachedThreadPool();
        List<SoakClient> clients = new ArrayList<>();
        List<Future<?>> running = new ArrayList<>();
        try (RouterHarness harness = new RouterHarness(settings, name -> rules(name.name()))) {
            for (int i = 0; i < MEMBERS + PUBLISHERS; i++) {
                Random own = new Random(random.nextLong());
                clients.add(i < MEMBERS ? new SoakMember(harness, own) : new SoakPublisher(harness, own));
            }
            for (SoakClient client : clients) {
                running.add(threads.submit(client));
            }
            new SoakWatch(harness, clients, running, new Random(random.nextLong()), time).run();
            // Members first, because publishers may be waiting for them.
            clients.forEach(SoakClient::end);
            for (Future<?> client : running) {
                client.get(60, TimeUnit.SECONDS);
            }
            assertNothingIsLeft(harness);
        } finally {
            clients.forEach(SoakClient::end);
            threads.shutdownNow();
        }
    }

    private static void assertNothingIsLeft(RouterHarness harness) {
        harness.awaitGauge("porthouse.connections", 0);
        // Of what is left, the read buffer that each puddle keeps; that nothing is when the router stops is the
        // harness's.
        await("bytes in use").until(harness.router::usedBytes, used -> used <= (long) PUDDLES * ReadBlocks.BLOCK_BYTES);
        for (String lane : List.of("control", "messages", "chunks")) {
            assertThat(harness.gauge("porthouse.lag.bytes", "lane", lane))
                    .as(lane)
                    .isZero();
        }
        for (String gauge : List.of(
                "porthouse.sessions.lagging",
                "porthouse.publishers.suspended",
                "porthouse.envelopes.open",
                "porthouse.inbox.bytes",
                "porthouse.rooms",
                "porthouse.tokens")) {
            assertThat(harness.gauge(gauge)).as(gauge).isZero();
        }
        assertThat(harness.counter("porthouse.received.messages")).isPositive();
        assertThat(harness.counter("porthouse.received.chunks")).isPositive();
    }
}
