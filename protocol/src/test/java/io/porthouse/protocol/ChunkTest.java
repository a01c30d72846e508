package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChunkTest {

    @ParameterizedTest(name = "index {0}, LAST {1}, {2} bytes of body, {3} of metadata: {4} of data")
    @CsvSource({
        // first, not last: 18 bytes and the metadata are not data
        "0, false, 17, 0, -1",
        "0, false, 18, 0, 0",
        "0, false, 21, 0, 3",
        "0, false, 21, 3, 0",
        "0, false, 21, 4, -1",
        "0, false, 65560, 65535, 7",
        // first and last: the CRC is not data either
        "0, true, 18, 0, -4",
        "0, true, 21, 0, -1",
        "0, true, 22, 0, 0",
        "0, true, 26, 4, 0",
        "0, true, 25, 4, -1",
        // later ones
        "1, false, 7, 0, -1",
        "1, false, 8, 0, 0",
        "1, false, 12, 0, 4",
        "1, true, 11, 0, -1",
        "1, true, 12, 0, 0",
        "1, true, 13, 0, 1",
        "-2, false, 9, 0, 1",
        // a cancel has LAST and nothing else
        "-1, true, 8, 0, 0",
        "-1, true, 9, 0, -1",
        "-1, true, 12, 0, -1",
        "-1, false, 8, 0, -1",
    })
    void dataIsWhatIsLeftOfTheBody(int index, boolean last, int body, int metadata, int data) {
        ByteBuf frame = Unpooled.buffer();
        Frame.writeHeader(frame, body, FrameType.ENVELOPE, last ? Flags.CHUNK | Flags.LAST : Flags.CHUNK, 0, 0, 0, 0);
        frame.writeZero(body);
        if (body >= Chunk.HEADER_BYTES) {
            frame.setInt(Frame.BODY_OFFSET + Chunk.INDEX_OFFSET, index);
        }
        if (index == 0 && body >= Chunk.FIRST_HEADER_BYTES) {
            frame.setShort(Frame.BODY_OFFSET + Chunk.METADATA_LENGTH_OFFSET, metadata);
        }
        int found = Chunk.dataBytes(frame, 0, Frame.HEADER_BYTES + body);
        if (data < 0) {
            assertThat(found).isNegative();
        } else {
            assertThat(found).isEqualTo(data);
        }
    }

    @Test
    void cancel() {
        ByteBuf buf = Unpooled.buffer();
        Chunk.writeCancel(buf, 2, 3, 4, 5);
        assertThat(ByteBufUtil.hexDump(buf))
                .isEqualTo("0000001c" + "10" + "03" + "0002" + "00000003" + "00000004" + "0000000000000000" + "00000005"
                        + "ffffffff");
        assertThat(buf.readableBytes()).isEqualTo(Chunk.CANCEL_FRAME_BYTES);
        assertThat(Chunk.envelopeId(buf, 0)).isEqualTo(5);
        assertThat(Chunk.index(buf, 0)).isEqualTo(Chunk.CANCEL_INDEX);
    }
}
