package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.EnvelopeDirectory;
import io.porthouse.client.EnvelopeException;
import io.porthouse.client.EnvelopeHandler;
import io.porthouse.client.EnvelopeReader;
import io.porthouse.client.EnvelopeStream;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.SendReceipt;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.Right;
import io.porthouse.router.Grant;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.RoomRules;
import io.porthouse.router.Router;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.TokenState;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Envelopes between Java clients, through the router as it is. */
class EnvelopeClientTest {

    private static final long MUCH = 256L << 20;

    private static final Grant LOBBY = new Grant("acme", "lobby", false, Set.of(Right.READ, Right.WRITE), true);
    private static final Grant SIDE = new Grant("acme", "side", false, Set.of(Right.READ, Right.WRITE), true);

    private final MemoryTokenSource tokens = new MemoryTokenSource(room -> RoomRules.DEFAULT);
    private final Connections connections = new Connections();
    private Router router;

    @BeforeEach
    void start() throws Exception {
        grant("sender", LOBBY, SIDE);
        grant("receiver", LOBBY, SIDE);
        RouterSettings settings =
                RouterSettings.defaults().withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        router = Router.start(settings, tokens, new SimpleMeterRegistry(), Clock.systemUTC());
    }

    @AfterEach
    void stop() {
        router.close();
        connections.close();
    }

    private static String secret(String who) {
        return who + "-0123456789-0123456789";
    }

    private void grant(String who, Grant... grants) {
        tokens.put(
                MemoryTokenSource.secretHash(secret(who)),
                new TokenState(who, "acme", List.of(grants), 100, null, false));
    }

    private void refresh(String who) throws Exception {
        assertThat(router.refreshTokens(Set.of(who)).toCompletableFuture().get(60, TimeUnit.SECONDS))
                .isNotNull();
    }

    private ConnectOptions.Builder options(String who) {
        return ConnectOptions.to("tcp://" + secret(who) + "@127.0.0.1:"
                        + router.address().getPort())
                .reconnect(false);
    }

    private Connection receive(EnvelopeHandler handler) {
        return connections.connect(
                options("receiver").receiveBufferBytes(1 << 20).onEnvelope(handler));
    }

    /** Sends on a thread of its own. */
    private static CompletableFuture<SendReceipt> sendLater(Connection connection, Envelope envelope) {
        CompletableFuture<SendReceipt> outcome = new CompletableFuture<>();
        Thread sender = new Thread(
                () -> {
                    try {
                        outcome.complete(connection.send(envelope).join());
                    } catch (CompletionException e) {
                        outcome.completeExceptionally(e.getCause());
                    } catch (RuntimeException e) {
                        outcome.completeExceptionally(e);
                    }
                },
                "test-sender");
        sender.setDaemon(true);
        sender.start();
        return outcome;
    }

