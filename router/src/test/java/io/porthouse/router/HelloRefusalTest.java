package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way in which a connection is refused before WELCOME, and what ends with its token. */
final class HelloRefusalTest {

    private static final String OTHER_SECRET = "another-token-0123456789";
    private static final Duration IN_TIME = Duration.ofSeconds(4);
    private static final Duration TOO_LATE = Duration.ofSeconds(5);

    private RouterHarness harness;

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness(new TestSettings().handshakes(4).build());
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    private static byte[] hello(String body) {
        return TestClient.json(FrameType.HELLO, 0, 1, body);
    }

    private static byte[] goodHello() {
        return hello("{'version':1,'token':'" + RouterHarness.SECRET + "'}");
    }

    private void assertRefused(CloseCode code, byte[] bytes) throws Exception {
        harness.dial().send(bytes).expectClose(code.number());
        assertThat(harness.closes(code)).isEqualTo(1);
    }

    private void putOther(int maxConnections, @Nullable Instant expiresAt, boolean suspended) {
        Grant lobby = new Grant(RouterHarness.ACCOUNT, "lobby", false, RouterHarness.READ_WRITE, true);
        harness.put(
                OTHER_SECRET,
                new TokenState("other", RouterHarness.ACCOUNT, List.of(lobby), maxConnections, expiresAt, suspended));
    }

    private TestClient connectOther() throws Exception {
        TestClient client = harness.dial();
        client.hello(OTHER_SECRET, new String[0]);
        return client;
    }

    private void assertOtherRefused(CloseCode code) throws Exception {
        assertRefused(code, hello("{'version':1,'token':'" + OTHER_SECRET + "'}"));
    }

    // ---- what HELLO says

