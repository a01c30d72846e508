package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.porthouse.testkit.Seeds;
import org.junit.jupiter.api.Test;

class FrameTest {

    @Test
    void headerHasEveryFieldAtItsOffset() {
        ByteBuf buf = Unpooled.buffer();
        Frame.writeHeader(buf, 3, FrameType.ENVELOPE, Flags.TEXT, 0x1234, 0x56789ABC, 0xDEF01122, 0x3344556677889900L);

        assertThat(ByteBufUtil.hexDump(buf))
                .isEqualTo("00000017" + "10" + "08" + "1234" + "56789abc" + "def01122" + "3344556677889900");
        assertThat(buf.writerIndex()).isEqualTo(Frame.HEADER_BYTES);
    }

    @Test
    void everyFieldReadsBackWhereverTheFrameStarts() throws Exception {
        Seeds.forEach(random -> {
            int frameIndex = random.nextInt(50);
            ByteBuf buf = Unpooled.buffer();
            buf.writeZero(frameIndex);
            int body = random.nextInt(Frame.LARGEST_MAX_FRAME_BYTES);
            byte type = (byte) random.nextInt();
            int flags = random.nextInt(256);
            int node = random.nextInt(1 << 16);
            int room = random.nextInt();
            int origin = random.nextInt();
            long sequence = random.nextLong();
            Frame.writeHeader(buf, body, type, flags, node, room, origin, sequence);

            assertThat(Frame.length(buf, frameIndex)).isEqualTo(20L + body);
            assertThat(Frame.frameBytes(buf, frameIndex)).isEqualTo(24 + body);
            assertThat(Frame.type(buf, frameIndex)).isEqualTo(type);
            assertThat(Frame.flags(buf, frameIndex)).isEqualTo((byte) flags);
            assertThat(Frame.node(buf, frameIndex)).isEqualTo(node);
            assertThat(Frame.room(buf, frameIndex)).isEqualTo(room);
            assertThat(Frame.origin(buf, frameIndex)).isEqualTo(origin);
            assertThat(Frame.sequence(buf, frameIndex)).isEqualTo(sequence);
        });
    }

    @Test
    void numberingChangesNothingElse() throws Exception {
        Seeds.forEach(random -> {
            byte[] before = new byte[60];
            random.nextBytes(before);
            ByteBuf buf = Unpooled.wrappedBuffer(before.clone());
            int frameIndex = random.nextInt(before.length - Frame.HEADER_BYTES);
            long sequence = random.nextLong();

            Frame.setSequence(buf, frameIndex, sequence);

            assertThat(Frame.sequence(buf, frameIndex)).isEqualTo(sequence);
            int first = frameIndex + Frame.SEQUENCE_OFFSET;
            int end = frameIndex + Frame.BODY_OFFSET;
            for (int i = 0; i < before.length; i++) {
                if (i < first || i >= end) {
                    assertThat(buf.getByte(i)).as("byte %d", i).isEqualTo(before[i]);
                }
            }
        });
    }

    @Test
    void lengthIsUnsigned() {
        ByteBuf buf = Unpooled.buffer().writeInt(-1);
        assertThat(Frame.length(buf, 0)).isEqualTo(4294967295L);
    }

    @Test
    void firstByteOfTheLargestFrameIsZero() {
        ByteBuf buf = Unpooled.buffer();
        Frame.writeHeader(buf, Frame.LARGEST_MAX_FRAME_BYTES - Frame.HEADER_BYTES, FrameType.ENVELOPE, 0, 0, 0, 0, 0);
        assertThat(buf.getByte(0)).isZero();
    }

    @Test
    void namesTypes() {
        assertThat(FrameType.name(FrameType.HELLO)).isEqualTo("HELLO");
        assertThat(FrameType.name((byte) 0x0D)).isEqualTo("0x0D");
        assertThat(FrameType.name((byte) 0xFF)).isEqualTo("0xFF");
    }
}
