package io.porthouse.client;

import static io.porthouse.client.ScriptedRouter.controlFrame;
import static io.porthouse.client.ScriptedRouter.granted;
import static io.porthouse.client.ScriptedRouter.welcome;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectTest {

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
    void tellsWhatTheWelcomeSaid() throws Exception {
        try (var pair = router.connect(router.options())) {
            assertThat(pair.connection().account()).isEqualTo("acme");
            assertThat(pair.connection().token()).isEqualTo("t1");
            assertThat(pair.connection().session()).isEqualTo("s1");
            assertThat(pair.connection().node()).isEqualTo("n1");
            assertThat(pair.connection().rooms()).containsExactly("acme/lobby", "acme/side");
            assertThat(pair.connection().defaultRoom()).contains("acme/lobby");
        }
    }

    @Test
    void helloCarriesTheOptions() throws Exception {
        AtomicReference<ControlBody.Hello> hello = new AtomicReference<>();
        var options = router.options()
                .client("probe/2")
                .rooms(List.of("lobby"))
                .defaultRoom("lobby")
                .echo(true)
                .onMessage(message -> {});
        try (var pair = router.connect(options, peer -> {
            hello.set(peer.readHello());
            peer.write(out -> {
                welcome(out, 1);
                granted(out, 7, "acme/lobby", 1);
            });
        })) {
            assertThat(pair.connection().defaultRoom()).contains("acme/lobby");
            assertThat(hello.get())
                    .isEqualTo(new ControlBody.Hello(
                            1, ScriptedRouter.TOKEN, "probe/2", List.of("lobby"), "lobby", true, null));
        }
    }

    @Test
    void whoHandlesNothingReceivesNothing() throws Exception {
        AtomicReference<ControlBody.Hello> hello = new AtomicReference<>();
        try (var pair = router.connect(router.options(), peer -> {
            hello.set(peer.readHello());
            peer.write(out -> welcome(out, 0));
        })) {
            assertThat(pair.connection().rooms()).isEmpty();
            assertThat(hello.get().receive()).isFalse();
        }
    }

    @Test
    void thereIsNoDefaultRoomAmongSeveral() throws Exception {
        try (var pair = router.connect(router.options(), peer -> {
            peer.readHello();
            peer.write(out -> {
                welcome(out, 2);
                granted(out, 7, "acme/a", 1);
                granted(out, 8, "acme/b", 1);
            });
        })) {
            assertThat(pair.connection().defaultRoom()).isEmpty();
            assertThatThrownBy(() -> pair.connection().send("x"))
                    .isInstanceOf(PorthouseException.class)
                    .hasMessageContaining("no default room")
                    .hasMessageContaining("acme/a, acme/b");
        }
    }

    @Test
    void aRefusedRoomFailsTheConnect() throws Exception {
        PorthouseException failure = router.refuse(router.options().rooms(List.of("nope")), peer -> {
            peer.readHello();
            peer.write(out -> {
                welcome(out, 1);
                controlFrame(out, new ControlBody.Refusal(102, "room unavailable", "nope", null, null), 0, 1);
            });
            peer.awaitEnd();
        });
        assertThat(failure.kind()).isEqualTo(Kind.REJECTED);
        assertThat(failure.code()).isEqualTo(ErrorCode.ROOM_UNAVAILABLE.number());
        assertThat(failure.isFromRouter()).isTrue();
        assertThat(failure).hasMessageContaining("nope").hasMessageContaining("granted");
    }

    @ParameterizedTest
    @EnumSource(CloseCode.class)
    void aCloseFailsTheConnectWithItsCodeAndAdvice(CloseCode code) throws Exception {
        PorthouseException failure = router.refuse(router.options(), peer -> {
            peer.readHello();
            peer.control(new ControlBody.Close(code.number(), code.text(), null), 0, 0);
        });
        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(failure.code()).isEqualTo(code.number());
        assertThat(failure)
                .hasMessageContaining(code.number() + " " + code.text())
                .hasMessageContaining("; ")
                .hasMessageNotContaining(ScriptedRouter.TOKEN);
    }

    @ParameterizedTest
    @ValueSource(ints = {3499, 3999})
    void anUnknownCloseIsUnderstoodByItsRange(int code) throws Exception {
        PorthouseException failure = router.refuse(router.options(), peer -> {
            peer.readHello();
            peer.control(new ControlBody.Close(code, "new", null), 0, 0);
        });
        assertThat(failure).hasMessageContaining(code < 3500 ? "try again later" : "will not help");
    }

    @Test
    void somethingElseThatAnswersIsNoRouter() throws Exception {
        PorthouseException failure = router.refuse(router.options(), peer -> {
            peer.readHello();
            peer.write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            peer.awaitEnd();
        });
        assertThat(failure.kind()).isEqualTo(Kind.PROTOCOL);
        assertThat(failure).hasMessageContaining("Porthouse router?");
    }

    @Test
    void framesThatCannotBeReadEndTheConnection() throws Exception {
        for (byte[] bad : List.of(frame(FrameType.WELCOME, "{}"), frame(FrameType.WELCOME, "nonsense"), new byte[4])) {
            PorthouseException failure = router.refuse(router.options(), peer -> {
                peer.readHello();
                peer.write(bad);
                peer.awaitEnd();
            });
            assertThat(failure.kind()).isEqualTo(Kind.PROTOCOL);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 10, 40})
    void anEndAtAnyStepIsALoss(int bytesOfWelcome) throws Exception {
        ByteBuf welcome = Unpooled.buffer();
        welcome(welcome, 0);
        byte[] part = new byte[bytesOfWelcome];
        welcome.readBytes(part);
        PorthouseException failure = router.refuse(router.options(), peer -> {
            peer.readHello();
            peer.write(part);
            peer.close();
        });
        assertThat(failure.kind()).isEqualTo(Kind.LOST);
        assertThat(failure).hasMessageContaining("connect again");
    }

    @Test
    void silenceEndsWithTheConnectTimeout() throws Exception {
        PorthouseException failure = router.refuse(
                router.options().connectTimeout(Duration.ofMillis(200)), ScriptedRouter.Script::awaitHello);
        assertThat(failure.kind()).isEqualTo(Kind.TIMEOUT);
        assertThat(failure).hasMessageContaining("200 ms");
    }

    @Test
    void nobodyThereIsUnreachable() throws Exception {
        int port;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = taken.getLocalPort();
        }
        assertThatThrownBy(() -> Porthouse.connect("tcp://" + ScriptedRouter.TOKEN + "@127.0.0.1:" + port))
                .isInstanceOfSatisfying(
                        PorthouseException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNREACHABLE))
                .hasMessageContaining("127.0.0.1:" + port)
                .hasMessageContaining("is it running there?")
                .hasMessageNotContaining(ScriptedRouter.TOKEN);
    }

    @Test
    void unknownFramesAreSkipped() throws Exception {
        try (var pair = router.connect(router.options(), peer -> {
            peer.readHello();
            peer.write(frame((byte) 0x77, "from the future"));
            peer.write(out -> welcome(out, 0));
        })) {
            assertThat(pair.connection().rooms()).isEmpty();
        }
    }

    private static byte[] frame(byte type, String body) {
        ByteBuf out = Unpooled.buffer();
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        Frame.writeHeader(out, bytes.length, type, 0, 0, 0, 0, 1);
        out.writeBytes(bytes);
        byte[] frame = new byte[out.readableBytes()];
        out.readBytes(frame);
        return frame;
    }
}
