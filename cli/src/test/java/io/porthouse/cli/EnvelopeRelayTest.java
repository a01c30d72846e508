package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.EnvelopeHandler;
import io.porthouse.client.EnvelopeStream;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.SendReceipt;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.Right;
import io.porthouse.router.Grant;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.RoomRules;
import io.porthouse.router.Router;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.TokenState;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A connection that sends into one room because of what it gets from another, through the router as it is. */
class EnvelopeRelayTest {

    private static final String SECRET = "relay-0123456789-0123456789";
    private static final long MUCH = 64L << 20;

    private final MemoryTokenSource tokens = new MemoryTokenSource(room -> RoomRules.DEFAULT);
    private final Connections connections = new Connections();
    private Router router;

    private void start(long waitBytesPerSecond) throws Exception {
        Set<Right> both = Set.of(Right.READ, Right.WRITE);
        List<Grant> grants =
                List.of(new Grant("acme", "orders", false, both, true), new Grant("acme", "films", false, both, true));
        tokens.put(MemoryTokenSource.secretHash(SECRET), new TokenState("t1", "acme", grants, 100, null, false));
        RouterSettings.Limits limits = RouterSettings.defaults().limits();
        RouterSettings settings = RouterSettings.defaults()
                .withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .withLimits(new RouterSettings.Limits(
                        limits.maxFrameBytes(),
                        limits.maxOpenEnvelopes(),
                        limits.roomsPerSession(),
                        limits.handshakes(),
                        limits.inboxBytes(),
                        limits.outboxBytes(),
                        waitBytesPerSecond,
                        limits.memoryBytes()));
        router = Router.start(settings, tokens, new SimpleMeterRegistry(), Clock.systemUTC());
    }

    @AfterEach
    void stop() {
        router.close();
        connections.close();
    }

    private ConnectOptions.Builder options(String room) {
        return ConnectOptions.to(
                        "tcp://" + SECRET + "@127.0.0.1:" + router.address().getPort())
                .rooms(List.of(room))
                .reconnect(false);
    }

    private static <T> T soon(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    /** Waits until no more is read from a source. */
    private static void awaitStanding(RandomStream source) {
        AtomicLong seen = new AtomicLong();
        await().pollInterval(Duration.ofMillis(300)).until(() -> {
            long read = source.readBytes();
            return seen.getAndSet(read) == read && read > 0;
        });
    }

    /** Sends a film into {@code films} when it gets the first message of {@code orders}, and takes no other until then. */
    private final class Relay {
        final RandomStream film;
        final CompletableFuture<CompletableFuture<SendReceipt>> sent = new CompletableFuture<>();

        Relay(long filmBytes, ConnectOptions.Builder options) throws Exception {
            film = new RandomStream(1, filmBytes);
            Connection own = connections.connect(options.receiveBufferBytes(64 << 10));
            soon(own.receive("orders", order -> send(own, filmBytes)));
        }

        private void send(Connection own, long filmBytes) {
            if (!sent.isDone()) {
                try {
                    sent.complete(own.send("films", Envelope.of(film, filmBytes)));
                } catch (PorthouseException e) {
                    sent.completeExceptionally(e);
                }
            }
        }
    }

    /** More than a connection that takes nothing has room for. */
    private void orderMuch() throws Exception {
        Connection customer = connections.connect(options("orders"));
        byte[] order = new byte[256 << 10];
        for (int i = 0; i < 8; i++) {
            soon(customer.send("orders", order));
        }
    }

    @Test
    void aSlowRoomHoldsUpWhatFeedsItAndBothGoOn() throws Exception {
        start(1);
        CountDownLatch goOn = new CountDownLatch(1);
        CompletableFuture<Long> seen = new CompletableFuture<>();
        Connection viewer = connections.connect(options("films").receiveBufferBytes(1 << 20));
        soon(viewer.receiveEnvelopes("films", EnvelopeHandler.stream(stream -> {
            try {
                goOn.await();
                seen.complete(stream.transferTo(OutputStream.nullOutputStream()));
            } catch (InterruptedException e) {
                seen.completeExceptionally(e);
            }
        })));
        Relay relay = new Relay(MUCH, options("films"));
        soon(connections.connect(options("orders")).send("orders", "the first"));
        // The room is paused, and the relay is told so; then it reads no further, and is not told of the end.
        awaitStanding(relay.film);
        orderMuch();
        goOn.countDown();
        assertThat(soon(seen)).isEqualTo(MUCH);
        assertThat(soon(soon(relay.sent)).recipients()).isEqualTo(1);
    }

    @Test
    void whoHoldsUpTheRoomThatItWaitsForIsClosed() throws Exception {
        start(RouterSettings.Limits.DEFAULT_WAIT_BYTES_PER_SECOND);
        // While its handler sends, nothing of the others' envelopes is taken.
        Relay relay =
                new Relay(Long.MAX_VALUE, options("films").onEnvelope(EnvelopeHandler.stream(EnvelopeStream::close)));
        soon(connections.connect(options("orders")).send("orders", "the first"));
        await().until(() -> relay.film.readBytes() > 0);
        Connection other = connections.connect(options("films"));
        SendReceipt receipt = soon(other.send("films", Envelope.of(new RandomStream(2, MUCH), MUCH)));
        // It waits for itself: the router ends that, and the others go on.
        assertThat(receipt.room()).isEqualTo("acme/films");
        assertThatThrownBy(() -> soon(relay.sent))
                .cause()
                .isInstanceOfSatisfying(
                        PorthouseException.class,
                        e -> assertThat(e.kind()).isIn(PorthouseException.Kind.REFUSED, PorthouseException.Kind.LOST));
    }
}