    private static <T> T soon(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private static PorthouseException failure(CompletableFuture<SendReceipt> sending) throws Exception {
        try {
            throw new AssertionError("sent all the same: " + soon(sending));
        } catch (ExecutionException e) {
            return (PorthouseException) e.getCause();
        }
    }

    private static String digest(InputStream stream) throws IOException {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            new DigestInputStream(stream, sha256).transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Reads a little, and no more until it may. */
    private static final class Holding implements EnvelopeReader {
        final CountDownLatch goOn = new CountDownLatch(1);
        final CompletableFuture<EnvelopeStream> begun = new CompletableFuture<>();
        final CompletableFuture<String> digest = new CompletableFuture<>();
        final CompletableFuture<EnvelopeException> failure = new CompletableFuture<>();

        @Override
        public void read(EnvelopeStream stream) throws IOException {
            begun.complete(stream);
            try {
                goOn.await();
                digest.complete(EnvelopeClientTest.digest(stream));
            } catch (EnvelopeException e) {
                failure.complete(e);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }

    /** Waits until no more is read from a source. */
    private static void awaitStanding(RandomStream source) {
        AtomicLong seen = new AtomicLong();
        await().pollInterval(Duration.ofMillis(300)).until(() -> {
            long read = source.readBytes();
            return seen.getAndSet(read) == read && read > 0;
        });
    }

    @Test
    void whoDoesNotReadHoldsThePublisherBack() throws Exception {
        Holding reader = new Holding();
        Connection unused = receive(EnvelopeHandler.stream(reader));
        RandomStream source = new RandomStream(1, MUCH);
        CompletableFuture<SendReceipt> sending = sendLater(
                connections.connect(options("sender")),
                Envelope.of(source, MUCH).to("lobby"));
        awaitStanding(source);
        // The buffers of two clients, four socket ends and a router are between them.
        assertThat(source.readBytes()).isLessThan(MUCH / 4);
        assertThat(sending).isNotDone();
        reader.goOn.countDown();
        assertThat(soon(reader.digest)).isEqualTo(digest(new RandomStream(1, MUCH)));
        assertThat(soon(sending).recipients()).isEqualTo(1);
    }

    @Test
    void manyEnvelopesShareOneConnectionFairlyAndMessagesKeepTheirOrder() throws Exception {
        int count = 63;
        long bytes = 4 << 20;
        long firstBytes = MUCH / 2;
        Map<String, String> arrived = new ConcurrentHashMap<>();
        List<Long> messages = new ArrayList<>();
        AtomicLong messagesSeen = new AtomicLong();
        Holding first = new Holding();
        ConnectOptions.Builder options = options("receiver")
                .onMessage(message -> {
                    messages.add(Long.valueOf(message.text()));
                    messagesSeen.incrementAndGet();
                })
                .onEnvelope(named(
                        "first",
                        EnvelopeHandler.stream(first),
                        EnvelopeHandler.stream(stream ->
                                arrived.put(stream.envelope().metadata().name().orElseThrow(), digest(stream)))));
        Connection unused = connections.connect(options);
        Connection sender = connections.connect(options("sender"));
        RandomStream large = new RandomStream(0, firstBytes);
        CompletableFuture<SendReceipt> firstSent = sendLater(
                sender, Envelope.of(large, firstBytes).withName("first").to("lobby"));
        awaitStanding(large);
        AtomicLongArray sent = new AtomicLongArray(count);
        CompletableFuture<Long> leastWhenTheFirstEnds = new CompletableFuture<>();
        List<RandomStream> sources = new ArrayList<>();
        List<CompletableFuture<SendReceipt>> sending = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int which = i;
            RandomStream source = new RandomStream(i, bytes);
            sources.add(source);
            sending.add(sendLater(
                    sender,
                    Envelope.of(source, bytes).withName("e" + i).to("lobby").withProgress((soFar, total) -> {
                        sent.set(which, soFar);
                        if (soFar == total) {
                            leastWhenTheFirstEnds.complete(least(sent));
                        }
                    })));
        }
        // Behind the first one, which nobody reads, they all wait for their turn.
        await().until(() -> sources.stream().allMatch(source -> source.readBytes() > 0));
        first.goOn.countDown();
        AtomicBoolean over = new AtomicBoolean();
        CompletableFuture<Void> all = CompletableFuture.allOf(sending.toArray(CompletableFuture<?>[]::new));
        var unusedEnd = all.whenComplete((none, failed) -> over.set(true));
        long posted = 0;
        while (!over.get()) {
            soon(sender.send("lobby", Long.toString(posted++)));
        }
        all.join();
        assertThat(soon(firstSent).recipients()).isEqualTo(1);
        long toCome = posted;
        await().until(() -> arrived.size() == count && messagesSeen.get() == toCome);
        assertThat(messages).isEqualTo(LongStream.range(0, toCome).boxed().toList());
        for (int i = 0; i < count; i++) {
            assertThat(arrived).containsEntry("e" + i, digest(new RandomStream(i, bytes)));
        }
        assertThat(soon(first.digest)).isEqualTo(digest(new RandomStream(0, firstBytes)));
        // They end within a tenth of each other where nobody else uses the processors.
        assertThat(soon(leastWhenTheFirstEnds)).isGreaterThan(bytes / 2);
    }

    private static EnvelopeHandler named(String name, EnvelopeHandler handler, EnvelopeHandler others) {
        return envelope -> (envelope.metadata().name().orElse("").equals(name) ? handler : others).onEnvelope(envelope);
    }

    private static long least(AtomicLongArray sent) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < sent.length(); i++) {
            least = Math.min(least, sent.get(i));
        }
        return least;
    }

    @Test
    void envelopesGoBothWaysAtOnce() throws Exception {
        long bytes = 64 << 20;
        Map<String, CompletableFuture<String>> arrived = new ConcurrentHashMap<>();
        for (String who : List.of("sender", "receiver")) {
            arrived.put(who, new CompletableFuture<>());
        }
        for (String who : arrived.keySet()) {
            connections.connect(options(who)
                    .onEnvelope(
                            EnvelopeHandler.stream(stream -> arrived.get(who).complete(digest(stream)))));
        }
        List<CompletableFuture<SendReceipt>> sending = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            sending.add(sendLater(
                    connections.get(i),
                    Envelope.of(new RandomStream(5, bytes), bytes).to("lobby")));
        }
        String expected = digest(new RandomStream(5, bytes));
        for (CompletableFuture<SendReceipt> one : sending) {
            assertThat(soon(one).recipients()).isEqualTo(1);
        }
        for (CompletableFuture<String> one : arrived.values()) {
            assertThat(soon(one)).isEqualTo(expected);
        }
    }

    /** An envelope that is on its way for as long as its reader waits. */
    private CompletableFuture<SendReceipt> onItsWay(Connection sender, Holding reader) throws Exception {
        RandomStream endless = new RandomStream(2, Long.MAX_VALUE);
        CompletableFuture<SendReceipt> sending =
                sendLater(sender, Envelope.of(endless).withName("film").to("lobby"));
        assertThat(soon(reader.begun).envelope().metadata().name()).contains("film");
        return sending;
    }

