package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import io.porthouse.testkit.Vectors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that do what they should not: each gets its code, costs bounded memory, is counted, and disturbs nobody else. */
final class BadInputTest {

    private static final int MAX_FRAME_BYTES = 64 << 10;
    private static final Duration HEARTBEAT = Duration.ofSeconds(30);

    private RouterHarness harness;
    private TestClient writer;
    private TestClient reader;
    private int published;

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness(new TestSettings()
                .maxFrameBytes(MAX_FRAME_BYTES)
                .heartbeat(HEARTBEAT)
                .build());
        writer = harness.connect("one");
        reader = harness.connect("one");
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    /** Others in the room, on both loops, go on as before. */
    private void assertOthersUndisturbed() throws Exception {
        String text = "message " + ++published;
        writer.send(TestClient.message(writer.handle("acme/one"), text));
        assertThat(reader.seek(FrameType.ENVELOPE).text()).isEqualTo(text);
    }

    // ---- lengths

    static Stream<JsonNode> badStreams() throws IOException {
        return Vectors.read("streams").stream()
                .filter(vector -> vector.get("end").asText().startsWith("too-"));
    }

    @ParameterizedTest
    @MethodSource("badStreams")
    void aStreamThatGoesWrongIsClosedWhereItDoes(JsonNode vector) throws Exception {
        int maxFrame = vector.get("maxFrame").asInt();
        byte[] bytes = Vectors.bytes(vector.get("hex"));
        try (RouterHarness other = new RouterHarness(
                new TestSettings().maxFrameBytes(Math.max(16 << 10, maxFrame)).build())) {
            if (maxFrame < 16 << 10) {
                bytes = withLength(bytes, vector.get("rest").asInt(), (16 << 10) - 3);
            }
            boolean tooShort = vector.get("end").asText().equals("too-short");
            other.connect("one").send(bytes).seekClose(tooShort ? 3504 : 3505);
            TestClient slowly = other.connect("one");
            slowly.sendBytewise(bytes);
            slowly.seekClose(tooShort ? 3504 : 3505);
        }
    }

    /** A router's limit cannot be as small as a vector's: the last frame grows accordingly. */
    private static byte[] withLength(byte[] bytes, int rest, int length) {
        byte[] longer = bytes.clone();
        ByteBuffer.wrap(longer).putInt(bytes.length - rest, length);
        return longer;
    }

    static Stream<JsonNode> badBodies() throws IOException {
        return Vectors.read("bodies").stream()
                .filter(vector ->
                        List.of("HELLO", "JOIN").contains(vector.get("type").asText()));
    }

    @ParameterizedTest
    @MethodSource("badBodies")
    void aMalformedBodyGetsItsCode(JsonNode vector) throws Exception {
        byte[] body = Vectors.bytes(vector.get("hex"));
        if (vector.get("type").asText().equals("HELLO")) {
            harness.dial()
                    .send(TestClient.frame(FrameType.HELLO, 0, 0, 1, body))
                    .expectClose(CloseCode.PROTOCOL_ERROR.number());
        } else {
            TestClient client = harness.connect("one");
            client.send(TestClient.frame(FrameType.JOIN, 0, 0, 2, body));
            assertThat(client.expectError(ErrorCode.MALFORMED_BODY).sequence()).isEqualTo(2);
            client.expectNothing(3);
        }
        assertOthersUndisturbed();
    }

    @Test
    void aFrameAsLargeAsAllowedIsRouted() throws Exception {
        byte[] largest =
                TestClient.frame(FrameType.ENVELOPE, 0, writer.handle("acme/one"), 0, new byte[MAX_FRAME_BYTES - 24]);
        for (int i = 0; i < 10; i++) {
            writer.send(largest);
            assertThat(reader.expect(FrameType.ENVELOPE).body()).hasSize(MAX_FRAME_BYTES - 24);
        }
    }

    @Test
    void aFrameOneByteLargerIsNot() throws Exception {
        TestClient client = harness.connect("one");
        client.send(
                TestClient.frame(FrameType.ENVELOPE, 0, client.handle("acme/one"), 0, new byte[MAX_FRAME_BYTES - 23]));
        client.seekClose(CloseCode.FRAME_TOO_LARGE.number());
        assertOthersUndisturbed();
    }

    @Test
    void bytesThatAreAnnouncedCostNothing() throws Exception {
        byte[] begun = Arrays.copyOf(
                TestClient.frame(FrameType.ENVELOPE, 0, writer.handle("acme/one"), 0, new byte[MAX_FRAME_BYTES - 24]),
                100);
        for (int i = 0; i < 200; i++) {
            harness.connect("one").send(begun);
        }
        awaitStandstill();
        assertThat(harness.router.usedBytes()).isLessThan(512 << 10);
        assertOthersUndisturbed();
    }