    @Test
    void anUnknownTokenIsRefused() throws Exception {
        assertRefused(CloseCode.TOKEN_UNKNOWN, hello("{'version':1,'token':'nobody-knows-this-one'}"));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 2, 1000})
    void anotherVersionIsRefused(int version) throws Exception {
        assertRefused(
                CloseCode.VERSION_UNSUPPORTED,
                hello("{'version':" + version + ",'token':'" + RouterHarness.SECRET + "'}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "hello",
                "null",
                "[]",
                "{'version':1,'token':'x'",
                "{'version':1,'token':'x'}{}",
                "{'token':'x'}",
                "{'version':'1','token':'x'}",
                "{'version':1.5,'token':'x'}",
                "{'version':1}",
                "{'version':1,'token':null}",
                "{'version':1,'token':5}",
                "{'version':1,'token':'x','rooms':[null]}",
                "{'version':1,'token':'x','rooms':'lobby'}",
                "{'version':1,'token':'x','default':7}",
                "{'version':1,'token':'x','echo':'yes'}",
                "{'version':1,'token':'x','receive':1}",
                "{'version':1,'version':1,'token':'x'}"
            })
    void aMalformedHelloIsAProtocolError(String body) throws Exception {
        assertRefused(CloseCode.PROTOCOL_ERROR, hello(body));
    }

    @Test
    void aHelloThatIsNotUtf8IsAProtocolError() throws Exception {
        byte[] latin1 = "{\"version\":1,\"token\":\"x\",\"client\":\"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);
        assertRefused(CloseCode.PROTOCOL_ERROR, TestClient.frame(FrameType.HELLO, 0, 0, 1, latin1));
    }

    @Test
    void aHelloOfSixteenKibibytesIsTaken() throws Exception {
        TestClient client = harness.dial().send(paddedHello(16 << 10));
        client.expect(FrameType.WELCOME);
    }

    @Test
    void aHelloAboveSixteenKibibytesIsTooLarge() throws Exception {
        assertRefused(CloseCode.FRAME_TOO_LARGE, paddedHello((16 << 10) + 1));
    }

    @Test
    void aLengthAboveSixteenKibibytesIsRefusedBeforeAnyMoreOfTheFrame() throws Exception {
        assertRefused(CloseCode.FRAME_TOO_LARGE, new byte[] {0, 0, 0x3f, (byte) 0xfd});
    }

    private static byte[] paddedHello(int frameBytes) {
        String body = "{'version':1,'token':'" + RouterHarness.SECRET + "'}";
        return hello(body + " ".repeat(frameBytes - 24 - body.length()));
    }

    // ---- the first frame

    @ParameterizedTest
    @ValueSource(bytes = {FrameType.JOIN, FrameType.PING, FrameType.CLOSE, FrameType.ENVELOPE, FrameType.WELCOME, 0x7f})
    void aFirstFrameOfAnotherTypeIsAProtocolError(byte type) throws Exception {
        assertRefused(CloseCode.PROTOCOL_ERROR, TestClient.frame(type, 0, 0, 1, new byte[0]));
    }

    @Test
    void aFirstFrameOfAnotherTypeIsRefusedByItsFirstFiveBytes() throws Exception {
        assertRefused(CloseCode.PROTOCOL_ERROR, new byte[] {0, 0, 1, 0, FrameType.ENVELOPE});
    }

    @ParameterizedTest
    @ValueSource(ints = {0x01, 0x04, 0x10, 0x80})
    void flagsOnHelloAreAProtocolError(int flags) throws Exception {
        byte[] frame = goodHello();
        frame[5] = (byte) flags;
        assertRefused(CloseCode.PROTOCOL_ERROR, frame);
    }

    @Test
    void aSecondHelloIsAProtocolError() throws Exception {
        TestClient client = harness.connect();
        client.send(goodHello()).expectClose(CloseCode.PROTOCOL_ERROR.number());
    }

    @Test
    void aSecondHelloBehindTheFirstIsAProtocolError() throws Exception {
        harness.dial().send(goodHello(), goodHello()).seekClose(CloseCode.PROTOCOL_ERROR.number());
    }

    // ---- time

    @Test
    void whoSaysNothingIsClosedAfterFiveSeconds() throws Exception {
        TestClient client = harness.dial();
        harness.awaitGauge("porthouse.handshakes", 1);
        harness.skip(TOO_LATE);
        client.expectClose(CloseCode.TIMEOUT.number());
        assertThat(harness.closes(CloseCode.TIMEOUT)).isEqualTo(1);
    }

    @Test
    void aHelloWithinFiveSecondsIsInTime() throws Exception {
        TestClient client = harness.dial();
        harness.awaitGauge("porthouse.handshakes", 1);
        harness.skip(IN_TIME);
        client.hello(RouterHarness.SECRET, new String[0]);
    }

    @Test
    void halfAHelloAndSilenceIsClosedAfterFiveSeconds() throws Exception {
        TestClient client = harness.dial();
        byte[] frame = goodHello();
        client.send(Arrays.copyOf(frame, frame.length - 1));
        harness.awaitGauge("porthouse.handshakes", 1);
        harness.skip(TOO_LATE);
        client.expectClose(CloseCode.TIMEOUT.number());
    }

    @Test
    void aHelloThatTricklesInForFiveSecondsIsClosed() throws Exception {
        TestClient client = harness.dial();
        byte[] frame = goodHello();
        client.sendBytewise(Arrays.copyOf(frame, 10));
        harness.awaitGauge("porthouse.handshakes", 1);
        harness.skip(IN_TIME);
        client.sendBytewise(Arrays.copyOfRange(frame, 10, 20));
        harness.skip(TOO_LATE.minus(IN_TIME));
        client.expectClose(CloseCode.TIMEOUT.number());
    }

    @Test
    void theTimeForHelloIsOverOnceItIsAnswered() throws Exception {
        TestClient client = harness.connect();
        harness.skip(TOO_LATE.multipliedBy(2));
        client.expectNothing(2);
    }

    // ---- limits

    @Test
    void oneConnectionMoreThanMayBeUnwelcomedIsOverload() throws Exception {
        for (int i = 0; i < 4; i++) {
            harness.dial();
        }
        harness.awaitGauge("porthouse.handshakes", 4);
        harness.dial().expectClose(CloseCode.OVERLOADED.number());
        assertThat(harness.closes(CloseCode.OVERLOADED)).isEqualTo(1);
    }

    @Test
    void whoIsWelcomedMakesPlaceForTheNext() throws Exception {
        for (int i = 0; i < 10; i++) {
            harness.connect();
        }
        assertThat(harness.gauge("porthouse.handshakes")).isZero();
    }

    @Test
    void whoGivesUpBeforeHelloMakesPlaceForTheNext() throws Exception {
        List<TestClient> silent = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            silent.add(harness.dial());
        }
        harness.awaitGauge("porthouse.handshakes", 4);
        for (TestClient client : silent) {
            client.close();
        }
        harness.awaitGauge("porthouse.handshakes", 0);
        harness.connect();
    }

    @Test
    void whoIsRefusedMakesPlaceForTheNext() throws Exception {
        for (int i = 0; i < 5; i++) {
            harness.dial().send(hello("{}")).expectClose(CloseCode.PROTOCOL_ERROR.number());
        }
        assertThat(harness.gauge("porthouse.handshakes")).isZero();
    }

    @Test
    void aTokenHasAtMostItsConnections() throws Exception {
        putOther(2, null, false);
        connectOther();
        connectOther();
        assertOtherRefused(CloseCode.TOO_MANY_CONNECTIONS);
    }

    @Test
    void aConnectionThatEndsMakesPlaceForAnotherOfItsToken() throws Exception {
        putOther(1, null, false);
        connectOther().close();
        harness.awaitGauge("porthouse.connections", 0);
        connectOther();
    }

    // ---- the state of the token

    @Test
    void anExpiredTokenIsRefused() throws Exception {
        putOther(10, Instant.now().minusSeconds(1), false);
        assertOtherRefused(CloseCode.TOKEN_EXPIRED);
    }

    @Test
    void aTokenThatExpiresEndsItsConnections() throws Exception {
        putOther(10, Instant.now().plusSeconds(3600), false);
        List<TestClient> clients = List.of(connectOther(), connectOther());
        TestClient bystander = harness.connect();
        harness.skip(Duration.ofHours(1));
        for (TestClient client : clients) {
            client.seekClose(CloseCode.TOKEN_EXPIRED.number());
        }
        assertThat(harness.closes(CloseCode.TOKEN_EXPIRED)).isEqualTo(2);
        bystander.send(TestClient.ping(2)).seek(FrameType.PONG);
    }

    @Test
    void aTokenThatHasExpiredSinceIsRefused() throws Exception {
        putOther(10, Instant.now().plusSeconds(3600), false);
        connectOther();
        harness.skip(Duration.ofHours(1));
        assertOtherRefusedAtLeast(CloseCode.TOKEN_EXPIRED);
    }

    private void assertOtherRefusedAtLeast(CloseCode code) throws Exception {
        harness.dial()
                .send(hello("{'version':1,'token':'" + OTHER_SECRET + "'}"))
                .expectClose(code.number());
    }

    @Test
    void aTokenOfASuspendedAccountIsRefused() throws Exception {
        putOther(10, null, true);
        assertOtherRefused(CloseCode.ACCOUNT_SUSPENDED);
    }

    @Test
    void aTokenIsForgottenWithItsLastConnection() throws Exception {
        TestClient client = harness.connect();
        harness.dial().send(hello("{'version':1,'token':'no such'}")).expectClose(CloseCode.TOKEN_UNKNOWN.number());
        harness.awaitGauge("porthouse.tokens", 1);
        client.close();
        harness.awaitGauge("porthouse.tokens", 0);
    }
}
