package io.porthouse.client;

import static io.porthouse.client.ScriptedRouter.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.Right;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SendSpaceTest {

    private static final int LIMIT_BYTES = 1 << 20;
    private static final int FRAME_BYTES = 1 << 10;

    private final ReentrantLock lock = new ReentrantLock();
    private final EventLoop loop = new DefaultEventLoop();
    private final Rooms.Held room = new Rooms.Held(1, "acme/lobby", Set.of(Right.WRITE));
    private final SendSpace space = new SendSpace(
            lock,
            loop,
            ConnectOptions.to("tcp://token@127.0.0.1:1")
                    .sendBufferBytes(LIMIT_BYTES)
                    .sendTimeout(Duration.ofSeconds(2))
                    .build(),
            () -> false,
            () -> true);

    @AfterEach
    void stop() {
        var unused = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private void locked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    @Test
    void aPauseThatBeginsDuringAWaitTakesItsLimitAway() throws Exception {
        locked(() -> space.queued(LIMIT_BYTES));
        CompletableFuture<Void> sent = new CompletableFuture<>();
        Thread sender = new Thread(
                () -> {
                    try {
                        locked(() -> space.awaitChunk(room, FRAME_BYTES, false));
                        sent.complete(null);
                    } catch (PorthouseException e) {
                        sent.completeExceptionally(e);
                    }
                },
                "test-sender");
        sender.setDaemon(true);
        sender.start();
        await().pollInterval(Duration.ofMillis(5)).until(() -> sender.getState() == Thread.State.TIMED_WAITING);
        room.paused = true;

        // What begins to wait now, and has its limit, has waited for longer than the sender's limit was.
        assertThatThrownBy(() -> locked(() -> space.awaitSpace(FRAME_BYTES, false)))
                .isInstanceOfSatisfying(
                        PorthouseException.class, e -> assertThat(e.kind()).isEqualTo(Kind.FULL));
        room.paused = false;
        locked(() -> {
            space.written(LIMIT_BYTES);
            space.flowChanged();
        });
        soon(sent);
    }
}
