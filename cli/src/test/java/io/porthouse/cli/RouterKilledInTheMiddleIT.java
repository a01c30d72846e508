package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.EnvelopeException;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.client.SendReceipt;
import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.EnvelopeFailure;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The router is killed in the middle of 64 envelopes that one connection sends at once, with messages between them, and
 * started again: what was whole stays whole, the rest fails once on either side, and nothing of it is left.
 */
class RouterKilledInTheMiddleIT {

    private static final Pattern LISTENING = Pattern.compile("listening on {2}tcp://(127\\.0\\.0\\.1:\\d+) ");
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** As many as a connection may have open, so one that stayed open would be in the way of the next. */
    private static final int ENVELOPES = 64;

    private static final int RECEIVERS = 2;
    private static final int CHUNK_KIB = 16;
    private static final int TOTAL_BYTES = 100_001;

    /** Some chunks, and a part of one. */
    private static final int GATE_BYTES = 50_000;

    /** What a receiver has read of envelopes when the router is killed, at least: most of it of those without an end. */
    private static final long MIDDLE_BYTES = 8_000_000;

    /** What an envelope's source does. */
    private enum Source {
        /** Ends. */
        WHOLE,
        /** Falls silent in the middle until the router is there again, though it says how long it is, or doesn't. */
        SILENT,
        /** Goes on and on. */
        ENDLESS;

        static Source of(int envelope) {
            return envelope % 2 == 0 ? WHOLE : envelope % 4 == 1 ? SILENT : ENDLESS;
        }
    }

    @TempDir
    private Path dir;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Random random = new Random(64);
    private final List<WatchedClient> clients = new ArrayList<>();
    private final List<WatchedClient> receivers = new ArrayList<>();
    private final List<CompletableFuture<SendReceipt>> whole = new ArrayList<>();
    private final List<CompletableFuture<SendReceipt>> broken = new ArrayList<>();

    /** By name: the SHA-256 of what must arrive whole. */
    private final Map<String, String> expected = new HashMap<>();

    /** By number: how many each message that has a receipt went to. */
    private final Map<Integer, Long> recipients = new ConcurrentHashMap<>();

    private final AtomicInteger nextMessage = new AtomicInteger();
    private volatile boolean talking = true;
    private CommandProcess router;
    private String address;
    private WatchedClient sender;

    @BeforeEach
    void start() throws Exception {
        startRouter("127.0.0.1:0");
        Matcher matcher = LISTENING.matcher(router.out());
        assertThat(matcher.find()).as(router.out()).isTrue();
        address = matcher.group(1);
        for (int i = 0; i < RECEIVERS; i++) {
            receivers.add(connect(options().maxIncomingEnvelopes(ENVELOPES), true));
        }
        sender = connect(options(), false);
    }

    private void startRouter(String listen) throws Exception {
        router = CommandProcess.start(dir, Map.of(), CommandProcess.jar("run --listen " + listen))
                .awaitOut("Stop it with Ctrl-C");
    }

    private ConnectOptions.Builder options() throws Exception {
        return ConnectOptions.to("tcp://" + address)
                .token(Files.readString(dir.resolve("porthouse-data/token")).strip());
    }

    private WatchedClient connect(ConnectOptions.Builder options, boolean receives) {
        WatchedClient client = new WatchedClient(options, receives);
        clients.add(client);
        return client;
    }

    @AfterEach
    void stop() {
        talking = false;
        threads.shutdownNow();
        router.close();
        for (WatchedClient client : clients) {
            var unused = client.connection.closeAsync();
        }
    }

    private byte[] payload() {
        byte[] payload = new byte[TOTAL_BYTES];
        random.nextBytes(payload);
        return payload;
    }

    private static String sha256(byte[] payload) {
        return HexFormat.of().formatHex(RandomFile.sha256().digest(payload));
    }

    /** Begins to send an envelope, on a thread of its own. */
    private CompletableFuture<SendReceipt> send(String name, InputStream payload, long total, CountDownLatch gate) {
        InputStream source = new GatedStream(payload, GATE_BYTES, gate);
        Envelope envelope =
                (total == Chunk.UNKNOWN_TOTAL ? Envelope.of(source) : Envelope.of(source, total)).withName(name);
        return CompletableFuture.supplyAsync(
                () -> sender.connection.send(envelope.chunks(CHUNK_KIB)).join(), threads);
    }

    /** Every other one says how long it is. */
    private static long total(int envelope) {
        return envelope % 8 < 4 ? TOTAL_BYTES : Chunk.UNKNOWN_TOTAL;
    }

    /** Sends numbered messages, each when the last one has its receipt or will have none. */
    private void talk() {
        while (talking) {
            int number = nextMessage.getAndIncrement();
            try {
                recipients.put(
                        number,
                        sender.connection.send(Integer.toString(number)).join().recipients());
            } catch (CompletionException e) {
                assertThat(e.getCause())
                        .isInstanceOfSatisfying(
                                PorthouseException.class,
                                failure -> assertThat(failure.kind()).isEqualTo(Kind.IN_DOUBT));
            }
        }
    }

    private void awaitReceivers(Predicate<WatchedClient> state) {
        await().atMost(LIMIT).until(() -> receivers.stream().allMatch(state));
    }

