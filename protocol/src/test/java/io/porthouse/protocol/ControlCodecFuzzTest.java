package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.List;

/** Fuzzed with {@code JAZZER_FUZZ=1}; otherwise its corpus is replayed. */
class ControlCodecFuzzTest {

    private static final List<Class<? extends ControlBody>> TYPES = List.of(
            ControlBody.Hello.class,
            ControlBody.Welcome.class,
            ControlBody.Join.class,
            ControlBody.Granted.class,
            ControlBody.Withdrawn.class,
            ControlBody.Close.class,
            ControlBody.Refusal.class);

    /** A body is malformed, or means the same once it was written again. */
    @FuzzTest(maxDuration = "40s")
    void whatIsReadCanBeWrittenAndReadAgain(byte[] body) {
        ByteBuf frame = Unpooled.buffer(Frame.HEADER_BYTES + body.length);
        Frame.writeHeader(frame, body.length, (byte) 0, 0, 0, 0, 0, 0);
        frame.writeBytes(body);
        for (Class<? extends ControlBody> type : TYPES) {
            checkJson(type, frame);
        }
        checkBinary(frame);
        assertThat(frame.refCnt()).isEqualTo(1);
        assertThat(frame.readerIndex()).isZero();
        assertThat(ByteBufUtil.getBytes(frame, Frame.HEADER_BYTES, body.length)).isEqualTo(body);
    }

    private static <T extends ControlBody> void checkJson(Class<T> type, ByteBuf frame) {
        T read;
        try {
            read = ControlCodec.decode(type, frame, 0, frame.readableBytes());
        } catch (MalformedBodyException e) {
            assertThat(e.getStackTrace()).isEmpty();
            return;
        }
        ByteBuf again = Unpooled.buffer();
        ControlCodec.encode(again, read, 0, 0, 0);
        try {
            assertThat(ControlCodec.decode(type, again, 0, again.readableBytes()))
                    .isEqualTo(read);
        } catch (MalformedBodyException e) {
            throw new AssertionError("written so that it cannot be read: " + read, e);
        }
    }

    private static void checkBinary(ByteBuf frame) {
        int bytes = frame.readableBytes();
        ByteBuf again = Unpooled.buffer();
        try {
            switch (bytes - Frame.HEADER_BYTES) {
                case Receipt.BODY_BYTES -> {
                    Receipt receipt = Receipt.decode(frame, 0, bytes);
                    Receipt.encode(again, 0, 0, receipt.sequence(), receipt.recipients());
                }
                case Gap.BODY_BYTES -> {
                    Gap gap = Gap.decode(frame, 0, bytes);
                    Gap.encode(again, 0, gap.first(), gap.last(), gap.lost());
                }
                case Flow.BODY_BYTES ->
                    Flow.encode(again, 0, Flow.decode(frame, 0, bytes).paused());
                default -> {
                    return;
                }
            }
        } catch (MalformedBodyException e) {
            assertThat(bytes - Frame.HEADER_BYTES).isEqualTo(Flow.BODY_BYTES);
            assertThat(frame.getByte(Frame.BODY_OFFSET)).isNotIn((byte) 0, (byte) 1);
            return;
        }
        int body = Frame.HEADER_BYTES;
        assertThat(ByteBufUtil.hexDump(again, body, again.readableBytes() - body))
                .isEqualTo(ByteBufUtil.hexDump(frame, body, bytes - body));
    }
}
