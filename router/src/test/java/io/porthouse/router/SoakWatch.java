package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.RoomName;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Watches a soak, each third of its time apart: what the router holds in buffers, what the heap holds, and that everybody
 * gets on. Changes the rules of the rooms meanwhile.
 */
final class SoakWatch {

    private static final int THIRDS = 3;
    private static final long SAMPLE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final int SAMPLES_A_CHANGE = 40;

    /** Each collection of garbage stops everything for a moment. */
    private static final int HEAP_SAMPLES = 8;

    /** Means differ from one third to the other, as what happens does. */
    private static final double MOST_GROWTH = 2;

    private static final long GROWTH_SLACK_BYTES = 1 << 20;

    /** The least that is alive differs by what the clients read, and by the traces of the leak detector. */
    private static final long HEAP_SLACK_BYTES = 8 << 20;

    private final RouterHarness harness;
    private final List<? extends SoakClient> clients;
    private final List<Future<?>> running;
    private final Random random;
    private final long nanos;

    private final double[] meanBytes = new double[THIRDS];
    private final long[] leastHeapBytes = new long[THIRDS];

    SoakWatch(
            RouterHarness harness,
            List<? extends SoakClient> clients,
            List<Future<?>> running,
            Random random,
            Duration time) {
        this.harness = harness;
        this.clients = clients;
        this.running = running;
        this.random = random;
        this.nanos = time.toNanos();
    }

    /** Returns when the time is over. */
    void run() throws Exception {
        // A machine that begins slowly would have less in use in the first third.
        await("everybody's first").until(() -> Arrays.stream(progress()).allMatch(each -> each > 0));
        for (int third = 0; third < THIRDS; third++) {
            long[] before = progress();
            watch(third);
            long[] after = progress();
            for (int i = 0; i < clients.size(); i++) {
                assertThat(after[i])
                        .as("messages and chunks of %s in third %s", clients.get(i), third)
                        .isGreaterThan(before[i]);
            }
        }
        assertThat(meanBytes[0]).as("bytes in use in the first third").isPositive();
        assertThat(meanBytes[THIRDS - 1])
                .as("bytes in use in the last third")
                .isLessThan(meanBytes[0] * MOST_GROWTH + GROWTH_SLACK_BYTES);
        assertThat(leastHeapBytes[THIRDS - 1])
                .as("bytes of the heap in the last third")
                .isLessThan(leastHeapBytes[0] + HEAP_SLACK_BYTES);
    }

    private long[] progress() {
        return clients.stream().mapToLong(client -> client.progress.get()).toArray();
    }

    private void watch(int third) throws Exception {
        long sum = 0;
        int samples = 0;
        long[] heap = new long[HEAP_SAMPLES];
        int heapSamples = 0;
        long start = System.nanoTime();
        for (long at = 0; at < nanos / THIRDS; at = System.nanoTime() - start) {
            sum += harness.router.usedBytes();
            if (++samples % SAMPLES_A_CHANGE == 0) {
                changeRules();
            }
            if (heapSamples < HEAP_SAMPLES && at >= nanos / THIRDS * (heapSamples + 1) / (HEAP_SAMPLES + 1)) {
                heap[heapSamples++] = usedHeapBytes();
            }
            for (Future<?> client : running) {
                if (client.isDone()) {
                    client.get();
                }
            }
            LockSupport.parkNanos(SAMPLE_NANOS);
        }
        meanBytes[third] = (double) sum / samples;
        leastHeapBytes[third] = Arrays.stream(heap, 0, heapSamples).min().orElseThrow();
    }

    private void changeRules() throws Exception {
        Overflow[] all = Overflow.values();
        RoomName room = new RoomName(RouterHarness.ACCOUNT, "r" + random.nextInt(SoakClient.ROOMS));
        harness.tokens.putRoom(room, TestRules.with(rules -> {
            rules.overflow = all[random.nextInt(all.length)];
            rules.envelopeOverflow = all[random.nextInt(all.length)];
        }));
        harness.router.refreshRooms(List.of(room)).toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    /** Returns what a collection of all garbage has left; what is used afterwards is much more in no time. */
    private static long usedHeapBytes() {
        ManagementFactory.getMemoryMXBean().gc();
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP && pool.getCollectionUsage() != null)
                .mapToLong(pool -> pool.getCollectionUsage().getUsed())
                .sum();
    }
}
