package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.EnvelopeHandler;
import io.porthouse.client.SendReceipt;
import io.porthouse.protocol.Envelope;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Something large reaches three fast receivers and a slow one, through a router that has hardly any memory. */
class LargeEnvelopeIT {

    private static final String LITTLE_MEMORY = "-Xmx64m -XX:MaxDirectMemorySize=64m";
    private static final int RECEIVERS = 4;
    private static final long SLOW_BYTES_PER_SECOND = 5_000_000;
    private static final int BLOCK_BYTES = 64 << 10;
    private static final Pattern TCP = Pattern.compile("address = \"tcp://(.*)\"");
    private static final Pattern ADMIN = Pattern.compile("admin = \"(.*)\"");

    @TempDir
    private Path dir;

    private CommandProcess router;
    private String address;
    private HttpRequest metrics;
    private final HttpClient http = HttpClient.newHttpClient();
    private final Connections connections = new Connections();

    @BeforeEach
    void startRouter() throws Exception {
        String command =
                CommandProcess.jar("run --listen 127.0.0.1:0").replace(" -jar ", " " + LITTLE_MEMORY + " -jar ");
        router = CommandProcess.start(dir, Map.of(), command).awaitOut("Stop it with Ctrl-C");
        String secret = Files.readString(dir.resolve("porthouse-data/token")).strip();
        address = "tcp://" + secret + "@" + setting(TCP);
        metrics =
                HttpRequest.newBuilder(URI.create(setting(ADMIN) + "/metrics")).build();
    }

    @AfterEach
    void stopRouter() {
        // After the router, or a sender that is held up would be waited for.
        router.close();
        connections.close();
    }

    private String setting(Pattern line) throws IOException {
        Matcher matcher = line.matcher(Files.readString(dir.resolve(".porthouse")));
        assertThat(matcher.find()).as("%s", line).isTrue();
        return matcher.group(1);
    }

    private double metric(String name) throws IOException, InterruptedException {
        Matcher matcher = Pattern.compile("^" + name + " (\\S+)$", Pattern.MULTILINE)
                .matcher(http.send(metrics, BodyHandlers.ofString()).body());
        assertThat(matcher.find()).as(name).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    private Connection connect(EnvelopeHandler handler) {
        return connections.connect(ConnectOptions.to(address).reconnect(false).onEnvelope(handler));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String digest(InputStream stream, Duration slowFor) throws IOException {
        MessageDigest digest = sha256();
        byte[] block = new byte[BLOCK_BYTES];
        long start = System.nanoTime();
        long bytes = 0;
        for (int read = stream.read(block); read >= 0; read = stream.read(block)) {
            digest.update(block, 0, read);
            bytes += read;
            if (System.nanoTime() - start < slowFor.toNanos()) {
                // The pace is what is tested; nothing is waited for.
                long due = start + (long) ((double) bytes / SLOW_BYTES_PER_SECOND * TimeUnit.SECONDS.toNanos(1));
                LockSupport.parkNanos(due - System.nanoTime());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private CompletableFuture<String> receive(Duration slowFor) {
        CompletableFuture<String> arrived = new CompletableFuture<>();
        connect(EnvelopeHandler.stream(stream -> {
            try {
                arrived.complete(digest(stream, slowFor));
            } catch (IOException e) {
                arrived.completeExceptionally(e);
            }
        }));
        return arrived;
    }

    /** Sends on a thread of its own. */
    private static CompletableFuture<SendReceipt> sendLater(Connection sender, Envelope envelope) {
        CompletableFuture<SendReceipt> outcome = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        outcome.complete(sender.send(envelope).join());
                    } catch (RuntimeException e) {
                        outcome.completeExceptionally(e);
                    }
                },
                "test-sender");
        thread.setDaemon(true);
        thread.start();
        return outcome;
    }

    private void arrives(long bytes, Duration slowFor, Duration limit) throws Exception {
        List<CompletableFuture<String>> arrivals = new ArrayList<>();
        arrivals.add(receive(slowFor));
        while (arrivals.size() < RECEIVERS) {
            arrivals.add(receive(Duration.ZERO));
        }
        MessageDigest sent = sha256();
        InputStream source = new DigestInputStream(new RandomStream(bytes, bytes), sent);
        Connection sender = connect(EnvelopeHandler.stream(stream -> {}));
        CompletableFuture<SendReceipt> sending =
                sendLater(sender, Envelope.of(source, bytes).to("lobby"));
        double mostBytes = awaitAndWatch(sending, limit);
        assertThat(sending.get().recipients()).isEqualTo(RECEIVERS);
        String expected = HexFormat.of().formatHex(sent.digest());
        for (CompletableFuture<String> arrived : arrivals) {
            assertThat(arrived.get(limit.toSeconds(), TimeUnit.SECONDS)).isEqualTo(expected);
        }
        assertThat(mostBytes).as("most in use").isGreaterThan(0).isLessThan(metric("porthouse_memory_limit_bytes"));
        assertThat(metric("porthouse_publishers_suspended_time_seconds_total")).isPositive();
        connections.close();
        router.signal("TERM");
        assertThat(router.exit()).as(router.err()).isZero();
        assertThat(router.err()).doesNotContain("MemoryError");
    }

    /** Waits for the receipt; returns the most that the router's buffers held meanwhile. */
    private double awaitAndWatch(CompletableFuture<SendReceipt> sending, Duration limit) {
        double[] most = new double[1];
        await().atMost(limit).pollInterval(Duration.ofMillis(50)).until(() -> {
            most[0] = Math.max(most[0], metric("porthouse_memory_used_bytes"));
            return sending.isDone();
        });
        return most[0];
    }

    @Test
    void aGibibyteReachesThemAllThoughOneIsSlowForLong() throws Exception {
        arrives(1L << 30, Duration.ofSeconds(20), Duration.ofSeconds(100));
    }

    @Test
    @Tag("long")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void aGibibyteReachesThemAllThoughOneIsSlow() throws Exception {
        arrives(1L << 30, Duration.ofHours(1), Duration.ofMinutes(5));
    }

    @Test
    @Tag("long")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void tenGibibytesReachThemAllThoughOneIsSlowForLong() throws Exception {
        arrives(10L << 30, Duration.ofSeconds(30), Duration.ofMinutes(5));
    }
}
