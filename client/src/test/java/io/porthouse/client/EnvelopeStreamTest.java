package io.porthouse.client;

import static io.porthouse.client.ScriptedRouter.LOBBY;
import static io.porthouse.client.ScriptedRouter.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.EnvelopeChunk;
import io.porthouse.protocol.EnvelopeChunks;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.FrameType;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvelopeStreamTest {

    private static final int ID = 9;

    /** More than two sockets hold. */
    private static final int MUCH = 64 << 20;

    private ScriptedRouter router;

    @BeforeEach
    void start() throws Exception {
        router = new ScriptedRouter();
    }

    @AfterEach
    void stop() throws Exception {
        router.close();
    }

    private static byte[] random(int bytes) {
        byte[] payload = new byte[bytes];
        new Random(bytes).nextBytes(payload);
        return payload;
    }

    private static List<byte[]> frames(Envelope envelope, int kib) {
        List<byte[]> frames = new ArrayList<>();
        try (EnvelopeChunks chunks = envelope.chunks(kib)) {
            for (EnvelopeChunk chunk : chunks) {
                ByteBuf frame = chunk.frame(UnpooledByteBufAllocator.DEFAULT, LOBBY, ID, 0);
                byte[] bytes = new byte[frame.readableBytes()];
                frame.readBytes(bytes);
                frame.release();
                frames.add(bytes);
            }
        }
        return frames;
    }

    /** Keeps its stream for as long as the test likes. */
    private static final class Held implements EnvelopeReader {
        final CompletableFuture<EnvelopeStream> begun = new CompletableFuture<>();
        final CountDownLatch done = new CountDownLatch(1);

        @Override
        public void read(EnvelopeStream stream) throws IOException {
            begun.complete(stream);
            try {
                done.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }

    /** Writes on a thread of its own, because the client may not read; counts what went. */
    private static CompletableFuture<Void> writeLater(
            ScriptedRouter.Pair pair, List<byte[]> frames, AtomicLong written) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread writer = new Thread(
                () -> {
                    try {
                        for (byte[] frame : frames) {
                            pair.router().write(frame);
                            written.addAndGet(frame.length);
                        }
                        done.complete(null);
                    } catch (RuntimeException e) {
                        done.completeExceptionally(e);
                    }
                },
                "test-router");
        writer.setDaemon(true);
        writer.start();
        return done;
    }

    private static void awaitStanding(AtomicLong written) {
        AtomicLong seen = new AtomicLong(-1);
        await().pollInterval(Duration.ofMillis(500))
                .until(() -> written.get() > 0 && seen.getAndSet(written.get()) == written.get());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1024, 200_000, 3_000_000})
    void aStreamGivesWhatWasSent(int bytes) throws Exception {
        byte[] payload = random(bytes);
        CompletableFuture<byte[]> read = new CompletableFuture<>();
        BlockingQueue<Long> progress = new LinkedBlockingQueue<>();
        var handler = EnvelopeHandler.stream(stream -> {
                    assertThat(stream.envelope().metadata().name()).contains("a.bin");
                    read.complete(stream.readAllBytes());
                })
                .withProgress((envelope, soFar) -> progress.add(soFar));
        try (var pair = router.connect(router.options().onEnvelope(handler))) {
            frames(Envelope.of(payload).withName("a.bin"), 100)
                    .forEach(frame -> pair.router().write(frame));
            assertThat(soon(read)).isEqualTo(payload);
            assertThat(List.copyOf(progress)).isSorted();
            assertThat(progress.stream().reduce(0L, (before, last) -> last)).isEqualTo(bytes);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = EnvelopeFailure.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"TOO_MANY_OPEN", "TOO_LARGE"})
    void whatDoesNotArriveWholeSaysWhy(EnvelopeFailure reason) throws Exception {
        CompletableFuture<EnvelopeException> failure = new CompletableFuture<>();
        CompletableFuture<byte[]> begun = new CompletableFuture<>();
        EnvelopeReader reader = stream -> {
            begun.complete(stream.readNBytes(10));
            EnvelopeException first = catchThrowableOfType(EnvelopeException.class, stream::readAllBytes);
            EnvelopeException second = catchThrowableOfType(EnvelopeException.class, stream::read);
            assertThat(second.reason()).isEqualTo(first.reason());
            failure.complete(first);
        };
        EnvelopeHandler handler = EnvelopeHandler.stream(reader).withProgress((envelope, soFar) -> {
            if (reason == EnvelopeFailure.RECEIVER_FAILED && soFar > 1024) {
                throw new IllegalStateException("as the test wants it");
            }
        });
        try (var pair = router.connect(router.options().onEnvelope(handler))) {
            List<byte[]> frames = frames(Envelope.of(random(5000)).withName("a.bin"), 1);
            pair.router().write(frames.get(0));
            assertThat(soon(begun)).hasSize(10);
            switch (reason) {
                case CANCELLED -> pair.router().write(out -> Chunk.writeCancel(out, 0, LOBBY, 0, ID));
                case BAD_CHECKSUM -> {
                    frames.get(1)[500] ^= 1;
                    frames.subList(1, 5).forEach(frame -> pair.router().write(frame));
                }
                case WRONG_TOTAL -> {
                    byte[] early = frames.get(4);
                    early[31] = 1;
                    pair.router().write(early);
                }
                case INDEX_HOLE -> pair.router().write(frames.get(2));
                case MALFORMED ->
                    pair.router().write(out -> {
                        out.writeBytes(frames.get(4), 0, 32);
                        out.setInt(0, 28).setInt(28, 1);
                    });
                case RECEIVER_FAILED -> pair.router().write(frames.get(1));
                case ROOM_LOST -> pair.router().control(new ControlBody.Withdrawn("acme/lobby", "withdrawn"), LOBBY, 0);
                default -> pair.router().control(new ControlBody.Close(3001, "slow-receiver", null), 0, 0);
            }
            EnvelopeException told = soon(failure);
            assertThat(told.reason()).isEqualTo(reason);
            assertThat(told).hasMessageStartingWith("an envelope of acme/lobby (a.bin) did not arrive whole: ");
            if (reason == EnvelopeFailure.CONNECTION_LOST) {
                assertThat(told).hasMessageContaining("3001 slow-receiver");
            }
        }
    }

    @Test
    void aStreamThatNobodyReadsHoldsUpItsConnectionUntilItIsRead() throws Exception {
        byte[] payload = random(MUCH);
        Held held = new Held();
        BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        AtomicLong written = new AtomicLong();
        var options = router.options()
                .receiveBufferBytes(1 << 20)
                .onMessage(message -> messages.add(message.text()))
                .onEnvelope(EnvelopeHandler.stream(held));
        try (var pair = router.connect(options)) {
            CompletableFuture<Void> writing = writeLater(pair, frames(Envelope.of(payload), 124), written);
            EnvelopeStream stream = soon(held.begun);
            awaitStanding(written);
            assertThat(written.get()).isLessThan(MUCH / 2);
            assertThat(stream.available()).isBetween(1 << 19, 3 << 20);
            assertThat(stream.envelope().space().heldBytes()).isLessThan(3 << 20);
            assertThat(stream.readAllBytes()).isEqualTo(payload);
            soon(writing);
            pair.router().write(out -> ScriptedRouter.text(out, LOBBY, 1, "behind"));
            assertThat(messages.poll(60, TimeUnit.SECONDS)).isEqualTo("behind");
            held.done.countDown();
            await().until(() -> stream.envelope().space().heldBytes() == 0);
        }
    }

    @Test
    void ofAStreamThatIsClosedTheRestFlowsBy() throws Exception {
        Held held = new Held();
        BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        AtomicLong written = new AtomicLong();
        var options = router.options()
                .onMessage(message -> messages.add(message.text()))
                .onEnvelope(EnvelopeHandler.stream(held));
        try (var pair = router.connect(options)) {
            CompletableFuture<Void> writing = writeLater(pair, frames(Envelope.of(random(MUCH)), 124), written);
            EnvelopeStream stream = soon(held.begun);
            awaitStanding(written);
            assertThat(writing).isNotDone();
            held.done.countDown();
            soon(writing);
            pair.router().write(out -> ScriptedRouter.text(out, LOBBY, 1, "behind"));
            assertThat(messages.poll(60, TimeUnit.SECONDS)).isEqualTo("behind");
            assertThat(catchThrowableOfType(IOException.class, stream::read)).hasMessage("the stream is closed");
            await().until(() -> stream.envelope().space().heldBytes() == 0);
        }
    }

    @Test
    void manySmallStreamsThatNobodyReadsAreBoundedToo() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        AtomicLong begun = new AtomicLong();
        EnvelopeReader reader = stream -> {
            begun.incrementAndGet();
            try {
                done.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        };
        int count = 20_000;
        List<byte[]> small = frames(Envelope.of(new byte[1000]), 1);
        List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            frames.addAll(small);
        }
        AtomicLong written = new AtomicLong();
        var options = router.options().receiveBufferBytes(256 << 10).onEnvelope(EnvelopeHandler.stream(reader));
        try (var pair = router.connect(options)) {
            CompletableFuture<Void> writing = writeLater(pair, frames, written);
            awaitStanding(written);
            // What was read before the first of them began is handled all the same.
            assertThat(begun.get()).isBetween(16L, 2000L);
            done.countDown();
            soon(writing);
            await().until(() -> begun.get() == count);
        }
    }

    @Test
    void messagesPassAStreamThatNobodyReads() throws Exception {
        Held held = new Held();
        BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        var options = router.options()
                .onMessage(message -> messages.add(message.text()))
                .onEnvelope(EnvelopeHandler.stream(held));
        try (var pair = router.connect(options)) {
            frames(Envelope.of(new byte[1_000_000]), 64)
                    .forEach(frame -> pair.router().write(frame));
            pair.router().write(out -> ScriptedRouter.text(out, LOBBY, 1, "passes"));
            assertThat(messages.poll(60, TimeUnit.SECONDS)).isEqualTo("passes");
            assertThat(soon(held.begun).available()).isEqualTo(1_000_000);
            held.done.countDown();
        }
    }

    @Test
    void whoDoesNotReadIsHeardOfAllTheSame() throws Exception {
        Held held = new Held();
        var options = router.options().receiveBufferBytes(64 << 10).onEnvelope(EnvelopeHandler.stream(held));
        ScriptedRouter.Step shortHeartbeat = peer -> {
            peer.readHello();
            peer.write(out -> {
                ScriptedRouter.welcome(out, 1, 1, 2 << 20);
                ScriptedRouter.granted(out, LOBBY, "acme/lobby", 1);
            });
        };
        try (var pair = router.connect(options, shortHeartbeat)) {
            frames(Envelope.of(new byte[1 << 20]), 64)
                    .forEach(frame -> pair.router().write(frame));
            for (int i = 0; i < 3; i++) {
                pair.router().read(FrameType.PING);
            }
            assertThat(soon(held.begun).available()).isPositive();
            held.done.countDown();
        }
    }

    @Test
    void aConnectionThatBreaksWhileNothingIsReadMayHaveBeenTooSlow() throws Exception {
        CompletableFuture<EnvelopeException> failure = new CompletableFuture<>();
        CountDownLatch broken = new CountDownLatch(1);
        EnvelopeReader reader = stream -> {
            try {
                broken.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            failure.complete(catchThrowableOfType(EnvelopeException.class, stream::readAllBytes));
        };
        CompletableFuture<PorthouseException> ended = new CompletableFuture<>();
        var options = router.options()
                .receiveBufferBytes(64 << 10)
                .onEnvelope(EnvelopeHandler.stream(reader))
                .events(new ConnectionEvents() {
                    @Override
                    public void onEnded(@Nullable PorthouseException cause) {
                        ended.complete(cause);
                    }
                });
        try (var pair = router.connect(options)) {
            AtomicLong written = new AtomicLong();
            CompletableFuture<Void> writing = writeLater(pair, frames(Envelope.of(new byte[MUCH]), 64), written);
            awaitStanding(written);
            assertThat(writing).isNotDone();
            pair.router().socket().setSoLinger(true, 0);
            pair.router().close();
            assertThat(soon(ended)).hasMessageContaining("too slow (3001)");
            broken.countDown();
            EnvelopeException told = soon(failure);
            assertThat(told.reason()).isEqualTo(EnvelopeFailure.CONNECTION_LOST);
            assertThat(told).hasMessageContaining("too slow (3001)");
        }
    }

    @Test
    void aReaderCanBeInterruptedAndClosedByOthers() throws Exception {
        Held held = new Held();
        try (var pair = router.connect(router.options().onEnvelope(EnvelopeHandler.stream(held)))) {
            pair.router().write(frames(Envelope.of(new byte[5000]), 1).get(0));
            EnvelopeStream stream = soon(held.begun);
            assertThat(stream.readNBytes(1024)).hasSize(1024);
            Thread.currentThread().interrupt();
            assertThat(catchThrowableOfType(InterruptedIOException.class, stream::read))
                    .isNotNull();
            assertThat(Thread.interrupted()).isTrue();
            CompletableFuture<IOException> waiting =
                    CompletableFuture.supplyAsync(() -> catchThrowableOfType(IOException.class, stream::read));
            held.done.countDown();
            assertThat(soon(waiting)).hasMessage("the stream is closed");
        }
    }

    @Test
    void aHandlerCannotWaitForAStream() throws Exception {
        Held held = new Held();
        CompletableFuture<Throwable> refusal = new CompletableFuture<>();
        var options = router.options()
                .onEnvelope(EnvelopeHandler.stream(held))
                .onMessage(message -> refusal.complete(catchThrowableOfType(
                        Throwable.class, () -> held.begun.join().read())));
        try (var pair = router.connect(options)) {
            byte[] first = frames(Envelope.of(new byte[5000]), 1).get(0);
            pair.router().write(first);
            assertThat(soon(held.begun).readNBytes(1024)).hasSize(1024);
            pair.router().write(out -> ScriptedRouter.text(out, LOBBY, 1, "read it"));
            assertThat(soon(refusal)).hasMessageContaining("on another thread");
            held.done.countDown();
        }
    }

    @Test
    void aReaderThatFailsCostsItsEnvelopeOnly() throws Exception {
        BlockingQueue<Integer> read = new LinkedBlockingQueue<>();
        EnvelopeReader reader = stream -> {
            byte[] all = stream.readAllBytes();
            if (all.length == 1) {
                throw new IllegalStateException("on purpose");
            }
            read.add(all.length);
        };
        try (var pair = router.connect(router.options().onEnvelope(EnvelopeHandler.stream(reader)))) {
            frames(Envelope.of(new byte[1]), 1).forEach(frame -> pair.router().write(frame));
            frames(Envelope.of(new byte[2]), 1).forEach(frame -> pair.router().write(frame));
            assertThat(read.poll(60, TimeUnit.SECONDS)).isEqualTo(2);
        }
    }
}
