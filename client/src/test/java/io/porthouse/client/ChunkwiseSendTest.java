package io.porthouse.client;

import static io.porthouse.client.ScriptedRouter.LOBBY;
import static io.porthouse.client.ScriptedRouter.failure;
import static io.porthouse.client.ScriptedRouter.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.client.ScriptedRouter.Received;
import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.EnvelopeChunk;
import io.porthouse.protocol.EnvelopeChunks;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Envelopes whose chunks the caller cuts, and how they are given up. */
class ChunkwiseSendTest {

    private static final String ROOM = "lobby";

    private ScriptedRouter router;

    @BeforeEach
    void start() throws Exception {
        router = new ScriptedRouter();
    }

    @AfterEach
    void stop() throws Exception {
        router.close();
    }

    private static int readChunk(ScriptedRouter.Pair pair, int index) throws IOException {
        Received chunk = pair.router().read(FrameType.ENVELOPE);
        assertThat(Chunk.index(chunk.frame(), 0)).isEqualTo(index);
        return Chunk.envelopeId(chunk.frame(), 0);
    }

    private static void readMessage(ScriptedRouter.Pair pair) throws IOException {
        pair.connection().post(ROOM, "next");
        assertThat(pair.router().read(FrameType.ENVELOPE).text()).isEqualTo("next");
    }

    @Test
    void whoBreaksOffTellsTheReceiversByClosing() throws Exception {
        try (var pair = router.connect(router.options().sendTimeout(Duration.ofSeconds(5)))) {
            // More than may be open at once.
            for (int i = 0; i < 10; i++) {
                CompletableFuture<SendReceipt> receipt;
                try (EnvelopeChunks chunks = Envelope.of(new byte[5000]).chunks(1)) {
                    receipt = pair.connection().send(ROOM, chunks.iterator().next());
                }
                int id = readChunk(pair, 0);
                assertThat(readChunk(pair, Chunk.CANCEL_INDEX)).isEqualTo(id);
                assertThat(failure(receipt).kind()).isEqualTo(Kind.SOURCE);
            }
        }
    }

    @Test
    void aSourceThatFailsIsToldToTheReceivers() throws Exception {
        InputStream breaking = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("disk gone");
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                return read();
            }
        };
        Envelope envelope = Envelope.of(new SequenceInputStream(new ByteArrayInputStream(new byte[1500]), breaking));
        try (var pair = router.connect(router.options())) {
            assertThatThrownBy(() -> {
                        // Left open on purpose: what failed is closed by that.
                        for (EnvelopeChunk chunk : envelope.chunks(1)) {
                            var unused = pair.connection().send(ROOM, chunk);
                        }
                    })
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("disk gone");
            int id = readChunk(pair, 0);
            assertThat(readChunk(pair, Chunk.CANCEL_INDEX)).isEqualTo(id);
        }
    }

    @Test
    void closingBehindTheLastChunkTellsNothing() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<SendReceipt> receipt = null;
            try (EnvelopeChunks chunks = Envelope.of(new byte[1500]).chunks(1)) {
                for (EnvelopeChunk chunk : chunks) {
                    receipt = pair.connection().send(ROOM, chunk);
                }
            }
            readChunk(pair, 0);
            Received last = pair.router().read(FrameType.ENVELOPE);
            assertThat(last.flags()).isEqualTo(Flags.CHUNK | Flags.LAST | Flags.RECEIPT);
            readMessage(pair);
            pair.router().receipt(LOBBY, last.correlation(), 0, 1);
            assertThat(soon(receipt).recipients()).isEqualTo(1);
        }
    }

    @Test
    void whatTheRouterRefusesIsForgottenBehindItsLastChunk() throws Exception {
        try (var pair = router.connect(router.options())) {
            try (EnvelopeChunks chunks = Envelope.of(new byte[1500]).chunks(1)) {
                Iterator<EnvelopeChunk> walk = chunks.iterator();
                CompletableFuture<SendReceipt> receipt = pair.connection().send(ROOM, walk.next());
                long id = readChunk(pair, 0);
                pair.router().control(new ControlBody.Refusal(103, "too large", null, id, null), LOBBY, 0);
                assertThat(failure(receipt).code()).isEqualTo(103);
                EnvelopeChunk last = walk.next();
                assertThat(pair.connection().send(ROOM, last)).isSameAs(receipt);
                assertThatThrownBy(() -> pair.connection().send(ROOM, last))
                        .hasMessageContaining("no envelope being sent");
            }
            // Neither a chunk nor a cancel of what the router has ended.
            readMessage(pair);
        }
    }

    @Test
    void chunksAreClosedWhereverTheSendingFails() throws Exception {
        try (var pair = router.connect(router.options())) {
            Tracked unheld = new Tracked();
            assertThatThrownBy(() -> pair.connection().send("nowhere", unheld.chunks()))
                    .hasMessageContaining("not held");
            assertThat(unheld.closed).isTrue();
            Tracked defaulted = new Tracked();
            assertThatThrownBy(() -> pair.connection()
                            .send(Envelope.of(defaulted).to("nowhere").chunks(1)))
                    .hasMessageContaining("not held");
            assertThat(defaulted.closed).isTrue();
        }
    }

    /** A stream that knows whether it was closed. */
    private static final class Tracked extends ByteArrayInputStream {
        final AtomicBoolean closed = new AtomicBoolean();

        Tracked() {
            super(new byte[10]);
        }

        EnvelopeChunks chunks() {
            return Envelope.of(this).chunks(1);
        }

        @Override
        public void close() {
            closed.set(true);
        }
    }
}