    /** Begins all, lets them go on once all have begun everywhere, and kills the router in the middle of most. */
    private void sendUntilKilled(CountDownLatch back) throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        for (int i = 0; i < ENVELOPES; i++) {
            String name = Integer.toString(i);
            byte[] payload = payload();
            switch (Source.of(i)) {
                case WHOLE -> {
                    expected.put(name, sha256(payload));
                    whole.add(send(name, new ByteArrayInputStream(payload), total(i), begun));
                }
                case SILENT -> broken.add(send(name, new ByteArrayInputStream(payload), total(i), back));
                case ENDLESS -> broken.add(send(name, new RandomStream(i, Long.MAX_VALUE), Chunk.UNKNOWN_TOTAL, begun));
            }
        }
        awaitReceivers(receiver -> receiver.begun.get() == ENVELOPES);
        begun.countDown();
        awaitReceivers(
                receiver -> receiver.envelopes.size() == expected.size() && receiver.readBytes.get() >= MIDDLE_BYTES);
        for (CompletableFuture<SendReceipt> sent : whole) {
            assertThat(soon(sent).recipients()).isEqualTo(RECEIVERS);
        }
        router.signal("KILL");
        assertThat(router.exit()).isEqualTo(137);
    }

    @Test
    @Timeout(value = 2, unit = TimeUnit.MINUTES)
    void whatWasWholeStaysWholeAndTheRestFailsOnce() throws Exception {
        CompletableFuture<Void> talk = CompletableFuture.runAsync(this::talk, threads);
        CountDownLatch back = new CountDownLatch(1);
        sendUntilKilled(back);
        int killedAt = nextMessage.get() - 1;
        startRouter(address);
        await().atMost(LIMIT).until(() -> clients.stream().allMatch(WatchedClient::isBack));
        int backAt = nextMessage.get();
        back.countDown();
        for (CompletableFuture<SendReceipt> failed : broken) {
            checkFailed(failed);
        }
        awaitReceivers(receiver -> receiver.envelopes.size() == ENVELOPES);
        receivers.forEach(this::checkFirst);
        sendAgain();
        talking = false;
        soon(talk);
        checkMessages(killedAt, backAt);
        checkEnd();
    }

    private static void checkFailed(CompletableFuture<SendReceipt> failed) {
        assertThatThrownBy(() -> soon(failed)).cause().isInstanceOfSatisfying(PorthouseException.class, failure -> {
            assertThat(failure.kind()).isEqualTo(Kind.LOST);
            assertThat(failure).hasMessageContaining("send it again from its first chunk");
        });
    }

    /** What was whole is what was sent; everything else says why it isn't there. */
    private void checkFirst(WatchedClient receiver) {
        receiver.envelopes.forEach((name, outcome) -> {
            if (expected.containsKey(name)) {
                assertThat(outcome).as(name).isEqualTo(expected.get(name));
            } else {
                assertThat(outcome).as(name).isInstanceOfSatisfying(EnvelopeException.class, failure -> {
                    assertThat(failure.reason()).isEqualTo(EnvelopeFailure.CONNECTION_LOST);
                    assertThat(failure)
                            .hasMessageContaining("(" + name + ") did not arrive whole: the connection ended; connect");
                });
            }
        });
    }

    /** As many as before, all open at once, pass whole. */
    private void sendAgain() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        List<CompletableFuture<SendReceipt>> sent = new ArrayList<>();
        for (int i = 0; i < ENVELOPES; i++) {
            byte[] payload = payload();
            expected.put("again " + i, sha256(payload));
            sent.add(send("again " + i, new ByteArrayInputStream(payload), total(i), begun));
        }
        awaitReceivers(receiver -> receiver.begun.get() == 2 * ENVELOPES);
        begun.countDown();
        for (CompletableFuture<SendReceipt> receipt : sent) {
            assertThat(soon(receipt).recipients()).isEqualTo(RECEIVERS);
        }
        awaitReceivers(receiver -> receiver.envelopes.size() == 2 * ENVELOPES);
        for (WatchedClient receiver : receivers) {
            assertThat(receiver.envelopes).containsAllEntriesOf(expected);
        }
    }

    /** In order and none twice; without a hole until the router was killed, and from when all were back. */
    private void checkMessages(int killedAt, int backAt) {
        int end = nextMessage.get();
        assertThat(killedAt).isPositive();
        assertThat(end).isGreaterThan(backAt);
        for (int number = backAt; number < end; number++) {
            assertThat(recipients).containsEntry(number, (long) RECEIVERS);
        }
        awaitReceivers(receiver -> receiver.messages.contains(end - 1));
        for (WatchedClient receiver : receivers) {
            List<Integer> came = List.copyOf(receiver.messages);
            assertThat(came).isSorted().doesNotHaveDuplicates();
            List<Integer> before =
                    came.stream().filter(number -> number < killedAt).toList();
            assertThat(before).isNotEmpty().isEqualTo(range(0, before.size()));
            assertThat(came.subList(came.size() - (end - backAt), came.size())).isEqualTo(range(backAt, end));
        }
    }

    private static List<Integer> range(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    /** Nobody was told anything else, and nobody still waits. */
    private void checkEnd() throws Exception {
        for (WatchedClient client : clients) {
            client.connection.close();
            assertThat(String.join(" ", client.fate)).matches("LOST (UNREACHABLE )*BACK");
            assertThat(client.troubles).isEmpty();
        }
        threads.shutdown();
        assertThat(threads.awaitTermination(LIMIT.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
    }

    private static <T> T soon(CompletableFuture<T> future) throws Exception {
        return future.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
}