    @Test
    void aSenderThatGoesIsToldToReceivers() throws Exception {
        Holding reader = new Holding();
        Connection unused = receive(EnvelopeHandler.stream(reader));
        Connection sender = connections.connect(options("sender").closeTimeout(Duration.ofSeconds(2)));
        CompletableFuture<SendReceipt> sending = onItsWay(sender, reader);
        reader.goOn.countDown();
        sender.close();
        assertThat(failure(sending).kind()).isEqualTo(PorthouseException.Kind.CLOSED);
        assertThat(soon(reader.failure).reason()).isEqualTo(EnvelopeFailure.CANCELLED);
    }

    @Test
    void aReceiverThatGoesCostsNobodyElse() throws Exception {
        Holding gone = new Holding();
        Connection going = receive(EnvelopeHandler.stream(gone));
        Holding staying = new Holding();
        staying.goOn.countDown();
        Connection unused = receive(EnvelopeHandler.stream(staying));
        RandomStream source = new RandomStream(3, MUCH);
        CompletableFuture<SendReceipt> sending = sendLater(
                connections.connect(options("sender")),
                Envelope.of(source, MUCH).to("lobby"));
        EnvelopeStream unread = soon(gone.begun);
        assertThat(unread.envelope().totalBytes()).isEqualTo(MUCH);
        going.close();
        gone.goOn.countDown();
        assertThat(soon(gone.failure).reason()).isEqualTo(EnvelopeFailure.CONNECTION_LOST);
        assertThat(soon(staying.digest)).isEqualTo(digest(new RandomStream(3, MUCH)));
        assertThat(soon(sending).recipients()).isEqualTo(1);
    }

    @Test
    void aRoomThatIsWithdrawnEndsItsEnvelopesOnBothSides() throws Exception {
        Holding reader = new Holding();
        reader.goOn.countDown();
        Connection unused = receive(EnvelopeHandler.stream(reader));
        Connection sender = connections.connect(options("sender"));
        CompletableFuture<SendReceipt> sending = onItsWay(sender, reader);
        grant("receiver", SIDE);
        refresh("receiver");
        assertThat(soon(reader.failure).reason()).isIn(EnvelopeFailure.CANCELLED, EnvelopeFailure.ROOM_LOST);
        grant("sender", SIDE);
        refresh("sender");
        assertThat(failure(sending)).hasMessageContaining("left or withdrawn");
        assertThat(soon(sender.send("side", "goes on")).recipients()).isEqualTo(1);
    }

    @Test
    void aRouterThatGoesIsToldToBoth() throws Exception {
        Holding reader = new Holding();
        reader.goOn.countDown();
        Connection unused = receive(EnvelopeHandler.stream(reader));
        CompletableFuture<SendReceipt> sending = onItsWay(connections.connect(options("sender")), reader);
        router.close();
        // The sender's connection may be the first to end, while the receiver's is still told so.
        assertThat(soon(reader.failure).reason()).isIn(EnvelopeFailure.CANCELLED, EnvelopeFailure.CONNECTION_LOST);
        assertThat(failure(sending)).hasMessageContaining("send it again from its first chunk");
    }

    @Test
    void eachEnvelopeMayBeTakenInAnotherWay(@TempDir Path dir) throws Exception {
        ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
        try (EnvelopeDirectory directory = EnvelopeDirectory.open(dir.resolve("in"))) {
            EnvelopeHandler small = EnvelopeHandler.inMemory(
                    10,
                    (envelope, whole) -> told.add("bytes " + whole.length),
                    (envelope, reason) -> told.add("" + reason));
            EnvelopeHandler files = directory.handler(
                    (envelope, file) -> told.add("file " + file.getFileName()),
                    (envelope, failure) -> told.add(failure.getMessage()));
            EnvelopeHandler streams =
                    EnvelopeHandler.stream(stream -> told.add("stream " + stream.readAllBytes().length));
            Connection unused =
                    receive(envelope -> (switch (envelope.metadata().type().orElse("")) {
                                case "small" -> small;
                                case "file" -> files;
                                default -> streams;
                            })
                            .onEnvelope(envelope));
            Connection sender = connections.connect(options("sender"));
            for (int bytes : new int[] {0, 10, 11}) {
                for (String type : List.of("small", "file", "stream")) {
                    Envelope envelope =
                            Envelope.of(new byte[bytes]).withName("a.bin").withType(type);
                    assertThat(soon(sender.send("lobby", envelope)).recipients())
                            .isEqualTo(1);
                }
            }
            await().until(() -> told.size() == 9);
            assertThat(told)
                    .containsExactlyInAnyOrder(
                            "bytes 0",
                            "bytes 10",
                            "TOO_LARGE",
                            "file a.bin",
                            "file a-2.bin",
                            "file a-3.bin",
                            "stream 0",
                            "stream 10",
                            "stream 11");
        }
    }
}
