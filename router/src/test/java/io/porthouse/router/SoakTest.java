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
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Envelopes and messages, members of every speed, cancels, joins, leaves and broken connections at random, under every rule:
 * what each is told is in order, what the router holds does not grow, and nothing is left when all have gone.
 */
final class SoakTest {

    /** {@code -Dporthouse.soak.seconds=N}: for who can't wait for a minute. */
    private static final int SECONDS = Integer.getInteger("porthouse.soak.seconds", 60);

    private static final int MEMBERS = 12;
    private static final int PUBLISHERS = 4;
    private static final int PUDDLES = 2;
    private static final long SAMPLE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** Means differ from one third to the other, as what happens does. */
    private static final double MOST_GROWTH = 2;

    private static final long GROWTH_SLACK_BYTES = 1 << 20;

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

    private static RoomRules rules(String room) {
        Overflow[] all = Overflow.values();
        int number = room.charAt(room.length() - 1) - '0';
        return TestRules.with(rules -> {
            rules.overflow = all[number % all.length];
            rules.envelopeOverflow = all[(number + number / all.length) % all.length];
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
            watch(harness, running, time);
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

    /** Samples what is in use until the time is over. */
    private static void watch(RouterHarness harness, List<Future<?>> running, Duration time) throws Exception {
        long[] sums = new long[3];
        long[] counts = new long[3];
        long start = System.nanoTime();
        for (long at = 0; at < time.toNanos(); at = System.nanoTime() - start) {
            int third = (int) (at * 3 / time.toNanos());
            sums[third] += harness.router.usedBytes();
            counts[third]++;
            for (Future<?> client : running) {
                if (client.isDone()) {
                    client.get();
                }
            }
            LockSupport.parkNanos(SAMPLE_NANOS);
        }
        double first = (double) sums[0] / counts[0];
        double last = (double) sums[2] / counts[2];
        assertThat(first).as("bytes in use in the first third").isPositive();
        assertThat(last).as("bytes in use in the last third").isLessThan(first * MOST_GROWTH + GROWTH_SLACK_BYTES);
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
