package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What depends on how sockets are read and written, over each kernel interface that this machine has. */
@ParameterizedClass
@EnumSource
final class TransportTest {

    private static final int SENDERS = 4;
    private static final int MESSAGES = 60;
    private static final int WAITING = 100;

    @Parameter
    Transport transport;

    private RouterHarness harness;
    private ManualTokenSource source;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(transport.isAvailable());
        AtomicReference<ManualTokenSource> made = new AtomicReference<>();
        harness = new RouterHarness(
                new TestSettings().transport(transport).inboxBytes(4 << 20).build(),
                name -> RoomRules.DEFAULT,
                tokens -> {
                    made.set(new ManualTokenSource(tokens));
                    return made.get();
                });
        source = made.get();
    }

    @AfterEach
    void stop() {
        if (harness != null) {
            harness.close();
        }
    }

    @Test
    void aMessageComesByteByByteAndGoesToBothLoops() throws Exception {
        TestClient sender = harness.connect("one");
        List<TestClient> readers = List.of(harness.connect("one"), harness.connect("one"));
        for (int i = 0; i < 10; i++) {
            sender.sendBytewise(TestClient.receiptMessage(sender.handle("acme/one"), i + 2, "message " + i));
            for (TestClient reader : readers) {
                reader.expectMessage("message " + i);
            }
            sender.expectReceipt(i + 2);
        }
    }

    @Test
    void framesOfAllSizesFromManySendersArriveUnchanged() throws Exception {
        // Nothing is to be lost, however slow the reader.
        RouterSettings settings =
                new TestSettings().transport(transport).outboxBytes(512 << 20).build();
        try (RouterHarness roomy = new RouterHarness(settings)) {
            TestClient reader = roomy.connect("one");
            List<Background> sending = new ArrayList<>();
            Map<Integer, Random> expected = new HashMap<>();
            for (int i = 0; i < SENDERS; i++) {
                TestClient sender = roomy.dial();
                sender.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['one'],'receive':false}");
                int seed = i;
                expected.put(sender.origin(), new Random(seed));
                sending.add(Background.start(() -> sendFramesOfAllSizes(sender, seed)));
            }
            for (int i = 0; i < SENDERS * MESSAGES; i++) {
                Received received = reader.expect(FrameType.ENVELOPE);
                assertThat(received.sequence()).isEqualTo(i + 1);
                byte[] body = nextBody(expected.get(received.origin()));
                assertThat(Arrays.equals(received.body(), body))
                        .as("body %d", i)
                        .isTrue();
            }
            for (Background each : sending) {
                each.join();
            }
            // What was lent for large frames is given back when nobody sends any more.
            await().until(roomy.router::usedBytes, used -> used < 1 << 20);
        }
    }

    /** Every tenth is large, up to the largest there is. */
    private static byte[] nextBody(Random random) {
        boolean large = random.nextInt(10) == 0;
        byte[] body = new byte[random.nextInt(large ? (2 << 20) - 23 : 20_000)];
        random.nextBytes(body);
        return body;
    }

    private static void sendFramesOfAllSizes(TestClient sender, int seed) throws IOException {
        Random random = new Random(seed);
        Random cuts = new Random(seed + 1000L);
        int room = sender.handle("acme/one");
        for (int i = 0; i < MESSAGES; ) {
            byte[][] burst = new byte[Math.min(MESSAGES - i, 1 + cuts.nextInt(5))][];
            for (int j = 0; j < burst.length; j++) {
                burst[j] = TestClient.frame(FrameType.ENVELOPE, 0, room, 0, nextBody(random));
            }
            byte[] bytes = TestClient.concat(burst);
            for (int at = 0; at < bytes.length; ) {
                int end = Math.min(bytes.length, at + 1 + cuts.nextInt(300_000));
                sender.send(Arrays.copyOfRange(bytes, at, end));
                at = end;
            }
            i += burst.length;
        }
    }

    @Test
    void framesAsLargeAsAllowedFollowOneAnother() throws Exception {
        TestClient sender = harness.connect("one");
        TestClient reader = harness.connect("one");
        byte[] body = new byte[(2 << 20) - 24];
        new Random(7).nextBytes(body);
        try (Background sending = Background.start(() -> {
            for (int i = 0; i < 3; i++) {
                sender.send(TestClient.frame(FrameType.ENVELOPE, 0, sender.handle("acme/one"), 0, body));
            }
        })) {
            for (int i = 0; i < 3; i++) {
                assertThat(reader.expect(FrameType.ENVELOPE).body()).isEqualTo(body);
            }
            sending.join();
        }
    }

    @Test
    void anEnvelopePausesForASlowMemberAndArrivesWhole() throws Exception {
        byte[] payload = new byte[30 << 20];
        new Random(3).nextBytes(payload);
        TestClient sender = harness.connect("one");
        TestClient slow = harness.dialSlow();
        slow.hello(RouterHarness.SECRET, "one");
        try (Background sending = Background.start(() -> {
            for (byte[] frame : Chunks.of(sender.handle("acme/one"), 1, payload, 1 << 20, 2)) {
                sender.send(frame);
            }
        })) {
            harness.awaitGauge("porthouse.publishers.suspended", 1);
            assertThat(harness.router.usedBytes()).isLessThan(16 << 20);
            assertThat(Arrays.equals(Chunks.receiveWhole(slow), payload)).isTrue();
            sending.join();
        }
        assertThat(sender.seek(FrameType.RECEIPT).sequence()).isEqualTo(2);
    }

    @Test
    void whoEndsItsStreamWhileItIsNotReadIsServedToTheEnd() throws Exception {
        TestClient reader = harness.connect("one");
        harness.put(
                "late-token-0123456789",
                new TokenState(
                        "late",
                        RouterHarness.ACCOUNT,
                        List.of(new Grant(RouterHarness.ACCOUNT, "one", false, RouterHarness.READ_WRITE, true)),
                        10,
                        null,
                        false));
        source.holdTokens();
        TestClient client = harness.dial();
        client.send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'late-token-0123456789'}"));
        ManualTokenSource.Read<?> read = source.takeTokenRead();
        byte[] body = new byte[200_000];
        for (int i = 0; i < 4; i++) {
            client.send(TestClient.frame(FrameType.ENVELOPE, 0, 0, 0, body));
        }
        client.send(TestClient.receiptMessage(0, 2, "last words"));
        client.shutOutput();
        harness.awaitTicks(1);
        read.answer();
        client.expect(FrameType.WELCOME);
        client.expect(FrameType.GRANTED);
        client.expectReceipt(2);
        client.expectEnd();
        for (int i = 0; i < 4; i++) {
            assertThat(reader.expect(FrameType.ENVELOPE).body()).hasSize(200_000);
        }
        reader.expectMessage("last words");
    }

    @Test
    void whoWaitsForItsTokenPinsLittleMoreThanItHasSent() throws Exception {
        harness.put(
                "late-token-0123456789", new TokenState("late", RouterHarness.ACCOUNT, List.of(), 1000, null, false));
        source.holdTokens();
        byte[] hello = TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'late-token-0123456789'}");
        byte[] rest = TestClient.frame(FrameType.ENVELOPE, 0, 0, 2, new byte[20_000]);
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < WAITING; i++) {
            clients.add(harness.dial().send(hello, rest));
        }
        int sent = WAITING * (hello.length + rest.length);
        await().until(() -> harness.counter("porthouse.received.bytes") >= sent);
        assertThat(harness.router.usedBytes()).isLessThan(sent + sent / 4 + (512 << 10));
        source.takeTokenRead().answer();
        for (TestClient client : clients) {
            client.expect(FrameType.WELCOME);
            assertThat(client.expectError(ErrorCode.NOT_HELD).sequence()).isEqualTo(2);
        }
    }

    @Test
    void whoDoesNotReadLosesWhatItIsToldOf() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient slow = harness.dialSlow();
        slow.hello(RouterHarness.SECRET, "one");
        int room = publisher.handle("acme/one");
        byte[] message = TestClient.frame(FrameType.ENVELOPE, 0, room, 0, new byte[100_000]);
        for (int i = 1; i < 250; i++) {
            publisher.send(message);
        }
        publisher.send(TestClient.frame(FrameType.ENVELOPE, Flags.RECEIPT, room, 2, new byte[1]));
        publisher.expectReceipt(2);
        long next = 1;
        long lost = 0;
        while (next <= 250) {
            Received received = slow.receive();
            boolean isGap = received.type() == FrameType.GAP;
            assertThat(isGap ? received.buffer().getLong(0) : received.sequence())
                    .isEqualTo(next);
            next = isGap ? received.buffer().getLong(8) + 1 : next + 1;
            lost += isGap ? received.buffer().getLong(16) : 0;
        }
        assertThat(lost).isPositive();
    }

    @Test
    void anActivePublisherReadsWhyItIsClosed() throws Exception {
        for (int round = 0; round < 10; round++) {
            harness.grant(new Grant(RouterHarness.ACCOUNT, "one", false, RouterHarness.READ_WRITE, true));
            TestClient publisher = harness.connect();
            byte[] message = TestClient.frame(FrameType.ENVELOPE, 0, publisher.handle("acme/one"), 0, new byte[20_000]);
            try (Background publishing = Background.start(() -> {
                try {
                    while (true) {
                        publisher.send(message);
                    }
                } catch (IOException e) {
                    // Closed by the test.
                }
            })) {
                harness.tokens.remove(MemoryTokenSource.secretHash(RouterHarness.SECRET));
                harness.refreshToken(RouterHarness.TOKEN_ID);
                publisher.expectClose(CloseCode.TOKEN_REVOKED.number());
                publisher.close();
                publishing.join();
            }
        }
    }

    @Test
    void idleConnectionsHoldNoReadBuffers() throws Exception {
        for (int i = 0; i < 100; i++) {
            harness.connect("one");
        }
        await().until(harness.router::usedBytes, used -> used < 1 << 20);
    }

    @Test
    void theRouterSaysGoodbyeAndReleasesEverything() throws Exception {
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            clients.add(harness.connect("one"));
        }
        clients.add(harness.dial());
        // Who has not been accepted yet is reset by the system when nobody listens any more.
        harness.awaitGauge("porthouse.connections", clients.size());
        try (Background stopping = Background.start(harness.router::close)) {
            for (TestClient client : clients) {
                client.expectClose(CloseCode.GOING_AWAY.number());
                client.close();
            }
            stopping.join();
        }
        assertThat(harness.router.usedBytes()).isZero();
    }

    @Test
    void whoBreaksOffIsGone() throws Exception {
        TestClient other = harness.connect("one");
        harness.connect("one").reset();
        harness.awaitGauge("porthouse.connections", 1);
        other.send(TestClient.receiptMessage(other.handle("acme/one"), 2, "alone"));
        assertThat(other.expectReceipt(2).buffer().getInt(8)).isZero();
    }

    @Test
    void whoBreaksOffInTheMiddleOfAFrameIsGone() throws Exception {
        TestClient client = harness.connect("one");
        client.send(Arrays.copyOf(TestClient.message(client.handle("acme/one"), "never finished"), 30));
        client.reset();
        if (transport == Transport.IO_URING) {
            // Netty 4.2.18 may miss a reset that comes together with data there; then the heartbeat finds out.
            for (int i = 0; i < 2; i++) {
                harness.awaitTicks(3);
                harness.skip(Duration.ofSeconds(30));
            }
        }
        harness.awaitGauge("porthouse.connections", 0);
    }

    @Test
    void whoSaysNothingIsClosedInTime() throws Exception {
        TestClient silent = harness.dial();
        harness.awaitGauge("porthouse.handshakes", 1);
        harness.skip(Duration.ofSeconds(5));
        silent.expectClose(CloseCode.TIMEOUT.number());
    }
}
