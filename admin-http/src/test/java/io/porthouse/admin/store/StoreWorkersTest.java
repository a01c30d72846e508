package io.porthouse.admin.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.porthouse.admin.store.StoreUnavailableException.Reason;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StoreWorkersTest {

    private final AtomicLong nanoTime = new AtomicLong();
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final StoreWorkers workers = new StoreWorkers("test", 1, 2, Duration.ofSeconds(2), nanoTime::get, metrics);
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    @AfterEach
    void close() {
        released.countDown();
        workers.close();
    }

    private CompletableFuture<String> occupy() throws InterruptedException {
        CompletableFuture<String> busy = workers.submit(() -> {
            started.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return Thread.currentThread().getName();
        });
        assertThat(started.await(60, TimeUnit.SECONDS)).isTrue();
        return busy;
    }

    @Test
    void workIsDoneElsewhere() throws Exception {
        CompletableFuture<String> busy = occupy();
        released.countDown();
        assertThat(busy.get(60, TimeUnit.SECONDS)).isEqualTo("porthouse-store-test-1");
    }

    @Test
    void whatFindsTheQueueFullFailsAtOnceAndIsCounted() throws Exception {
        CompletableFuture<String> busy = occupy();
        CompletableFuture<Integer> first = workers.submit(() -> 1);
        CompletableFuture<Integer> second = workers.submit(() -> 2);
        assertThat(metrics.get("porthouse.store.waiting").gauge().value()).isEqualTo(2);

        CompletableFuture<Integer> third = workers.submit(() -> 3);

        assertThat(third).isCompletedExceptionally();
        assertBusy(third);
        assertThat(metrics.get("porthouse.store.refused").counter().count()).isEqualTo(1);
        released.countDown();
        assertThat(first.get(60, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(second.get(60, TimeUnit.SECONDS)).isEqualTo(2);
        assertThat(busy).isCompleted();
    }

    @Test
    void whatHasWaitedTooLongIsNotDoneAnyMore() throws Exception {
        CompletableFuture<String> busy = occupy();
        CompletableFuture<Integer> late = workers.submit(() -> 1);
        nanoTime.addAndGet(Duration.ofSeconds(2).toNanos() + 1);
        CompletableFuture<Integer> inTime = workers.submit(() -> 2);
        released.countDown();

        assertThat(inTime.get(60, TimeUnit.SECONDS)).isEqualTo(2);
        assertThat(busy).isCompleted();
        assertBusy(late);
    }

    @Test
    void whatThrowsFailsAndHurtsNobody() throws Exception {
        CompletableFuture<Integer> failing = workers.submit(() -> {
            throw new IllegalStateException("no");
        });
        assertThat(catchThrowable(failing::join)).hasCauseInstanceOf(IllegalStateException.class);
        assertThat(workers.submit(() -> 1).get(60, TimeUnit.SECONDS)).isEqualTo(1);
    }

    @Test
    void whenItIsClosedItFinishesAndTakesNoMore() throws Exception {
        CompletableFuture<String> busy = occupy();
        CompletableFuture<Integer> waiting = workers.submit(() -> 1);
        released.countDown();
        workers.close();
        assertThat(busy).isCompleted();
        assertThat(waiting).isCompletedWithValue(1);
        assertBusy(workers.submit(() -> 2));
    }

    private static void assertBusy(CompletableFuture<?> future) {
        Throwable e = catchThrowable(future::join);
        assertThat(e).isInstanceOf(CompletionException.class);
        assertThat(((StoreUnavailableException) e.getCause()).reason()).isEqualTo(Reason.BUSY);
    }
}
