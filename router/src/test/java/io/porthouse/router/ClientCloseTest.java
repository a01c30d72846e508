package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The client is done: by CLOSE or by the end of its stream. What it said before is routed, and answered. */
final class ClientCloseTest {

    /** How a client says that it is done. */
    enum Goodbye {
        CLOSE,
        END_OF_STREAM,
        BOTH,
        CLOSE_TWICE;

        void say(TestClient client, byte[]... lastFrames) throws IOException {
            byte[] close = TestClient.json(FrameType.CLOSE, 0, 0, "{'code':1000}");
            byte[] last = TestClient.concat(lastFrames);
            client.send(
                    switch (this) {
                        case CLOSE, BOTH -> TestClient.concat(last, close);
                        case END_OF_STREAM -> last;
                        case CLOSE_TWICE -> TestClient.concat(last, close, close);
                    });
            if (this == END_OF_STREAM || this == BOTH) {
                client.shutOutput();
            }
        }
    }

    private RouterHarness harness;
    private TestClient leaver;
    private TestClient reader;
    private int room;

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness();
        leaver = harness.connect("one");
        reader = harness.connect("one");
        room = leaver.handle("acme/one");
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    @ParameterizedTest
    @EnumSource
    void whatCameBeforeIsRoutedAndItsReceiptIsSentThenTheStreamEnds(Goodbye goodbye) throws Exception {
        goodbye.say(leaver, TestClient.message(room, "first"), TestClient.receiptMessage(room, 2, "last"));
        leaver.expectReceipt(2);
        leaver.expectEnd();
        reader.expectMessage("first");
        reader.expectMessage("last");
    }

    @ParameterizedTest
    @EnumSource
    void manyReceiptsThatAreOutstandingAreAllCovered(Goodbye goodbye) throws Exception {
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (int i = 2; i <= 2001; i++) {
            frames.writeBytes(TestClient.receiptMessage(room, i, "message " + i));
        }
        goodbye.say(leaver, frames.toByteArray());
        long covered = 0;
        while (covered < 2001) {
            Received receipt = leaver.expect(FrameType.RECEIPT);
            assertThat(receipt.sequence()).isGreaterThan(covered);
            covered = receipt.sequence();
        }
        leaver.expectEnd();
    }

    @ParameterizedTest
    @EnumSource
    void itIsCountedOnceAsDone(Goodbye goodbye) throws Exception {
        goodbye.say(leaver);
        leaver.expectEnd();
        leaver.close();
        harness.awaitGauge("porthouse.connections", 1);
        assertThat(harness.closes(CloseCode.DONE)).isEqualTo(1);
        assertThat(totalCloses()).isEqualTo(1);
    }

    private double totalCloses() {
        return harness.metrics.get("porthouse.closes").counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }

    @Test
    void whoIsDoneAndNotGoneWhenTheRouterStopsIsCountedOnce() throws Exception {
        TestClient slow = harness.dialSlow();
        slow.hello(RouterHarness.SECRET, "one");
        fill();
        Goodbye.CLOSE.say(slow);
        await().until(() -> harness.closes(CloseCode.DONE) == 1);
        leaver.close();
        reader.close();
        harness.awaitGauge("porthouse.connections", 1);
        try (Background stopping = Background.start(harness.router::close)) {
            harness.awaitTicks(2);
            slow.reset();
            stopping.join();
        }
        assertThat(totalCloses()).isEqualTo(3);
    }

    /** Publishes more than the kernel takes for a member that reads nothing. */
    private void fill() throws Exception {
        byte[] message = TestClient.frame(FrameType.ENVELOPE, 0, room, 0, new byte[100_000]);
        for (int i = 0; i < 100; i++) {
            leaver.send(message);
        }
        leaver.send(TestClient.receiptMessage(room, 2, "the last one"));
        leaver.expectReceipt(2);
    }

    @Test
    void whatFollowsCloseIsIgnored() throws Exception {
        leaver.send(TestClient.concat(
                TestClient.json(FrameType.CLOSE, 0, 0, "{'code':1000}"), TestClient.message(room, "too late")));
        leaver.expectEnd();
        TestClient other = harness.connect("one");
        other.send(TestClient.message(room, "next"));
        reader.expectMessage("next");
    }

    @Test
    void halfAFrameBeforeTheEndOfTheStreamIsDropped() throws Exception {
        byte[] message = TestClient.message(room, "never finished");
        leaver.send(TestClient.message(room, "whole"), Arrays.copyOf(message, message.length - 1));
        leaver.shutOutput();
        leaver.expectEnd();
        reader.expectMessage("whole");
        TestClient other = harness.connect("one");
        other.send(TestClient.message(room, "next"));
        reader.expectMessage("next");
    }

    @Test
    void whoEndsItsStreamBeforeHelloIsSimplyGone() throws Exception {
        TestClient silent = harness.dial();
        silent.shutOutput();
        silent.expectEnd();
        harness.awaitGauge("porthouse.connections", 2);
        assertThat(harness.gauge("porthouse.handshakes")).isZero();
    }

    @Test
    void whoIsDoneIsAMemberNoLonger() throws Exception {
        Goodbye.CLOSE.say(leaver);
        leaver.expectEnd();
        reader.send(TestClient.receiptMessage(room, 2, "to nobody"));
        assertThat(reader.expectReceipt(2).buffer().getInt(8)).isZero();
    }

    @Test
    void whoIsDoneWhileOthersPublishSeesTheEndAndNoReset() throws Exception {
        AtomicBoolean enough = new AtomicBoolean();
        TestClient deaf = harness.dial();
        deaf.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['one'],'receive':false}");
        try (Background publishing = Background.start(() -> {
            while (!enough.get()) {
                deaf.send(TestClient.message(room, "on and on"));
            }
        })) {
            try (Background reading = Background.start(reader::drain)) {
                for (int i = 0; i < 20; i++) {
                    TestClient client = harness.connect("one");
                    Goodbye.CLOSE.say(client, TestClient.receiptMessage(room, 2, "last words"));
                    client.seek(FrameType.RECEIPT);
                    client.drain();
                    client.close();
                }
                enough.set(true);
                publishing.join();
                assertThat(harness.closes(CloseCode.DONE)).isEqualTo(20);
                reader.shutOutput();
                reading.join();
            }
        }
    }

    @Test
    void whoIsDoneAndDoesNotReadIsResetAfterFiveSeconds() throws Exception {
        TestClient slow = harness.dialSlow();
        slow.hello(RouterHarness.SECRET, "one");
        fill();
        harness.stopTime();
        Goodbye.END_OF_STREAM.say(slow);
        reader.close();
        leaver.close();
        harness.awaitGauge("porthouse.connections", 1);
        harness.skip(Duration.ofSeconds(4));
        harness.awaitTicks(2);
        assertThat(harness.gauge("porthouse.connections")).isEqualTo(1);
        harness.skip(Duration.ofSeconds(1));
        harness.awaitGauge("porthouse.connections", 0);
    }
}
