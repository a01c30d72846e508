package io.porthouse.router;

import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * A real router on a free port, with time in the test's hands and tokens in memory. Closing it closes the clients too, and
 * fails if a buffer was not released.
 */
final class RouterHarness implements AutoCloseable {

    private static final int SLOW_RECEIVE_BUFFER_BYTES = 4 << 10;
    private static final long RUNNING = Long.MIN_VALUE;
    private static final int LOOPS = 2;
    private static final long LIMIT_SECONDS = 60;
    private static final Duration POLL = Duration.ofMillis(2);

    static final String SECRET = "harness-token-0123456789";
    static final String TOKEN_ID = "harness";
    static final String ACCOUNT = "acme";
    static final Set<Right> READ_WRITE = Set.of(Right.READ, Right.WRITE);

    final MemoryTokenSource tokens;
    final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    final Router router;

    private final AtomicLong skippedNanos = new AtomicLong();
    private final AtomicLong timesRead = new AtomicLong();
    private volatile long stoppedAtNanos = RUNNING;
    private final List<TestClient> clients = new ArrayList<>();

    RouterHarness() throws IOException {
        this(settings());
    }

    RouterHarness(RouterSettings settings) throws IOException {
        this(settings, name -> RoomRules.DEFAULT);
    }

    RouterHarness(RouterSettings settings, Function<RoomName, RoomRules> rules) throws IOException {
        this(settings, rules, source -> source);
    }

    /** @param asked makes of the tokens in memory what the router asks */
    RouterHarness(
            RouterSettings settings, Function<RoomName, RoomRules> rules, Function<TokenSource, TokenSource> asked)
            throws IOException {
        tokens = new MemoryTokenSource(rules);
        grant(new Grant(ACCOUNT, "", true, READ_WRITE, false), new Grant(ACCOUNT, "lobby", false, READ_WRITE, true));
        router = Router.start(settings, asked.apply(tokens), metrics, new SkippingClock(), this::nanos);
    }

    /** Two puddles on a free port of loopback; everything else as by default. */
    static RouterSettings settings() {
        RouterSettings defaults = RouterSettings.defaults();
        return new RouterSettings(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                defaults.nodeName(),
                defaults.transport(),
                LOOPS,
                Duration.ofSeconds(30),
                defaults.limits());
    }

    /** Sets the grants of the harness's token; a running router must still be told by {@link #refreshToken}. */
    void grant(Grant... grants) {
        put(SECRET, new TokenState(TOKEN_ID, ACCOUNT, List.of(grants), 100_000, null, false));
    }

    void put(String secret, TokenState state) {
        tokens.put(MemoryTokenSource.secretHash(secret), state);
    }

    /** Has a token read again, and waits until its sessions act by it. */
    Refreshed refreshToken(String id) throws Exception {
        return inTime(router.refreshTokens(Set.of(id)));
    }

    /** Has a room's rules read again, and waits until its members are treated by them. */
    Refreshed refreshRoom(RoomName room) throws Exception {
        return inTime(router.refreshRooms(List.of(room)));
    }

    private static Refreshed inTime(CompletionStage<Refreshed> refreshed) throws Exception {
        return refreshed.toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    /** Lets time pass: the router sees it at its next tick. */
    void skip(Duration time) {
        skippedNanos.addAndGet(time.toNanos());
    }

    /**
     * Waits until every puddle has ticked this often, so that every session has been looked at since: one a tick while there
     * are few.
     */
    void awaitTicks(int ticks) {
        long enough = timesRead.get() + (long) (ticks + 1) * LOOPS;
        await("ticks").pollInterval(POLL).until(timesRead::get, read -> read >= enough);
    }

    /** Each puddle asks once a tick. */
    private long nanos() {
        timesRead.incrementAndGet();
        long stopped = stoppedAtNanos;
        return (stopped == RUNNING ? System.nanoTime() : stopped) + skippedNanos.get();
    }

    /** Stops the time of deadlines: from now on it passes only by {@link #skip}. */
    void stopTime() {
        stoppedAtNanos = System.nanoTime();
    }

    /** Connects without a word. */
    TestClient dial() throws IOException {
        TestClient client = new TestClient(router.address());
        clients.add(client);
        return client;
    }

    /** Connects without a word; the kernel holds little for this client, so that it is soon a slow one. */
    TestClient dialSlow() throws IOException {
        TestClient client = new TestClient(router.address(), SLOW_RECEIVE_BUFFER_BYTES);
        clients.add(client);
        return client;
    }

    /** Connects with the harness's token, and takes WELCOME and the answers for these rooms (none: what auto-joins). */
    TestClient connect(String... rooms) throws IOException {
        TestClient client = dial();
        client.hello(SECRET, rooms);
        return client;
    }

    double gauge(String name, String... tags) {
        return metrics.get(name).tags(tags).gauge().value();
    }

    double counter(String name) {
        return metrics.get(name).functionCounter().count();
    }

    /** How many connections have ended with this code so far. */
    double closes(CloseCode code) {
        return metrics.get("porthouse.closes")
                .tag("code", Integer.toString(code.number()))
                .counter()
                .count();
    }

    /** Waits until a gauge has this value. */
    void awaitGauge(String name, double value) {
        await(name).pollInterval(POLL).until(() -> gauge(name), reading -> reading == value);
    }

    @Override
    public void close() {
        // In this order, because the router waits for a second for clients that do not answer its CLOSE.
        clients.forEach(TestClient::close);
        router.close();
        if (router.usedBytes() != 0) {
            throw new AssertionError(router.usedBytes() + " bytes of buffers were not released");
        }
    }

    private final class SkippingClock extends Clock {
        @Override
        public Instant instant() {
            return Instant.now().plusNanos(skippedNanos.get());
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