    // ---- handles

    @ParameterizedTest
    @ValueSource(ints = {-1, 1 << 20, Integer.MIN_VALUE})
    void aHandleThatWasNeverGrantedIsNotHeld(int handle) throws Exception {
        TestClient client = harness.connect("one");
        client.send(TestClient.receiptMessage(handle, 2, "to whom?"));
        Received error = client.expectError(ErrorCode.NOT_HELD);
        assertThat(error.room()).isEqualTo(handle);
        assertThat(error.sequence()).isEqualTo(2);
    }

    @Test
    void aHandleThatOnlyAnotherHoldsIsNotHeld() throws Exception {
        TestClient client = harness.connect("two");
        client.send(TestClient.receiptMessage(writer.handle("acme/one"), 2, "intruding"));
        client.expectError(ErrorCode.NOT_HELD);
        client.send(TestClient.frame(FrameType.LEAVE, 0, writer.handle("acme/one"), 3, new byte[0]));
        client.expectError(ErrorCode.NOT_HELD);
        assertOthersUndisturbed();
    }

    // ---- throttled errors

    @Test
    void uncorrelatedErrorsComeAtOnceAndThenOnceASecondWithTheirCount() throws Exception {
        TestClient client = harness.connect("one");
        harness.stopTime();
        ByteArrayOutputStream messages = new ByteArrayOutputStream();
        for (int i = 0; i < 5000; i++) {
            messages.writeBytes(TestClient.message(12345, "to whom?"));
        }
        client.send(messages.toByteArray());
        assertThat(client.expectError(ErrorCode.NOT_HELD).json().path("count").asInt(1))
                .isEqualTo(1);
        client.expectNothing(2);
        harness.skip(Duration.ofSeconds(1));
        assertThat(client.expectError(ErrorCode.NOT_HELD).json().get("count").asInt())
                .isEqualTo(4999);
        assertThat(harness.counter("porthouse.refusals")).isGreaterThanOrEqualTo(5000);
    }

    @Test
    void errorsOfDifferentCodesAreThrottledApart() throws Exception {
        TestClient client = harness.connect("one");
        harness.stopTime();
        byte[] unknown = TestClient.frame((byte) 0x7f, 0, 0, 0, new byte[0]);
        byte[] notHeld = TestClient.message(12345, "to whom?");
        client.send(unknown, notHeld, unknown, notHeld);
        client.expectError(ErrorCode.UNKNOWN_TYPE);
        client.expectError(ErrorCode.NOT_HELD);
        client.expectNothing(2);
    }

    @Test
    void handlesThatAreNotHeldShareOneThrottle() throws Exception {
        TestClient client = harness.connect("one");
        harness.stopTime();
        for (int handle = 1000; handle < 2000; handle++) {
            client.send(TestClient.message(handle, "to whom?"));
        }
        client.expectError(ErrorCode.NOT_HELD);
        client.expectNothing(2);
    }

    // ---- floods from who doesn't read

    /** Sends this again and again until the router takes no more of it: then it is not read from any more. */
    private Background flood(TestClient client, byte[] frames) {
        return Background.start(() -> {
            try {
                while (true) {
                    client.send(frames);
                }
            } catch (IOException e) {
                // The router has had enough, or the test is over.
            }
        });
    }

    private static byte[] repeated(byte[] frame, int times) {
        byte[][] frames = new byte[times][];
        Arrays.fill(frames, frame);
        return TestClient.concat(frames);
    }

    private TestClient floodUntilItIsNotReadAnyMore(byte[] frames) throws Exception {
        TestClient flooder = harness.dialSlow();
        flooder.hello(RouterHarness.SECRET, "one");
        Background unused = flood(flooder, frames);
        harness.awaitGauge("porthouse.sessions.lagging", 1);
        awaitStandstill();
        assertThat(harness.router.usedBytes()).isLessThan(1 << 20);
        assertThat(harness.gauge("porthouse.lag.bytes", "lane", "control")).isPositive();
        assertOthersUndisturbed();
        return flooder;
    }

    /** Waits until the router has read nothing for a while. */
    private void awaitStandstill() {
        double before = -1;
        double now = harness.counter("porthouse.received.bytes");
        while (now != before) {
            harness.awaitTicks(3);
            before = now;
            now = harness.counter("porthouse.received.bytes");
        }
    }

