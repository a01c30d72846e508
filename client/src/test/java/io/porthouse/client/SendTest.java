package io.porthouse.client;

import static io.porthouse.client.ScriptedRouter.LOBBY;
import static io.porthouse.client.ScriptedRouter.failure;
import static io.porthouse.client.ScriptedRouter.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.client.ScriptedRouter.Received;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SendTest {

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
    void aTextArrivesAsItWasSent() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<SendReceipt> receipt = pair.connection().send("lobby", "grüße");
            Received frame = pair.router().read(FrameType.ENVELOPE);
            assertThat(frame.text()).isEqualTo("grüße");
            assertThat(frame.flags()).isEqualTo(Flags.TEXT | Flags.RECEIPT);
            assertThat(frame.room()).isEqualTo(LOBBY);

            assertThat(receipt).isNotDone();
            pair.router().receipt(LOBBY, frame.correlation(), 42, 3);
            assertThat(soon(receipt)).isEqualTo(new SendReceipt("acme/lobby", 42, 3, true));
        }
    }

    @Test
    void bytesGoToTheDefaultRoomUnmarked() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<SendReceipt> receipt = pair.connection().send(new byte[] {1, 2, 3});
            Received frame = pair.router().read(FrameType.ENVELOPE);
            assertThat(frame.flags()).isEqualTo(Flags.RECEIPT);
            assertThat(frame.room()).isEqualTo(LOBBY);
            pair.router().receipt(LOBBY, frame.correlation(), 1, 0);
            assertThat(soon(receipt).recipients()).isZero();
        }
    }

    @Test
    void aPostAsksForNothing() throws Exception {
        try (var pair = router.connect(router.options())) {
            pair.connection().post("acme/lobby", "x");
            Received frame = pair.router().read(FrameType.ENVELOPE);
            assertThat(frame.flags()).isEqualTo(Flags.TEXT);
            assertThat(frame.correlation()).isZero();
        }
    }

    @Test
    void oneReceiptCoversWhatWasSentBefore() throws Exception {
        try (var pair = router.connect(router.options())) {
            List<CompletableFuture<SendReceipt>> receipts = new ArrayList<>();
            long last = 0;
            for (int i = 0; i < 3; i++) {
                receipts.add(pair.connection().send("lobby", "m" + i));
                long correlation = pair.router().read(FrameType.ENVELOPE).correlation();
                assertThat(correlation).isGreaterThan(last);
                last = correlation;
            }
            pair.router().receipt(LOBBY, last, 9, 2);
            assertThat(soon(receipts.get(0))).isEqualTo(new SendReceipt("acme/lobby", 0, 2, false));
            assertThat(soon(receipts.get(1)).exact()).isFalse();
            assertThat(soon(receipts.get(2))).isEqualTo(new SendReceipt("acme/lobby", 9, 2, true));
        }
    }

    @Test
    void anErrorFailsItsOwnMessageOnly() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<SendReceipt> bad = pair.connection().send("lobby", "bad");
            CompletableFuture<SendReceipt> good = pair.connection().send("lobby", "good");
            long badNumber = pair.router().read(FrameType.ENVELOPE).correlation();
            long goodNumber = pair.router().read(FrameType.ENVELOPE).correlation();
            pair.router().control(new ControlBody.Refusal(104, "rate-limited", null, null, null), LOBBY, badNumber);
            pair.router().receipt(LOBBY, goodNumber, 1, 1);

            PorthouseException refusal = failure(bad);
            assertThat(refusal.kind()).isEqualTo(Kind.REJECTED);
            assertThat(refusal.code()).isEqualTo(ErrorCode.RATE_LIMITED.number());
            assertThat(soon(good).recipients()).isEqualTo(1);
        }
    }

    @Test
    void correlationsRiseAcrossThreads() throws Exception {
        int threads = 4;
        int each = 500;
        try (var pair = router.connect(router.options())) {
            List<CompletableFuture<Void>> senders = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                senders.add(CompletableFuture.runAsync(() -> {
                    for (int i = 0; i < each; i++) {
                        assertThat(pair.connection().send("lobby", "x")).isNotNull();
                    }
                }));
            }
            long last = 0;
            for (int i = 0; i < threads * each; i++) {
                long correlation = pair.router().read(FrameType.ENVELOPE).correlation();
                assertThat(correlation).isGreaterThan(last);
                last = correlation;
            }
            for (CompletableFuture<Void> sender : senders) {
                soon(sender);
            }
            pair.router().receipt(LOBBY, last, 1, 1);
        }
    }

    @Test
    void whatCannotBeSentSaysWhy() throws Exception {
        try (var pair = router.connect(router.options())) {
            Connection connection = pair.connection();
            assertThatThrownBy(() -> connection.send("elsewhere", "x"))
                    .hasMessageContaining("acme/elsewhere is not held")
                    .hasMessageContaining("held: acme/lobby, acme/side");
            assertThatThrownBy(() -> connection.send("no such/name", "x")).hasMessageContaining("not a room's name");
            assertThatThrownBy(() -> connection.send("side", "x"))
                    .isInstanceOfSatisfying(
                            PorthouseException.class, e -> assertThat(e.code()).isEqualTo(110));
            byte[] large = new byte[Frame.DEFAULT_MAX_FRAME_BYTES - Frame.HEADER_BYTES + 1];
            assertThatThrownBy(() -> connection.send("lobby", large))
                    .isInstanceOfSatisfying(
                            PorthouseException.class, e -> assertThat(e.code()).isEqualTo(103))
                    .hasMessageContaining("envelope");
        }
    }

    @Test
    void theLargestMessageThatFitsIsSent() throws Exception {
        byte[] largest = new byte[Frame.DEFAULT_MAX_FRAME_BYTES - Frame.HEADER_BYTES];
        try (var pair = router.connect(router.options())) {
            pair.connection().post("lobby", largest);
            assertThat(pair.router().read(FrameType.ENVELOPE).frame().capacity())
                    .isEqualTo(Frame.DEFAULT_MAX_FRAME_BYTES);
        }
    }

    @Test
    void aFullBufferIsAFailureWithAName() throws Exception {
        var options = router.options().sendBufferBytes(64 << 10).sendTimeout(Duration.ofMillis(300));
        try (var pair = router.connect(options)) {
            byte[] payload = new byte[32 << 10];
            // The router does not read: first the sockets fill, then the buffer.
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 10_000; i++) {
                            pair.connection().post("lobby", payload);
                        }
                    })
                    .isInstanceOfSatisfying(
                            PorthouseException.class, e -> assertThat(e.kind()).isEqualTo(Kind.FULL))
                    .hasMessageContaining("the send buffer is full");
        }
    }

    @Test
    void outstandingReceiptsAreBounded() throws Exception {
        var options = router.options().maxUnacknowledged(2).sendTimeout(Duration.ofMillis(300));
        try (var pair = router.connect(options)) {
            Connection connection = pair.connection();
            CompletableFuture<SendReceipt> first = connection.send("lobby", "1");
            CompletableFuture<SendReceipt> second = connection.send("lobby", "2");
            assertThatThrownBy(() -> connection.send("lobby", "3")).hasMessageContaining("2 receipts are outstanding");
            connection.post("lobby", "posts need none");

            long number = pair.router().read(FrameType.ENVELOPE).correlation();
            pair.router().receipt(LOBBY, number, 1, 1);
            assertThat(soon(first).exact()).isTrue();
            assertThat(connection.send("lobby", "4")).isNotDone();
            assertThat(second).isNotDone();
        }
    }

    @Test
    void aWaitingSenderGoesOnWhenTheRouterReads() throws Exception {
        int messages = 2_000;
        byte[] payload = new byte[16 << 10];
        try (var pair = router.connect(router.options().sendBufferBytes(64 << 10))) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < messages; i++) {
                    pair.connection().post("lobby", payload);
                }
            });
            for (int i = 0; i < messages; i++) {
                assertThat(pair.router().read(FrameType.ENVELOPE).frame().capacity())
                        .isEqualTo(payload.length + Frame.HEADER_BYTES);
            }
            soon(sending);
        }
    }

    @Test
    void theEndFailsWhatIsOutstanding() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<SendReceipt> receipt = pair.connection().send("lobby", "x");
            pair.router().read(FrameType.ENVELOPE);
            pair.router().control(new ControlBody.Close(3500, "token-revoked", null), 0, 0);
            assertThat(failure(receipt).code()).isEqualTo(3500);
            await().untilAsserted(() -> assertThatThrownBy(
                            () -> pair.connection().post("lobby", "y"))
                    .isInstanceOfSatisfying(
                            PorthouseException.class, e -> assertThat(e.code()).isEqualTo(3500)));
        }
    }

    @Test
    void withdrawalFailsTheReceiptsOfItsRoom() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<SendReceipt> receipt = pair.connection().send("lobby", "x");
            pair.router().read(FrameType.ENVELOPE);
            pair.router().control(new ControlBody.Withdrawn("acme/lobby", "withdrawn"), LOBBY, 0);
            assertThat(failure(receipt)).hasMessageContaining("acme/lobby was left or withdrawn");
            assertThatThrownBy(() -> pair.connection().send("x")).hasMessageContaining("no longer held");
        }
    }

    @Test
    void joiningAndLeaving() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<RoomGrant> join = pair.connection().join("extra");
            Received request = pair.router().read(FrameType.JOIN);
            assertThat(request.as(ControlBody.Join.class)).isEqualTo(new ControlBody.Join("acme/extra", false));
            pair.router()
                    .control(
                            ScriptedRouter.grant("acme/extra", Set.of(Right.WRITE), 5, "join"),
                            9,
                            request.correlation());
            assertThat(soon(join)).isEqualTo(new RoomGrant("acme/extra", Set.of(Right.WRITE), "e1", 5, "join"));
            assertThat(pair.connection().rooms()).contains("acme/extra");

            CompletableFuture<Void> leave = pair.connection().leave("extra");
            Received leaving = pair.router().read(FrameType.LEAVE);
            assertThat(leaving.room()).isEqualTo(9);
            pair.router().control(new ControlBody.Withdrawn("acme/extra", "left"), 9, leaving.correlation());
            soon(leave);
            assertThat(pair.connection().rooms()).doesNotContain("acme/extra");
        }
    }

    @Test
    void aRefusedJoinFailsItsFuture() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<RoomGrant> join = pair.connection().join("extra");
            long number = pair.router().read(FrameType.JOIN).correlation();
            pair.router().control(new ControlBody.Refusal(108, "room full", "acme/extra", null, null), 0, number);
            assertThat(failure(join).code()).isEqualTo(ErrorCode.ROOM_FULL.number());
        }
    }

    @Test
    void theNetworkThreadNeverWaits() throws Exception {
        try (var pair = router.connect(router.options().maxUnacknowledged(1))) {
            CompletableFuture<SendReceipt> first = pair.connection().send("lobby", "1");
            CompletableFuture<SendReceipt> fromNetworkThread = first.thenCompose(receipt -> pair.connection()
                    .send("lobby", "2")
                    .applyToEither(pair.connection().send("lobby", "3"), either -> either));
            pair.router().receipt(LOBBY, pair.router().read(FrameType.ENVELOPE).correlation(), 1, 1);
            assertThatThrownBy(() -> soon(fromNetworkThread))
                    .rootCause()
                    .hasMessageContaining("the connection's own thread cannot wait");
        }
    }
}
