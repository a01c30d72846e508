package io.porthouse.router;

import static io.porthouse.router.RouterHarness.ACCOUNT;
import static io.porthouse.router.RouterHarness.READ_WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Many at once: more than an inbox holds, more members than a few, more connections than a token may have. */
final class CrowdTest {

    private static final int SENDERS = 4;
    private static final int MESSAGES = 3000;
    private static final int BODY_BYTES = 1000;

    @Test
    void aFullInboxMakesPublishersWaitAndLosesNothing() throws Exception {
        RouterSettings settings =
                new TestSettings().inboxBytes(64 << 10).outboxBytes(512 << 20).build();
        try (RouterHarness harness = new RouterHarness(settings)) {
            List<TestClient> readers = List.of(harness.connect("one"), harness.connect("one"));
            List<Background> sending = new ArrayList<>();
            for (int i = 0; i < SENDERS; i++) {
                TestClient sender = harness.dial();
                sender.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['one'],'receive':false}");
                byte[] message =
                        TestClient.frame(FrameType.ENVELOPE, 0, sender.handle("acme/one"), 0, new byte[BODY_BYTES]);
                byte[][] messages = new byte[MESSAGES][];
                Arrays.fill(messages, message);
                sending.add(Background.start(() -> {
                    // Whoever ends its stream while it waits is routed to the end all the same.
                    sender.send(messages);
                    sender.shutOutput();
                    sender.expectEnd();
                }));
            }
            for (TestClient reader : readers) {
                Map<Integer, Integer> received = new HashMap<>();
                for (int i = 1; i <= SENDERS * MESSAGES; i++) {
                    Received message = reader.expect(FrameType.ENVELOPE);
                    assertThat(message.sequence()).isEqualTo(i);
                    received.merge(message.origin(), 1, Integer::sum);
                }
                assertThat(received.values()).containsOnly(MESSAGES).hasSize(SENDERS);
            }
            for (Background each : sending) {
                each.join();
            }
            assertThat(harness.gauge("porthouse.publishers.suspended")).isZero();
            assertThat(harness.gauge("porthouse.inbox.bytes")).isZero();
        }
    }

    @Test
    void aMessageReachesHundredsOfMembersOnBothLoops() throws Exception {
        int members = 400;
        try (RouterHarness harness = new RouterHarness()) {
            TestClient sender = harness.connect("one");
            List<TestClient> readers = new ArrayList<>();
            for (int i = 0; i < members; i++) {
                readers.add(harness.connect("one"));
            }
            sender.send(TestClient.receiptMessage(sender.handle("acme/one"), 2, "to all"));
            assertThat(sender.expectReceipt(2).buffer().getInt(8)).isEqualTo(members);
            for (TestClient reader : readers) {
                reader.expectMessage("to all");
            }
        }
    }

    @Test
    void ofManyThatConnectAtOnceExactlyAsManyAsAllowedGetIn() throws Exception {
        String secret = "crowd-token-0123456789";
        byte[] hello = TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + secret + "'}");
        try (RouterHarness harness = new RouterHarness()) {
            Grant one = new Grant(ACCOUNT, "one", false, READ_WRITE, true);
            harness.put(secret, new TokenState("crowd", ACCOUNT, List.of(one), 3, null, false));
            for (int round = 0; round < 20; round++) {
                List<TestClient> clients = new ArrayList<>();
                for (int i = 0; i < 10; i++) {
                    clients.add(harness.dial().send(hello));
                }
                int welcomed = 0;
                for (TestClient client : clients) {
                    Received first = client.receive();
                    if (first.type() == FrameType.WELCOME) {
                        welcomed++;
                    } else {
                        assertThat(first.json().get("code").asInt()).isEqualTo(CloseCode.TOO_MANY_CONNECTIONS.number());
                    }
                }
                assertThat(welcomed).isEqualTo(3);
                clients.forEach(TestClient::close);
                harness.awaitGauge("porthouse.connections", 0);
            }
        }
    }
}
