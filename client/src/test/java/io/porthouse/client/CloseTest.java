package io.porthouse.client;

import static io.porthouse.client.ScriptedRouter.LOBBY;
import static io.porthouse.client.ScriptedRouter.failure;
import static io.porthouse.client.ScriptedRouter.soon;
import static io.porthouse.client.ScriptedRouter.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.FrameType;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CloseTest {

    private ScriptedRouter router;

    @BeforeEach
    void start() throws Exception {
        router = new ScriptedRouter();
    }

    @AfterEach
    void stop() throws Exception {
        router.close();
    }

    @Test
    void closingFlushesAwaitsReceiptsSaysGoodbyeAndWaitsForTheEnd() throws Exception {
        var pair = router.connect(router.options());
        pair.connection().post("lobby", "posted");
        CompletableFuture<SendReceipt> receipt = pair.connection().send("lobby", "sent");
        CompletableFuture<Void> closed = CompletableFuture.runAsync(pair.connection()::close);

        assertThat(pair.router().read(FrameType.ENVELOPE).text()).isEqualTo("posted");
        long number = pair.router().read(FrameType.ENVELOPE).correlation();
        assertThat(closed).isNotDone();
        pair.router().receipt(LOBBY, number, 1, 1);

        ControlBody.Close goodbye = pair.router().read(FrameType.CLOSE).as(ControlBody.Close.class);
        assertThat(goodbye.code()).isEqualTo(1000);
        assertThat(receipt).isCompleted();
        assertThat(closed).isNotDone();
        pair.router().close();
        soon(closed);
        pair.connection().close();
    }

    @Test
    void pumpingIsConnectingSendingAndClosing() throws Exception {
        ConnectOptions options = router.options().build();
        CompletableFuture<SendReceipt> pumped = CompletableFuture.supplyAsync(() -> Porthouse.pump(options, "hello"));
        try (ScriptedRouter.Script peer = router.accept()) {
            peer.welcomeWithRooms();
            var message = peer.read(FrameType.ENVELOPE);
            assertThat(message.text()).isEqualTo("hello");
            peer.receipt(LOBBY, message.correlation(), 7, 3);
            peer.read(FrameType.CLOSE);
        }
        assertThat(soon(pumped)).isEqualTo(new SendReceipt("acme/lobby", 7, 3, true));
    }

    @Test
    void nothingIsSentOnceClosing() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<Void> closed = pair.connection().closeAsync();
            assertThatThrownBy(() -> pair.connection().post("lobby", "late"))
                    .isInstanceOfSatisfying(
                            PorthouseException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CLOSED));
            pair.router().read(FrameType.CLOSE);
            pair.router().close();
            soon(closed);
        }
    }

    @Test
    void aReceiptThatNeverComesFailsTheClose() throws Exception {
        try (var pair = router.connect(router.options().closeTimeout(Duration.ofMillis(200)))) {
            CompletableFuture<SendReceipt> receipt = pair.connection().send("lobby", "x");
            CompletableFuture<Void> closed = pair.connection().closeAsync();
            pair.router().read(FrameType.ENVELOPE);
            pair.router().read(FrameType.CLOSE);
            pair.router().close();
            assertThat(failure(closed)).hasMessageContaining("did not acknowledge everything within 200 ms");
            assertThat(failure(receipt).kind()).isEqualTo(Kind.IN_DOUBT);
        }
    }

    @Test
    void aRefusedMessageFailsTheClose() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<SendReceipt> receipt = pair.connection().send("lobby", "x");
            CompletableFuture<Void> closed = pair.connection().closeAsync();
            long number = pair.router().read(FrameType.ENVELOPE).correlation();
            pair.router().control(new ControlBody.Refusal(103, "too large", null, null, null), LOBBY, number);
            pair.router().read(FrameType.CLOSE);
            pair.router().close();
            assertThat(failure(closed).code()).isEqualTo(103);
            assertThat(failure(receipt).code()).isEqualTo(103);
        }
    }

    @Test
    void aRouterThatStaysIsLeft() throws Exception {
        try (var pair = router.connect(router.options().closeTimeout(Duration.ofMillis(200)))) {
            CompletableFuture<Void> closed = pair.connection().closeAsync();
            pair.router().read(FrameType.CLOSE);
            assertThat(failure(closed)).hasMessageContaining("did not close the connection within 200 ms");
            pair.router().awaitEnd();
        }
    }

    @Test
    void theRoutersEndFailsTheClose() throws Exception {
        try (var pair = router.connect(router.options())) {
            pair.router().control(new ControlBody.Close(3000, "going-away", 100L), 0, 0);
            pair.router().awaitEnd();
            assertThat(failure(pair.connection().closeAsync()).code()).isEqualTo(3000);
        }
    }

    @Test
    void aHandlerMayClose() throws Exception {
        CompletableFuture<String> end = new CompletableFuture<>();
        CompletableFuture<Connection> connection = new CompletableFuture<>();
        var options = router.options()
                .onMessage(message -> connection.join().close())
                .events(new ConnectionEvents() {
                    @Override
                    public void onEnded(@Nullable PorthouseException cause) {
                        end.complete(String.valueOf(cause));
                    }
                });
        try (var pair = router.connect(options)) {
            connection.complete(pair.connection());
            pair.router().write(out -> text(out, LOBBY, 1, "enough"));
            pair.router().read(FrameType.CLOSE);
            pair.router().close();
            assertThat(soon(end)).isEqualTo("null");
        }
    }

    @Test
    void closingIsPossibleWhileAHandlerIsStuckAndTheBufferFull() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        var options = router.options().receiveBufferBytes(64 << 10).onMessage(message -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        try (var pair = router.connect(options)) {
            CompletableFuture<SendReceipt> receipt = pair.connection().send("lobby", "x");
            long number = pair.router().read(FrameType.ENVELOPE).correlation();
            byte[] payload = new byte[16 << 10];
            CompletableFuture<Void> flood = CompletableFuture.runAsync(() -> {
                for (int i = 1; i <= 1_000; i++) {
                    pair.router().message(LOBBY, i, 0, payload);
                }
                pair.router().receipt(LOBBY, number, 1, 1);
            });
            CompletableFuture<Void> closed = pair.connection().closeAsync();
            soon(flood);
            pair.router().read(FrameType.CLOSE);
            pair.router().close();
            soon(closed);
            assertThat(receipt).isCompleted();
            release.countDown();
        }
    }

    @Test
    void theNetworkThreadCannotWaitForItsOwnEnd() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<SendReceipt> receipt = pair.connection().send("lobby", "x");
            CompletableFuture<Void> closing = receipt.thenRun(pair.connection()::close);
            pair.router().receipt(LOBBY, pair.router().read(FrameType.ENVELOPE).correlation(), 1, 1);
            assertThatThrownBy(() -> soon(closing)).rootCause().hasMessageContaining("closeAsync()");
        }
    }
}
