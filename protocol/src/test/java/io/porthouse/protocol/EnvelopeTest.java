package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnvelopeTest {

    private static final ByteBufAllocator ALLOCATOR = PooledByteBufAllocator.DEFAULT;

    /** A stream that knows how far it was read and whether it was closed, and gives a few bytes at a time. */
    private static final class Watched extends InputStream {
        private final byte[] bytes;
        private final int failAt;
        int given;
        int closed;

        Watched(byte[] bytes) {
            this(bytes, Integer.MAX_VALUE);
        }

        Watched(byte[] bytes, int failAt) {
            this.bytes = bytes;
            this.failAt = failAt;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (closed > 0) {
                throw new IOException("read after close");
            }
            if (given >= failAt) {
                throw new IOException("broken");
            }
            int now = Math.min(Math.min(length, 100), Math.min(bytes.length, failAt) - given);
            if (now <= 0) {
                return -1;
            }
            System.arraycopy(bytes, given, into, offset, now);
            given += now;
            return now;
        }

        @Override
        public void close() throws IOException {
            closed++;
            throw new IOException("nobody wants to know");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1023, 1024, 1025, 2047, 2048, 2049, 5000})
    void cutsAnyPayloadTheSameWayWhateverItsSource(int size, @TempDir Path directory) throws IOException {
        byte[] payload = bytes(size);
        Path file = Files.write(directory.resolve("a.bin"), payload);
        List<String> expected = frames(Envelope.of(payload).chunks(1));

        assertThat(expected).hasSize(Math.max(1, (size + 1023) / 1024));
        assertThat(frames(Envelope.of(file).withMetadata(EnvelopeMetadata.NONE).chunks(1)))
                .isEqualTo(expected);
        assertThat(frames(Envelope.of(new Watched(payload), size).chunks(1))).isEqualTo(expected);

        List<String> unknown = frames(Envelope.of(new Watched(payload)).chunks(1));
        assertThat(unknown.get(0)).contains("ff".repeat(8));
        assertThat(unknown.get(0).replace("ff".repeat(8), String.format("%016x", size)))
                .isEqualTo(expected.get(0));
        assertThat(unknown.subList(1, unknown.size())).isEqualTo(expected.subList(1, expected.size()));
    }

    @Test
    void everyFrameIsAsLargeAsItSaid() {
        Envelope envelope = Envelope.of(bytes(3000)).withName("ü").withType("x/y");
        for (EnvelopeChunk chunk : envelope.chunks(1)) {
            ByteBuf frame = chunk.frame(ALLOCATOR, 1, 2, 0);
            assertThat(frame.readableBytes()).isEqualTo(chunk.frameBytes());
            assertThat(FrameWalk.frameBytes(frame, 0, frame.readableBytes(), 1 << 20))
                    .isEqualTo(chunk.frameBytes());
            assertThat(Chunk.dataBytes(frame, 0, chunk.frameBytes())).isEqualTo(chunk.dataBytes());
            assertThat(frame.refCnt()).isEqualTo(1);
            frame.release();
        }
    }

    @Test
    void receiptIsAskedForOnTheLastChunkAlone() {
        for (EnvelopeChunk chunk : Envelope.of("x".repeat(2000)).chunks(1)) {
            if (!chunk.isLast()) {
                assertThatIllegalArgumentException().isThrownBy(() -> chunk.frame(ALLOCATOR, 1, 2, 3));
            }
            ByteBuf frame = chunk.frame(ALLOCATOR, 1, 2, chunk.isLast() ? 3 : 0);
            assertThat(Frame.flags(frame, 0)).isEqualTo((byte)
                    (chunk.isLast()
                            ? Flags.CHUNK | Flags.LAST | Flags.RECEIPT | Flags.TEXT
                            : Flags.CHUNK | Flags.TEXT));
            assertThat(Frame.sequence(frame, 0)).isEqualTo(chunk.isLast() ? 3 : 0);
            frame.release();
        }
    }

    @Test
    void textIsUtf8AndMarked() {
        Envelope envelope = Envelope.of("grüß");
        assertThat(envelope.isText()).isTrue();
        assertThat(Envelope.of(new byte[0]).isText()).isFalse();
        EnvelopeChunk chunk = envelope.chunks(1).iterator().next();
        ByteBuf frame = chunk.frame(ALLOCATOR, 0, 1, 0);
        assertThat(frame.toString(24 + 18, chunk.dataBytes(), StandardCharsets.UTF_8))
                .isEqualTo("grüß");
        frame.release();
    }

    @Test
    void fileNamesItself(@TempDir Path directory) {
        assertThat(Envelope.of(directory.resolve("a.bin")).metadata().name()).contains("a.bin");
        assertThat(Envelope.of(Path.of("/")).metadata()).isEqualTo(EnvelopeMetadata.NONE);
    }

    @Test
    void readsOneChunkAndOneByteAhead() {
        Watched source = new Watched(bytes(10_000));
        Iterator<EnvelopeChunk> chunks = Envelope.of(source).chunks(1).iterator();
        assertThat(source.given).isZero();
        chunks.next();
        assertThat(source.given).isEqualTo(1025);
        chunks.next();
        assertThat(source.given).isEqualTo(2049);
        assertThat(source.closed).isZero();
    }

    @Test
    void endOfTheStreamClosesIt() {
        Watched source = new Watched(bytes(2048));
        EnvelopeChunks chunks = Envelope.of(source).chunks(1);
        assertThat(frames(chunks)).hasSize(2);
        assertThat(source.closed).isEqualTo(1);
        chunks.close();
        assertThat(source.closed).isEqualTo(1);
    }

    @Test
    void closingEndsTheWalk() {
        Watched source = new Watched(bytes(5000));
        EnvelopeChunks chunks = Envelope.of(source).chunks(1);
        Iterator<EnvelopeChunk> walk = chunks.iterator();
        EnvelopeChunk chunk = walk.next();
        chunks.close();
        assertThat(source.closed).isEqualTo(1);
        assertThat(walk.hasNext()).isFalse();
        assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(walk::next);
        assertThatIllegalStateException().isThrownBy(() -> chunk.frame(ALLOCATOR, 0, 1, 0));
    }

    @Test
    void whoAskedIsToldOnceThatTheyWereClosed() {
        List<String> told = new ArrayList<>();
        EnvelopeChunks chunks = Envelope.of(new byte[5000]).chunks(1);
        chunks.whenClosed(() -> told.add("first"));
        chunks.whenClosed(() -> told.add("second"));
        chunks.iterator().next();
        assertThat(told).isEmpty();
        chunks.close();
        chunks.close();
        assertThat(told).containsExactly("first", "second");
        chunks.whenClosed(() -> told.add("late"));
        assertThat(told).containsExactly("first", "second", "late");
    }

    @Test
    void aBrokenSourceIsToldToWhoAsked() {
        List<String> told = new ArrayList<>();
        EnvelopeChunks chunks = Envelope.of(new Watched(new byte[5000], 0)).chunks(1);
        chunks.whenClosed(() -> told.add("closed"));
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> chunks.iterator().next());
        assertThat(told).containsExactly("closed");
    }

    @Test
    void chunksClosedBeforeTheFirstStillCloseTheStream() {
        Watched source = new Watched(bytes(10));
        Envelope.of(source).chunks(1).close();
        assertThat(source.closed).isEqualTo(1);
    }

    @Test
    void aChunkIsValidUntilTheNext() {
        Iterator<EnvelopeChunk> walk = Envelope.of(bytes(3000)).chunks(1).iterator();
        EnvelopeChunk first = walk.next();
        assertThat(frame(first)).isEqualTo(frame(first));
        walk.next();
        assertThatIllegalStateException().isThrownBy(() -> first.frame(ALLOCATOR, 0, 1, 0));
    }

    @Test
    void theLastChunkStaysValidBehindTheEnd() {
        Iterator<EnvelopeChunk> walk = Envelope.of(bytes(10)).chunks(1).iterator();
        EnvelopeChunk last = walk.next();
        assertThat(walk.hasNext()).isFalse();
        assertThat(frame(last)).isNotEmpty();
    }

    @Test
    void chunksAreWalkedOnceButCutAgainWhereTheSourceAllows() {
        Envelope envelope = Envelope.of(bytes(10));
        assertThat(envelope.isRepeatable()).isTrue();
        EnvelopeChunks chunks = envelope.chunks(1);
        List<String> first = frames(chunks);
        assertThatIllegalStateException().isThrownBy(chunks::iterator);
        assertThat(frames(envelope.chunks(1))).isEqualTo(first);

        Envelope stream = Envelope.of(new Watched(bytes(10)));
        assertThat(stream.isRepeatable()).isFalse();
        assertThat(frames(stream.chunks(1))).hasSize(1);
        assertThatIllegalStateException()
                .isThrownBy(() -> stream.withName("other").chunks(1));
    }

    @Test
    void aBrokenSourceIsClosedAndReported() {
        Watched source = new Watched(bytes(5000), 3000);
        Iterator<EnvelopeChunk> walk = Envelope.of(source).chunks(1).iterator();
        walk.next();
        walk.next();
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(walk::next)
                .withMessageContaining("broken");
        assertThat(source.closed).isEqualTo(1);
        assertThat(walk.hasNext()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1023, 1024, 1025, 2047, 2049, 3000})
    void aSourceOfAnotherLengthThanAnnouncedFails(long announced) {
        Watched source = new Watched(bytes(2048));
        EnvelopeChunks chunks = Envelope.of(source, announced).chunks(1);
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> frames(chunks))
                .withMessageContaining("to have " + announced + " bytes");
        assertThat(source.closed).isEqualTo(1);
    }

    @Test
    void aMissingFileIsReportedByTheFirstChunk(@TempDir Path directory) {
        EnvelopeChunks chunks = Envelope.of(directory.resolve("none")).chunks(1);
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> frames(chunks))
                .withCauseInstanceOf(NoSuchFileException.class);
    }

    @Test
    void theSeedsCaseFitsADefaultRouter() {
        Envelope envelope = Envelope.of(new byte[10 << 20]);
        envelope.chunks(1024).requireFits(Frame.DEFAULT_MAX_FRAME_BYTES);
        assertThat(envelope.chunks(1024, Frame.DEFAULT_MAX_FRAME_BYTES)).hasSize(10);
    }

    @Test
    void chunksLargerThanTheRoutersFramesAreRefused() {
        Envelope envelope = Envelope.of(bytes(10));
        // 24 of header, 18 of chunk 0, the CRC
        int overhead = 46;
        envelope.chunks(2, 2048 + overhead);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> envelope.chunks(2, 2048 + overhead - 1))
                .withMessageContaining("2093");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> envelope.withName("x").chunks(2, 2048 + overhead));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> envelope.chunks(2048).requireFits(Frame.DEFAULT_MAX_FRAME_BYTES))
                .withMessageContaining("2097152");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> envelope.chunks(16 << 10))
                .withMessageContaining("16777216");
        assertThatIllegalArgumentException().isThrownBy(() -> envelope.chunks(Integer.MAX_VALUE));
        assertThatIllegalArgumentException().isThrownBy(() -> envelope.chunks(0));
        assertThatIllegalArgumentException().isThrownBy(() -> envelope.chunks(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> Envelope.of(new ByteArrayInputStream(new byte[0]), -1));
    }

    @Test
    void aRefusedSizeDoesNotUseUpAStream() {
        Envelope stream = Envelope.of(new Watched(bytes(10)));
        assertThatIllegalArgumentException().isThrownBy(() -> stream.chunks(1, 100));
        assertThat(frames(stream.chunks(1))).hasSize(1);
    }

    private static List<String> frames(EnvelopeChunks chunks) {
        List<String> frames = new ArrayList<>();
        for (EnvelopeChunk chunk : chunks) {
            assertThat(chunk.chunks()).isSameAs(chunks);
            assertThat(chunk.index()).isEqualTo(frames.size());
            frames.add(frame(chunk));
        }
        return frames;
    }

    private static String frame(EnvelopeChunk chunk) {
        ByteBuf frame = chunk.frame(ALLOCATOR, 1, 2, 0);
        String hex = ByteBufUtil.hexDump(frame);
        frame.release();
        return hex;
    }

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (i * 31 + i / 1000);
        }
        return bytes;
    }
}
