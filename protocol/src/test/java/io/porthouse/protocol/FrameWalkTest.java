package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.porthouse.testkit.Seeds;
import io.porthouse.testkit.Vectors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class FrameWalkTest {

    private static final Map<String, Integer> ENDS = Map.of(
            "whole", FrameWalk.INCOMPLETE,
            "incomplete", FrameWalk.INCOMPLETE,
            "too-short", FrameWalk.TOO_SHORT,
            "too-large", FrameWalk.TOO_LARGE);

    @TestFactory
    Stream<DynamicTest> streams() throws IOException {
        return Vectors.read("streams").stream()
                .map(vector -> DynamicTest.dynamicTest(vector.get("name").textValue(), () -> checkStream(vector)));
    }

    private static void checkStream(JsonNode vector) {
        byte[] stream = Vectors.bytes(vector.get("hex"));
        int maxFrame = vector.get("maxFrame").intValue();
        Walks.Result whole = Walks.walk(stream, maxFrame);

        List<Integer> sizes = new ArrayList<>();
        int index = 0;
        ByteBuf buf = Unpooled.wrappedBuffer(stream);
        for (JsonNode frame : vector.get("frames")) {
            sizes.add(frame.get("bytes").intValue());
            assertThat(FrameType.name(Frame.type(buf, index)))
                    .isEqualTo(frame.get("type").textValue());
            index += frame.get("bytes").intValue();
        }
        String end = vector.get("end").textValue();
        int rest = vector.get("rest").intValue();
        assertThat(whole).isEqualTo(new Walks.Result(sizes, ENDS.get(end), rest));
        if (end.equals("whole")) {
            assertThat(rest).isZero();
        }
        for (int cut = 0; cut <= stream.length; cut++) {
            assertThat(Walks.walk(stream, maxFrame, cut)).as("cut at %d", cut).isEqualTo(whole);
        }
    }

    @Test
    void piecesMakeNoDifference() throws Exception {
        Seeds.forEach(random -> {
            byte[] stream = randomStream(random);
            int[] cuts = random.ints(random.nextInt(20), 0, stream.length + 1)
                    .sorted()
                    .toArray();
            assertThat(Walks.walk(stream, 256, cuts)).isEqualTo(Walks.walk(stream, 256));
        });
    }

    /** A length below the minimum is below it for every limit, however small; nothing is read behind the bytes received. */
    @Test
    void badLengthsAreReportedByTheirFourBytesAlone() {
        ByteBuf buf = Unpooled.wrappedBuffer(new byte[] {0, 0, 0, 19});
        assertThat(FrameWalk.frameBytes(buf, 0, 4, 24)).isEqualTo(FrameWalk.TOO_SHORT);
        assertThat(FrameWalk.frameBytes(buf, 0, 3, 24)).isEqualTo(FrameWalk.INCOMPLETE);
        buf = Unpooled.wrappedBuffer(new byte[] {0, 0, 0, 21});
        assertThat(FrameWalk.frameBytes(buf, 0, 4, 24)).isEqualTo(FrameWalk.TOO_LARGE);
    }

    @Test
    void movesNoIndexAndHoldsNoReference() {
        ByteBuf buf = Unpooled.buffer();
        Frame.writeHeader(buf, 0, FrameType.PING, 0, 0, 0, 0, 0);
        String before = ByteBufUtil.hexDump(buf);
        assertThat(FrameWalk.frameBytes(buf, 0, 24, 24)).isEqualTo(24);
        assertThat(ByteBufUtil.hexDump(buf)).isEqualTo(before);
        assertThat(buf.readerIndex()).isZero();
        assertThat(buf.refCnt()).isEqualTo(1);
    }

    /** Mostly good frames, then sometimes a bad length or half a frame. */
    private static byte[] randomStream(Random random) {
        ByteBuf buf = Unpooled.buffer();
        int frames = random.nextInt(12);
        for (int i = 0; i < frames; i++) {
            int body = random.nextInt(232);
            Frame.writeHeader(buf, body, (byte) random.nextInt(), random.nextInt(), 0, 0, 0, 0);
            buf.writeZero(body);
        }
        switch (random.nextInt(4)) {
            case 0 -> buf.writeInt(random.nextInt(20)).writeZero(random.nextInt(40));
            case 1 ->
                buf.writeInt(253 + random.nextInt(Integer.MAX_VALUE - 253)).writeZero(random.nextInt(40));
            case 2 -> buf.writeInt(252).writeZero(random.nextInt(252));
            default -> {}
        }
        return ByteBufUtil.getBytes(buf);
    }
}
