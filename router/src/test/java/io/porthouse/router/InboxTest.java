package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Many producers and one consumer: nothing is lost, each producer's order is kept, and the bytes come to 0. */
final class InboxTest {

    private static final int PRODUCERS = 4;
    private static final int ENTRIES = 50_000;

    private static final class Entry extends InboxEntry {
        final int producer;
        final int number;

        Entry(int producer, int number) {
            this.producer = producer;
            this.number = number;
        }

        @Override
        int pinnedBytes() {
            return OVERHEAD_BYTES + number % 7;
        }

        @Override
        void apply() {
            throw new IllegalStateException("only taken");
        }
    }

    @Test
    void nothingIsLostAndEachProducersOrderIsKept() throws Exception {
        Inbox inbox = new Inbox(Long.MAX_VALUE);
        CountDownLatch ready = new CountDownLatch(PRODUCERS);
        List<Thread> producers = new ArrayList<>();
        for (int producer = 0; producer < PRODUCERS; producer++) {
            int self = producer;
            Thread thread = new Thread(() -> {
                ready.countDown();
                for (int number = 0; number < ENTRIES; number++) {
                    inbox.offer(new Entry(self, number));
                }
            });
            producers.add(thread);
            thread.start();
        }
        ready.await();
        int[] next = new int[PRODUCERS];
        long polled = 0;
        int batch = 0;
        for (int taken = 0; taken < PRODUCERS * ENTRIES; ) {
            Entry entry = (Entry) inbox.poll();
            if (entry == null) {
                assertThat(Thread.currentThread().isInterrupted())
                        .as("waiting in vain behind %s", Arrays.toString(next))
                        .isFalse();
                Thread.onSpinWait();
                continue;
            }
            assertThat(entry.number).isEqualTo(next[entry.producer]++);
            polled += entry.pinnedBytes();
            taken++;
            if (++batch == 100) {
                assertThat(inbox.bytes()).isGreaterThanOrEqualTo(polled);
                inbox.settle(polled);
                polled = 0;
                batch = 0;
            }
        }
        inbox.settle(polled);
        for (Thread producer : producers) {
            producer.join();
        }
        assertThat(inbox.poll()).isNull();
        assertThat(inbox.isEmpty()).isTrue();
        assertThat(inbox.bytes()).isZero();
    }

    @Test
    void itIsFullAtItsLimitAndRelaxedAtHalfOfIt() {
        Inbox inbox = new Inbox(4L * InboxEntry.OVERHEAD_BYTES);
        for (int entries = 0; entries < 6; entries++) {
            assertThat(inbox.isFull()).as("with %d entries", entries).isEqualTo(entries >= 4);
            assertThat(inbox.isRelaxed()).as("with %d entries", entries).isEqualTo(entries <= 2);
            inbox.offer(new Entry(0, 0));
        }
        for (int entries = 6; entries > 0; entries--) {
            InboxEntry entry = inbox.poll();
            assertThat(inbox.isFull())
                    .as("what is taken counts until it is settled")
                    .isEqualTo(entries >= 4);
            inbox.settle(entry.pinnedBytes());
        }
        assertThat(inbox.isEmpty()).isTrue();
    }
}
