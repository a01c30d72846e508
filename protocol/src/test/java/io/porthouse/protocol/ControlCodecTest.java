package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.porthouse.protocol.ControlBody.Close;
import io.porthouse.protocol.ControlBody.Granted;
import io.porthouse.protocol.ControlBody.Hello;
import io.porthouse.protocol.ControlBody.Join;
import io.porthouse.protocol.ControlBody.Refusal;
import io.porthouse.protocol.ControlBody.Welcome;
import io.porthouse.protocol.ControlBody.Withdrawn;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ControlCodecTest {

    static Stream<ControlBody> bodies() {
        return Stream.of(
                new Hello(1, "secret", "me/1", List.of("a", "b"), "a", true, false),
                new Hello(1, null, null, null, null, null, null),
                new Hello(1, "", "", List.of(), "", false, true),
                new Welcome("7f", "local", "alice", "ab12", 30, 1 << 21, 64, 2),
                new Join("alice/lobby", null),
                new Join("grüße", false),
                new Granted("alice/lobby", Set.of(Right.READ, Right.WRITE), "e1", Long.MAX_VALUE, Granted.JOIN),
                new Granted("alice/lobby", Set.of(), "e1", 0, Granted.CHANGED),
                new Withdrawn("alice/lobby", Withdrawn.LEFT),
                new Close(1000, null, null),
                new Close(3000, "going-away", 2000L),
                new Refusal(102, "no", "lobbi", null, null),
                new Refusal(107, "no", null, 0xFFFF_FFFFL, 3L));
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void everyBodyReadsBack(ControlBody body) throws MalformedBodyException {
        ByteBuf buf = Unpooled.buffer().writeZero(5);
        ControlCodec.encode(buf, body, 1, 2, 3);

        assertThat(Frame.type(buf, 5)).isEqualTo(body.frameType());
        assertThat(Frame.room(buf, 5)).isEqualTo(1);
        assertThat(Frame.origin(buf, 5)).isEqualTo(2);
        assertThat(Frame.sequence(buf, 5)).isEqualTo(3);
        assertThat(FrameWalk.frameBytes(buf, 5, buf.writerIndex(), 1024)).isEqualTo(buf.writerIndex() - 5);
        assertThat(ControlCodec.decode(body.getClass(), buf, 5, buf.writerIndex() - 5))
                .isEqualTo(body);
        assertThat(buf.readerIndex()).isZero();
    }

    @Test
    void absentFieldsAreNotWritten() {
        assertThat(json(new Join("lobby", null))).isEqualTo("{\"room\":\"lobby\"}");
    }

    @Test
    void equalGrantsHaveEqualBytes() {
        String json =
                "{\"room\":\"a/b\",\"may\":[\"read\",\"write\"],\"epoch\":\"e\",\"sequence\":0,\"reason\":\"join\"}";
        assertThat(json(new Granted("a/b", EnumSet.allOf(Right.class), "e", 0, "join")))
                .isEqualTo(json);
        assertThat(json(new Granted("a/b", Set.of(Right.WRITE, Right.READ), "e", 0, "join")))
                .isEqualTo(json);
    }

    @Test
    void rightsOfANewerProtocolAreIgnored() throws MalformedBodyException {
        Granted granted = decode(
                Granted.class,
                "{\"room\":\"a/b\",\"may\":[\"own\",\"write\"],\"epoch\":\"e\",\"sequence\":0,\"reason\":\"join\"}");
        assertThat(granted.may()).containsExactly(Right.WRITE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\ud800", "\\udc00", "\\ud800x", "x\\udc00", "\\udc00\\ud800"})
    void aNameThatIsNoUnicodeCanStillBeSentBack(String escaped) throws MalformedBodyException {
        Join join = decode(Join.class, "{\"room\":\"" + escaped + "\"}");
        Refusal refusal = new Refusal(102, "no", join.room(), null, null);
        assertThat(decode(Refusal.class, json(refusal))).isEqualTo(refusal);
    }

    @Test
    void aSecretIsInNoMessage() {
        assertThat(new Hello(1, "s3cret", null, null, null, null, null).toString())
                .doesNotContain("s3cret");
        MalformedBodyException failure = catchThrowableOfType(
                MalformedBodyException.class, () -> decode(Hello.class, "{\"version\":1,\"token\":\"s3cret\""));
        assertThat(failure).hasMessageNotContaining("s3cret").hasNoCause();
        assertThat(failure.getStackTrace()).isEmpty();
    }

    @Test
    void nestingIsBounded() throws MalformedBodyException {
        String deepest = "{\"version\":1,\"x\":" + "[".repeat(31) + "]".repeat(31) + "}";
        assertThat(decode(Hello.class, deepest).version()).isEqualTo(1);
        assertThatExceptionOfType(MalformedBodyException.class)
                .isThrownBy(() -> decode(Hello.class, deepest.replace("[]", "[[]]")));
    }

    private static String json(ControlBody body) {
        ByteBuf buf = Unpooled.buffer();
        ControlCodec.encode(buf, body, 0, 0, 0);
        return buf.toString(Frame.BODY_OFFSET, buf.writerIndex() - Frame.BODY_OFFSET, StandardCharsets.UTF_8);
    }

    private static <T extends ControlBody> T decode(Class<T> type, String json) throws MalformedBodyException {
        byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
        ByteBuf buf = Unpooled.buffer();
        Frame.writeHeader(buf, utf8.length, (byte) 0, 0, 0, 0, 0, 0);
        buf.writeBytes(utf8);
        return ControlCodec.decode(type, buf, 0, buf.writerIndex());
    }
}
