package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.porthouse.client.EnvelopeDirectory;
import io.porthouse.client.IncomingEnvelope;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.EnvelopeAssembler;
import io.porthouse.protocol.EnvelopeChunk;
import io.porthouse.protocol.EnvelopeChunks;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeKey;
import io.porthouse.protocol.EnvelopeListener;
import io.porthouse.protocol.EnvelopeMetadata;
import io.porthouse.protocol.EnvelopeSink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chunks as they come from the wire, into files. */
class SavedEnvelopesTest {

    private static final ByteBufAllocator HEAP = new UnpooledByteBufAllocator(false);
    private static final int PAYLOAD_BYTES = 5000;

    @TempDir
    private Path dir;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final StringWriter err = new StringWriter();
    private Listener listener;
    private EnvelopeAssembler assembler;

    @BeforeEach
    void listen() throws Exception {
        PrintWriter writer = new PrintWriter(err, true);
        listener = new Listener(
                new TextOutput(Streams.writer(out)),
                writer,
                new Progress(writer, false, System::nanoTime),
                EnvelopeDirectory.open(dir),
                10,
                Duration.ZERO);
        assembler = new EnvelopeAssembler(10, new EnvelopeListener() {
            @Override
            public EnvelopeSink begin(EnvelopeKey key, long totalBytes, boolean text, EnvelopeMetadata metadata) {
                return listener.onEnvelope(new IncomingEnvelope("acme/lobby", 0, 1, totalBytes, text, metadata));
            }

            @Override
            public void refused(EnvelopeKey key, EnvelopeFailure reason) {
                listener.onEnvelopeRefused("acme/lobby", reason);
            }
        });
    }

    private static List<ByteBuf> frames(String name) {
        List<ByteBuf> frames = new ArrayList<>();
        try (EnvelopeChunks chunks =
                Envelope.of(new byte[PAYLOAD_BYTES]).withName(name).chunks(1)) {
            for (EnvelopeChunk chunk : chunks) {
                frames.add(chunk.frame(HEAP, 7, 1, 0));
            }
        }
        return frames;
    }

    private void receive(List<ByteBuf> frames) {
        for (ByteBuf frame : frames) {
            assembler.accept(frame, 0, frame.readableBytes());
            frame.release();
        }
    }

    private List<String> files() {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(file -> file.getFileName().toString()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whatIsRightIsKept() {
        receive(frames("../a.bin"));
        assertThat(files()).containsExactly("a.bin");
        assertThat(dir.resolve("a.bin")).hasSize(PAYLOAD_BYTES);
        assertThat(listener.lost()).isZero();
    }

    @Test
    void ofWhatHasAWrongChecksumNothingIsKept() {
        List<ByteBuf> frames = frames("a.bin");
        ByteBuf second = frames.get(1);
        second.setByte(second.readableBytes() - 1, 1);
        receive(frames);
        assertThat(files()).isEmpty();
        assertThat(listener.lost()).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
        assertThat(err.toString())
                .isEqualTo("porthouse: an envelope of acme/lobby (a.bin) was lost: bad checksum;"
                        + " nothing of it was kept, have it sent again\n");
    }

    @Test
    void ofWhatBreaksOffNothingIsKept() {
        List<ByteBuf> frames = frames("a.bin");
        receive(frames.subList(0, 3));
        assertThat(files()).hasSize(1);
        assembler.end();
        assertThat(files()).isEmpty();
        assertThat(listener.lost()).isEqualTo(1);
        frames.subList(3, frames.size()).forEach(ByteBuf::release);
    }
}