    static Stream<Arguments> floods() {
        return Stream.of(
                Arguments.argumentSet("PINGs", (Object) TestClient.ping(0)),
                Arguments.argumentSet("ERRORs", (Object) TestClient.frame((byte) 0x7f, 0, 0, 1, new byte[0])),
                Arguments.argumentSet("JOINs", (Object) TestClient.json(FrameType.JOIN, 0, 0, "{'room':'one'}")));
    }

    @ParameterizedTest
    @MethodSource("floods")
    void whoProvokesAnswersAndDoesNotReadThemIsNotReadAnyMore(byte[] frame) throws Exception {
        floodUntilItIsNotReadAnyMore(repeated(frame, 1000));
    }

    @Test
    void whoIsNotReadBecauseItDoesNotReadIsClosedAfterTwoHeartbeats() throws Exception {
        floodUntilItIsNotReadAnyMore(repeated(TestClient.json(FrameType.JOIN, 0, 0, "{'room':'one'}"), 1000));
        harness.skip(HEARTBEAT);
        for (TestClient other : List.of(writer, reader)) {
            other.seek(FrameType.PING);
            other.send(TestClient.frame(FrameType.PONG, 0, 0, 0, new byte[0]));
        }
        harness.awaitTicks(4);
        harness.skip(HEARTBEAT.minusSeconds(2));
        assertOthersUndisturbed();
        harness.skip(Duration.ofSeconds(2));
        await().until(() -> harness.closes(CloseCode.TIMEOUT) == 1);
        harness.awaitGauge("porthouse.connections", 2);
        assertOthersUndisturbed();
    }

    @Test
    void whoReadsAgainIsReadAgain() throws Exception {
        int frames = 40_000;
        TestClient flooder = harness.dial();
        flooder.hello(RouterHarness.SECRET, "one");
        byte[] joins = repeated(TestClient.json(FrameType.JOIN, 0, 0, "{'room':'one'}"), 1000);
        try (Background flood = Background.start(() -> {
            for (int i = 0; i < frames / 1000; i++) {
                flooder.send(joins);
            }
        })) {
            harness.awaitGauge("porthouse.sessions.lagging", 1);
            awaitStandstill();
            for (int i = 0; i < frames; i++) {
                flooder.expect(FrameType.GRANTED);
            }
            flood.join();
        }
        flooder.expectNothing(2);
    }

    // ---- silence

    @Test
    void fiveThousandSilentConnectionsCostLittleAndAreClosed() throws Exception {
        List<TestClient> silent = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            silent.add(harness.dial());
        }
        harness.awaitGauge("porthouse.handshakes", 5000);
        assertThat(harness.router.usedBytes()).isLessThan(512 << 10);
        assertOthersUndisturbed();
        harness.skip(Duration.ofSeconds(5));
        for (TestClient client : silent) {
            client.expectClose(CloseCode.TIMEOUT.number());
            client.close();
        }
        assertThat(harness.closes(CloseCode.TIMEOUT)).isEqualTo(5000);
        assertOthersUndisturbed();
        harness.awaitGauge("porthouse.connections", 2);
        assertThat(harness.gauge("porthouse.handshakes")).isZero();
    }

    @Test
    void beginningsOfLargeHellosCostLittleMoreThanTheyHave() throws Exception {
        byte[] hello = TestClient.frame(FrameType.HELLO, 0, 0, 1, new byte[Frame.MAX_HELLO_FRAME_BYTES - 24]);
        double before = harness.counter("porthouse.received.bytes");
        int sent = 0;
        for (int i = 0; i < 500; i++) {
            // From where a whole read buffer would be kept for it.
            int bytes = 4_200 + i % 10 * 1_000;
            harness.dial().send(Arrays.copyOf(hello, bytes));
            sent += bytes;
        }
        double after = before + sent;
        await().until(() -> harness.counter("porthouse.received.bytes") == after);
        assertThat(harness.router.usedBytes()).isLessThan(sent + sent / 4 + (512 << 10));
        assertOthersUndisturbed();
    }

    @Test
    void aThousandHalfHellosCostLittle() throws Exception {
        byte[] half = Arrays.copyOf(
                TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + RouterHarness.SECRET + "'}"), 30);
        double before = harness.counter("porthouse.received.bytes");
        for (int i = 0; i < 1000; i++) {
            harness.dial().send(half);
        }
        await().until(() -> harness.counter("porthouse.received.bytes") == before + 30_000);
        assertThat(harness.router.usedBytes()).isLessThan(512 << 10);
        assertOthersUndisturbed();
    }
}
