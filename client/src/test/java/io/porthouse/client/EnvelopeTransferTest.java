package io.porthouse.client;

import static io.porthouse.client.ScriptedRouter.LOBBY;
import static io.porthouse.client.ScriptedRouter.SIDE;
import static io.porthouse.client.ScriptedRouter.failure;
import static io.porthouse.client.ScriptedRouter.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.client.ScriptedRouter.Received;
import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.EnvelopeChunk;
import io.porthouse.protocol.EnvelopeChunks;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeProgress;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EnvelopeTransferTest {

    private ScriptedRouter router;

    @BeforeEach
    void start() throws Exception {
        router = new ScriptedRouter();
    }

    @AfterEach
    void stop() throws Exception {
        router.close();
    }

    /** Sends on a thread of its own, because sending waits for the router to read. */
    private static CompletableFuture<SendReceipt> sendLater(Connection connection, Envelope envelope) {
        CompletableFuture<SendReceipt> outcome = new CompletableFuture<>();
        Thread sender = new Thread(
                () -> {
                    try {
                        outcome.complete(connection.send("lobby", envelope).join());
                    } catch (CompletionException e) {
                        outcome.completeExceptionally(e.getCause());
                    } catch (PorthouseException e) {
                        outcome.completeExceptionally(e);
                    }
                },
                "test-sender");
        sender.setDaemon(true);
        sender.start();
        return outcome;
    }

    @Test
    void anEnvelopeGoesThereAndBackUnchanged() throws Exception {
        byte[] payload = new byte[3_000_000];
        new Random(1).nextBytes(payload);
        BlockingQueue<byte[]> arrived = new LinkedBlockingQueue<>();
        BlockingQueue<IncomingEnvelope> begun = new LinkedBlockingQueue<>();
        var options = router.options()
                .onEnvelope(EnvelopeHandler.inMemory(
                        payload.length,
                        (envelope, bytes) -> {
                            begun.add(envelope);
                            arrived.add(bytes);
                        },
                        (envelope, reason) -> {}));
        try (var pair = router.connect(options)) {
            CompletableFuture<SendReceipt> receipt =
                    sendLater(pair.connection(), Envelope.of(payload).withName("a.bin"));
            Received chunk;
            int chunks = 0;
            do {
                chunk = pair.router().read(FrameType.ENVELOPE);
                assertThat(Chunk.index(chunk.frame(), 0)).isEqualTo(chunks++);
                // As a router does it: the same bytes, and no sequence.
                byte[] echo = chunk.frame().array().clone();
                Arrays.fill(echo, 16, 24, (byte) 0);
                pair.router().write(echo);
            } while ((chunk.flags() & Flags.LAST) == 0);
            assertThat(chunks).isGreaterThan(10);
            pair.router().receipt(LOBBY, chunk.correlation(), 0, 1);

            assertThat(soon(receipt).recipients()).isEqualTo(1);
            assertThat(arrived.poll(60, TimeUnit.SECONDS)).isEqualTo(payload);
            IncomingEnvelope envelope = begun.remove();
            assertThat(envelope.metadata().name()).contains("a.bin");
            assertThat(envelope.totalBytes()).isEqualTo(payload.length);
            assertThat(envelope.room()).isEqualTo("acme/lobby");
        }
    }

    @Test
    void theSizeOfChunksCanBeChosen() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<SendReceipt> receipt =
                    pair.connection().send("lobby", Envelope.of(new byte[2500]).chunks(1));
            pair.router().read(FrameType.ENVELOPE);
            pair.router().read(FrameType.ENVELOPE);
            Received last = pair.router().read(FrameType.ENVELOPE);
            assertThat(last.flags()).isEqualTo(Flags.CHUNK | Flags.LAST | Flags.RECEIPT);
            pair.router().receipt(LOBBY, last.correlation(), 0, 2);
            assertThat(soon(receipt).recipients()).isEqualTo(2);
        }
    }

    @Test
    void chunksCanBeSentOneByOne() throws Exception {
        try (var pair = router.connect(router.options());
                EnvelopeChunks chunks = Envelope.of(new byte[2500]).chunks(1)) {
            List<CompletableFuture<SendReceipt>> receipts = new ArrayList<>();
            for (EnvelopeChunk chunk : chunks) {
                receipts.add(pair.connection().send(chunk));
            }
            assertThat(receipts).hasSize(3).containsOnly(receipts.get(0));
            pair.router().read(FrameType.ENVELOPE);
            pair.router().read(FrameType.ENVELOPE);
            pair.router().receipt(LOBBY, pair.router().read(FrameType.ENVELOPE).correlation(), 0, 2);
            assertThat(soon(receipts.get(0)).recipients()).isEqualTo(2);
        }
    }

    @Test
    void anEnvelopeMayCarryItsRoom() throws Exception {
        Envelope envelope = Envelope.of("for the side room").to("side").withType("text/plain");
        assertThat(envelope.room()).contains("side");
        ScriptedRouter.Step twoRooms = peer -> {
            peer.readHello();
            peer.write(out -> {
                ScriptedRouter.welcome(out, 2);
                ScriptedRouter.granted(out, LOBBY, "acme/lobby", 1);
                ScriptedRouter.granted(out, SIDE, "acme/side", 1);
            });
        };
        try (var pair = router.connect(router.options(), twoRooms);
                EnvelopeChunks chunks = envelope.chunks(1)) {
            List<CompletableFuture<SendReceipt>> receipts = new ArrayList<>();
            receipts.add(pair.connection().send(envelope));
            receipts.add(pair.connection().send(envelope.chunks(1)));
            chunks.forEach(chunk -> receipts.add(pair.connection().send(chunk)));
            receipts.add(pair.connection().send("lobby", envelope));
            for (int room : new int[] {SIDE, SIDE, SIDE, LOBBY}) {
                Received chunk = pair.router().read(FrameType.ENVELOPE);
                assertThat(chunk.room()).isEqualTo(room);
                pair.router().receipt(room, chunk.correlation(), 0, 1);
            }
            assertThat(receipts).hasSize(4);
            for (CompletableFuture<SendReceipt> receipt : receipts) {
                assertThat(soon(receipt).recipients()).isEqualTo(1);
            }
        }
    }

    @Test
    void chunksOutOfOrderAreRefusedHere() throws Exception {
        try (var pair = router.connect(router.options());
                EnvelopeChunks chunks = Envelope.of(new byte[2500]).chunks(1)) {
            var walk = chunks.iterator();
            walk.next();
            EnvelopeChunk second = walk.next();
            assertThatThrownBy(() -> pair.connection().send(second)).hasMessageContaining("in order, from the first");
        }
    }

    @Test
    void anEndlessEnvelopeIsNeverWholeInMemory() throws Exception {
        AtomicLong read = new AtomicLong();
        InputStream endless = new InputStream() {
            @Override
            public int read() {
                return (int) (read.incrementAndGet() & 0x7F);
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                read.addAndGet(length);
                return length;
            }
        };
        var options = router.options().sendBufferBytes(1 << 20).sendTimeout(Duration.ofMillis(500));
        try (var pair = router.connect(options)) {
            CompletableFuture<SendReceipt> receipt = sendLater(pair.connection(), Envelope.of(endless));
            PorthouseException failure = failure(receipt);
            assertThat(failure.kind()).isEqualTo(Kind.FULL);
            // What the sockets took, half of the send buffer, and the chunk at hand.
            assertThat(read.get()).isLessThan(64 << 20);
            // Messages find room beside the chunks.
            pair.connection().post("lobby", "still here");
        }
    }

    @Test
    void aPausedRoomHoldsItsEnvelopesOnly() throws Exception {
        byte[] payload = new byte[2 << 20];
        try (var pair = router.connect(router.options())) {
            pair.router().flow(LOBBY, true);
            awaitPaused(pair);
            CompletableFuture<SendReceipt> receipt = sendLater(pair.connection(), Envelope.of(payload));
            pair.connection().post("lobby", "passes");
            assertThat(pair.router().read(FrameType.ENVELOPE).text()).isEqualTo("passes");
            pair.router().flow(LOBBY, false);
            Received chunk = pair.router().read(FrameType.ENVELOPE);
            assertThat(chunk.flags() & Flags.CHUNK).isNotZero();
            while ((chunk.flags() & Flags.LAST) == 0) {
                chunk = pair.router().read(FrameType.ENVELOPE);
            }
            pair.router().receipt(LOBBY, chunk.correlation(), 0, 0);
            soon(receipt);
        }
    }

    /** A PING that follows the FLOW is answered behind it. */
    private static void awaitPaused(ScriptedRouter.Pair pair) throws IOException {
        pair.router().write(out -> Frame.writeHeader(out, 0, FrameType.PING, 0, 0, 0, 0, 1));
        pair.router().read(FrameType.PONG);
    }

    @Test
    void aRefusalStopsTheSending() throws Exception {
        AtomicLong read = new AtomicLong();
        InputStream large = new InputStream() {
            @Override
            public int read() {
                return 0;
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                return read.addAndGet(length) > 1L << 32 ? -1 : length;
            }
        };
        try (var pair = router.connect(router.options())) {
            CompletableFuture<SendReceipt> receipt = sendLater(pair.connection(), Envelope.of(large));
            int id = Chunk.envelopeId(pair.router().read(FrameType.ENVELOPE).frame(), 0);
            pair.router().control(new ControlBody.Refusal(103, "too large", null, (long) id, null), LOBBY, 0);
            CompletableFuture<Void> reading = CompletableFuture.runAsync(() -> {
                try {
                    while (pair.router().read().type() != FrameType.CLOSE) {
                        // What was on its way when the refusal came.
                    }
                    pair.router().close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            assertThat(failure(receipt).code()).isEqualTo(103);
            pair.connection().close();
            soon(reading);
            assertThat(read.get()).isLessThan(1L << 32);
        }
    }

    @Test
    void anEnvelopeOfOneChunkIsRefusedByItsCorrelation() throws Exception {
        try (var pair = router.connect(router.options())) {
            CompletableFuture<SendReceipt> receipt = pair.connection().send("lobby", Envelope.of("small"));
            Received only = pair.router().read(FrameType.ENVELOPE);
            refuse(pair, 109, only, only.correlation());
            assertThat(failure(receipt).code()).isEqualTo(109);
            closeInOrder(pair);
        }
    }

    @Test
    void aRefusalBehindTheLastChunkIsNoReceipt() throws Exception {
        try (var pair = router.connect(router.options())) {
            Connection connection = pair.connection();
            CompletableFuture<SendReceipt> refused =
                    connection.send("lobby", Envelope.of(new byte[2500]).chunks(1));
            CompletableFuture<SendReceipt> next = connection.send("lobby", "next");
            pair.router().read(FrameType.ENVELOPE);
            pair.router().read(FrameType.ENVELOPE);
            Received last = pair.router().read(FrameType.ENVELOPE);
            Received message = pair.router().read(FrameType.ENVELOPE);
            refuse(pair, 103, last, 0);
            refuse(pair, 111, last, last.correlation());
            pair.router().receipt(LOBBY, message.correlation(), 1, 3);
            assertThat(soon(next).recipients()).isEqualTo(3);
            assertThat(failure(refused).code()).isEqualTo(103);
            closeInOrder(pair);
        }
    }

    private static void refuse(ScriptedRouter.Pair pair, int code, Received chunk, long correlation) {
        long id = Integer.toUnsignedLong(Chunk.envelopeId(chunk.frame(), 0));
        pair.router().control(new ControlBody.Refusal(code, "on purpose", null, id, null), LOBBY, correlation);
    }

    /** Nothing is outstanding, and everything that failed was told before. */
    private static void closeInOrder(ScriptedRouter.Pair pair) throws Exception {
        CompletableFuture<Void> closed = pair.connection().closeAsync();
        pair.router().read(FrameType.CLOSE);
        pair.router().close();
        soon(closed);
    }

    @Test
    void aSourceThatFailsIsCancelled() throws Exception {
        InputStream breaking = new SequenceInputStream(new ByteArrayInputStream(new byte[600_000]), new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("disk gone");
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                return read();
            }
        });
        try (var pair = router.connect(router.options())) {
            CompletableFuture<SendReceipt> receipt = sendLater(pair.connection(), Envelope.of(breaking));
            PorthouseException failure = failure(receipt);
            assertThat(failure.kind()).isEqualTo(Kind.SOURCE);
            assertThat(failure).hasMessageContaining("disk gone");
            Received last = pair.router().read(FrameType.ENVELOPE);
            while (Chunk.index(last.frame(), 0) != Chunk.CANCEL_INDEX) {
                last = pair.router().read(FrameType.ENVELOPE);
            }
            assertThat(last.flags()).isEqualTo(Flags.CHUNK | Flags.LAST);
        }
    }

    /** Opens as many as the router allows, chunk by chunk. */
    private static List<EnvelopeChunks> openAll(Connection connection) {
        List<EnvelopeChunks> open = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            EnvelopeChunks chunks = Envelope.of(new byte[2048]).chunks(1);
            open.add(chunks);
            assertThat(connection.send(chunks.iterator().next())).isNotDone();
        }
        return open;
    }

    @Test
    void whoFindsTooManyEnvelopesOpenDoesNotWaitForEverForThoseThatNobodyGoesOnWith() throws Exception {
        try (var pair = router.connect(router.options().sendTimeout(Duration.ofMillis(300)))) {
            List<EnvelopeChunks> open = openAll(pair.connection());
            assertThatThrownBy(() -> pair.connection().send("lobby", Envelope.of("fifth")))
                    .isInstanceOfSatisfying(
                            PorthouseException.class, e -> assertThat(e.kind()).isEqualTo(Kind.FULL))
                    .hasMessageContaining("4 envelopes");
            open.forEach(EnvelopeChunks::close);
        }
    }

    @Test
    void anEnvelopeTooManyWaitsForItsPlace() throws Exception {
        try (var pair = router.connect(router.options())) {
            List<EnvelopeChunks> open = openAll(pair.connection());
            List<CompletableFuture<SendReceipt>> waiting = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                waiting.add(sendLater(pair.connection(), Envelope.of("late")));
            }
            Set<Integer> going = new HashSet<>();
            for (int i = 0; i < 4; i++) {
                going.add(
                        Chunk.envelopeId(pair.router().read(FrameType.ENVELOPE).frame(), 0));
            }
            // The router gives one up, which makes room for all ten, one after the other.
            pair.router().control(new ControlBody.Refusal(103, "too large", null, 2L, null), LOBBY, 0);
            for (int i = 0; i < 10; i++) {
                Received late = pair.router().read(FrameType.ENVELOPE);
                assertThat(late.flags()).isEqualTo(Flags.CHUNK | Flags.LAST | Flags.TEXT | Flags.RECEIPT);
                assertThat(going).hasSize(4).doesNotContain(Chunk.envelopeId(late.frame(), 0));
                pair.router().receipt(LOBBY, late.correlation(), 0, 1);
            }
            for (CompletableFuture<SendReceipt> receipt : waiting) {
                assertThat(soon(receipt).recipients()).isEqualTo(1);
            }
            open.forEach(EnvelopeChunks::close);
        }
    }

    @Test
    void theEndOfTheConnectionIsTheEndOfTheWait() throws Exception {
        try (var pair = router.connect(router.options())) {
            List<EnvelopeChunks> open = openAll(pair.connection());
            CompletableFuture<SendReceipt> waiting = sendLater(pair.connection(), Envelope.of("late"));
            pair.router().control(new ControlBody.Close(3501, "token-unknown", null), 0, 0);
            assertThat(failure(waiting).code()).isEqualTo(3501);
            open.forEach(EnvelopeChunks::close);
        }
    }

    @Test
    void theSenderIsToldHowFarItIs() throws Exception {
        List<String> told = new ArrayList<>();
        EnvelopeProgress progress = (bytes, total) -> told.add(bytes + " of " + total);
        try (var pair = router.connect(router.options())) {
            Connection connection = pair.connection();
            var unused = connection.send(Envelope.of(new byte[2500])
                    .withProgress(progress)
                    .to("lobby")
                    .chunks(1));
            var unusedToo =
                    connection.send(Envelope.of(InputStream.nullInputStream()).withProgress(progress));
            for (int i = 0; i < 4; i++) {
                Received chunk = pair.router().read(FrameType.ENVELOPE);
                if (chunk.correlation() != 0) {
                    pair.router().receipt(LOBBY, chunk.correlation(), 0, 1);
                }
            }
            assertThat(told).containsExactly("1024 of 2500", "2048 of 2500", "2500 of 2500", "0 of -1");
        }
    }

    @Test
    void aSourceThatBreaksARuleIsCancelledToo() throws Exception {
        InputStream wrong = new InputStream() {
            private boolean begun;

            @Override
            public int read() {
                return 0;
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                if (begun) {
                    throw new IllegalStateException("on purpose");
                }
                begun = length > 1;
                return length;
            }
        };
        try (var pair = router.connect(router.options())) {
            assertThatThrownBy(() -> pair.connection().send(Envelope.of(wrong))).hasMessage("on purpose");
            assertThat(Chunk.index(pair.router().read(FrameType.ENVELOPE).frame(), 0))
                    .isZero();
            assertThat(Chunk.index(pair.router().read(FrameType.ENVELOPE).frame(), 0))
                    .isEqualTo(Chunk.CANCEL_INDEX);
        }
    }

    @Test
    void aWrongTotalIsToldToTheSender() throws Exception {
        try (var pair = router.connect(router.options())) {
            for (int announced : new int[] {10, 30}) {
                assertThatThrownBy(() ->
                                pair.connection().send(Envelope.of(new ByteArrayInputStream(new byte[20]), announced)))
                        .isInstanceOfSatisfying(
                                PorthouseException.class,
                                e -> assertThat(e.kind()).isEqualTo(Kind.SOURCE))
                        .hasMessageContaining("was to have " + announced);
            }
            // Nothing of them was on its way, so nothing had to be cancelled.
            pair.connection().post("lobby", "next");
            assertThat(pair.router().read(FrameType.ENVELOPE).text()).isEqualTo("next");
        }
    }

    @Test
    void anEnvelopeOfSeveralRoomsIsToldByRoom() throws Exception {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        var options = router.options()
                .onEnvelope(EnvelopeHandler.inMemory(
                        10,
                        (envelope, bytes) -> told.add(envelope.room() + " " + bytes.length),
                        (envelope, reason) -> told.add(envelope.room() + " " + reason)));
        try (var pair = router.connect(options)) {
            write(pair, Envelope.of(new byte[10]), LOBBY, 1);
            write(pair, Envelope.of(new byte[11]), SIDE, 1);
            pair.router().write(out -> Chunk.writeCancel(out, 0, LOBBY, 5, 99));
            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("acme/lobby 10");
            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("acme/side " + EnvelopeFailure.TOO_LARGE);
        }
    }

    @Test
    void theEndOfARoomIsTheEndOfItsEnvelopes() throws Exception {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        var options = router.options()
                .onEnvelope(EnvelopeHandler.inMemory(
                        1 << 20,
                        (envelope, bytes) -> told.add("whole"),
                        (envelope, reason) -> told.add(envelope.room() + " " + reason)));
        try (var pair = router.connect(options)) {
            try (EnvelopeChunks chunks = Envelope.of(new byte[5000]).chunks(1)) {
                writeChunk(pair, chunks.iterator().next(), LOBBY, 1);
            }
            pair.router().control(new ControlBody.Withdrawn("acme/lobby", "withdrawn"), LOBBY, 0);
            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("acme/lobby " + EnvelopeFailure.ROOM_LOST);
        }
    }

    @Test
    void chunksWithoutAHandlerAreSkipped() throws Exception {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        try (var pair = router.connect(router.options().onMessage(message -> told.add(message.text())))) {
            write(pair, Envelope.of(new byte[10]), LOBBY, 1);
            pair.router().write(out -> ScriptedRouter.text(out, LOBBY, 1, "message"));
            await().untilAsserted(() -> assertThat(told).containsExactly("message"));
        }
    }

    private static void write(ScriptedRouter.Pair pair, Envelope envelope, int room, int id) {
        try (EnvelopeChunks chunks = envelope.chunks(1)) {
            for (EnvelopeChunk chunk : chunks) {
                writeChunk(pair, chunk, room, id);
            }
        }
    }

    private static void writeChunk(ScriptedRouter.Pair pair, EnvelopeChunk chunk, int room, int id) {
        ByteBuf frame = chunk.frame(UnpooledByteBufAllocator.DEFAULT, room, id, 0);
        try {
            pair.router().write(out -> out.writeBytes(frame));
        } finally {
            frame.release();
        }
    }
}
