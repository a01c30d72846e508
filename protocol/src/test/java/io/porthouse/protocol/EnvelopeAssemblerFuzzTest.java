package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/** Fuzzed with {@code JAZZER_FUZZ=1}; otherwise its corpus is replayed. */
class EnvelopeAssemblerFuzzTest {

    private static final int MAX_OPEN = 2;
    private static final int MAX_FRAME_BYTES = 1 << 20;

    /** The input is a stream of frames, as a connection gets it. */
    @FuzzTest(maxDuration = "40s")
    void whatIsReportedIsTrueOfTheFrames(byte[] stream) {
        ByteBuf buf = Unpooled.wrappedBuffer(stream);
        Events events = new Events();
        EnvelopeAssembler assembler = new EnvelopeAssembler(MAX_OPEN, events);
        Map<EnvelopeKey, Long> totals = new HashMap<>();
        int chunks = 0;
        int index = 0;
        int bytes = FrameWalk.frameBytes(buf, index, stream.length, MAX_FRAME_BYTES);
        while (bytes > 0) {
            boolean chunk = (Frame.flags(buf, index) & Flags.CHUNK) != 0;
            if (chunk && Frame.type(buf, index) == FrameType.ENVELOPE) {
                chunks++;
                int before = events.all.size();
                assembler.accept(buf, index, bytes);
                assertThat(assembler.openEnvelopes())
                        .isEqualTo(events.open.size())
                        .isLessThanOrEqualTo(MAX_OPEN);
                checkEvents(events.all.subList(before, events.all.size()), buf, index, bytes, totals);
            }
            index += bytes;
            bytes = FrameWalk.frameBytes(buf, index, stream.length, MAX_FRAME_BYTES);
        }
        assertThat(assembler.ignoredChunks()).isBetween(0L, (long) chunks);
        assertThat(buf.refCnt()).isEqualTo(1);
        assertThat(buf.readerIndex()).isZero();
        assembler.end();
        assertThat(events.open).isEmpty();
    }

    private static void checkEvents(
            List<Events.Event> caused, ByteBuf buf, int index, int bytes, Map<EnvelopeKey, Long> totals) {
        for (Events.Event event : caused) {
            assertThat(event.key()).isEqualTo(EnvelopeKey.of(buf, index));
            if (event instanceof Events.Begin begin) {
                assertThat(Chunk.index(buf, index)).isZero();
                totals.put(begin.key(), begin.totalBytes());
            } else if (event instanceof Events.Complete complete) {
                ByteBuffer payload = complete.payload();
                long total = totals.get(complete.key());
                assertThat(total).isIn((long) payload.remaining(), Chunk.UNKNOWN_TOTAL);
                CRC32 crc = new CRC32();
                crc.update(payload.duplicate());
                assertThat(buf.getUnsignedInt(index + bytes - Chunk.CRC_BYTES)).isEqualTo(crc.getValue());
                assertThat(Frame.flags(buf, index) & Flags.LAST).isNotZero();
            } else if (event instanceof Events.Failed failed && failed.reason() == EnvelopeFailure.CANCELLED) {
                assertThat(Chunk.index(buf, index)).isEqualTo(Chunk.CANCEL_INDEX);
            }
        }
    }
}
