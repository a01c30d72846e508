package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.ConnectionEvents;
import io.porthouse.client.EnvelopeHandler;
import io.porthouse.client.IncomingEnvelope;
import io.porthouse.client.Porthouse;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.RoomGrant;
import io.porthouse.client.SendReceipt;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeSink;
import io.porthouse.protocol.Right;
import io.porthouse.router.Grant;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.RoomRules;
import io.porthouse.router.Router;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.TokenState;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The Java client and the router, as they are. */
class ClientRouterTest {

    private static final String SECRET = "client-router-0123456789";
    private static final String HASH = MemoryTokenSource.secretHash(SECRET);

    private final MemoryTokenSource tokens = new MemoryTokenSource(room -> RoomRules.DEFAULT);
    private Router router;

    @BeforeEach
    void start() throws Exception {
        grant(new Grant("acme", "lobby", false, Set.of(Right.READ, Right.WRITE), true));
        RouterSettings settings =
                RouterSettings.defaults().withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        router = Router.start(settings, tokens, new SimpleMeterRegistry(), Clock.systemUTC());
    }

    @AfterEach
    void stop() {
        router.close();
    }

    private void grant(Grant... grants) {
        tokens.put(HASH, new TokenState("t1", "acme", List.of(grants), 100, null, false));
    }

    private void refresh() throws Exception {
        assertThat(router.refreshTokens(Set.of("t1")).toCompletableFuture().get(60, TimeUnit.SECONDS))
                .isNotNull();
    }

    private ConnectOptions.Builder options() {
        return ConnectOptions.to(
                "tcp://" + SECRET + "@127.0.0.1:" + router.address().getPort());
    }

    @Test
    void messagesArriveInOrderAndReceiptsTellOfRecipients() throws Exception {
        int count = 20_000;
        List<Long> sequences = new ArrayList<>();
        AtomicInteger arrived = new AtomicInteger();
        try (Connection receiver = Porthouse.connect(options()
                        .onMessage(message -> {
                            sequences.add(message.sequence());
                            arrived.incrementAndGet();
                        })
                        .build());
                Connection sender = Porthouse.connect(options().build())) {
            assertThat(receiver.rooms()).containsExactly("acme/lobby");
            List<CompletableFuture<SendReceipt>> receipts = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                receipts.add(sender.send("lobby", "message " + i));
            }
            SendReceipt last = receipts.get(count - 1).get(60, TimeUnit.SECONDS);
            assertThat(last.recipients()).isEqualTo(1);
            assertThat(receipts).allSatisfy(receipt -> assertThat(receipt).isCompleted());
            await().until(() -> arrived.get() == count);
            assertThat(sequences).hasSize(count).isSorted().doesNotHaveDuplicates();
        }
    }

    @Test
    void closingDeliversWhatWasPosted() throws Exception {
        int count = 10_000;
        AtomicInteger arrived = new AtomicInteger();
        try (Connection receiver = Porthouse.connect(
                options().onMessage(message -> arrived.incrementAndGet()).build())) {
            try (Connection sender = Porthouse.connect(options().build())) {
                for (int i = 0; i < count; i++) {
                    sender.post("lobby", "m");
                }
            }
            await().until(() -> arrived.get() == count);
            assertThat(receiver.rooms()).hasSize(1);
        }
    }

    @Test
    void aRoomIsReceivedFromTheMomentItIsAskedFor() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        try (Connection receiver = Porthouse.connect(options().build());
                Connection sender = Porthouse.connect(options().build())) {
            assertThat(sender.send("lobby", "before").get(60, TimeUnit.SECONDS).recipients())
                    .isZero();
            RoomGrant grant = receiver.receive("lobby", message -> seen.add(message.text()))
                    .get(60, TimeUnit.SECONDS);
            assertThat(grant.sequence()).isEqualTo(1);
            assertThat(sender.send("lobby", "after").get(60, TimeUnit.SECONDS).recipients())
                    .isEqualTo(1);
            assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo("after");
        }
    }

    @Test
    void aGrantAndARevocationArriveLive() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        ConnectionEvents events = new ConnectionEvents() {
            @Override
            public void onGranted(RoomGrant grant) {
                seen.add(grant.reason() + " " + grant.room());
            }

            @Override
            public void onWithdrawn(String room, String reason) {
                seen.add(reason + " " + room);
            }

            @Override
            public void onEnded(@Nullable PorthouseException cause) {
                seen.add("ended " + (cause == null ? 0 : cause.code()));
            }
        };
        Connection connection = Porthouse.connect(options()
                .onMessage(message -> seen.add(message.text()))
                .events(events)
                .build());
        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo("join acme/lobby");

        Grant lobby = new Grant("acme", "lobby", false, Set.of(Right.READ, Right.WRITE), true);
        Grant foo = new Grant("acme", "foo", false, Set.of(Right.READ, Right.WRITE), true);
        grant(lobby, foo);
        refresh();
        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo("granted acme/foo");
        try (Connection other = Porthouse.connect(options().build())) {
            other.send("foo", "news").get(60, TimeUnit.SECONDS);
        }
        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo("news");

        grant(lobby);
        refresh();
        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo("withdrawn acme/foo");

        tokens.remove(HASH);
        refresh();
        assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo("ended 3500");
        assertThatThrownBy(connection::close).hasMessageContaining("3500");
        assertThatThrownBy(() -> Porthouse.connect(options().build())).hasMessageContaining("3501");
    }

    @Test
    void anEnvelopeArrivesWholeAtAFastReceiverAndASlowOne() throws Exception {
        long bytes = 100_000_000;
        Digesting fast = new Digesting(0);
        Digesting slow = new Digesting(20_000_000);
        try (Connection first = Porthouse.connect(options().onEnvelope(fast).build());
                Connection second = Porthouse.connect(
                        options().onEnvelope(slow).receiveBufferBytes(1 << 20).build());
                Connection sender = Porthouse.connect(options().build())) {
            MessageDigest sent = MessageDigest.getInstance("SHA-256");
            CompletableFuture<SendReceipt> receipt =
                    sender.send("lobby", Envelope.of(random(bytes, sent), bytes).withName("large.bin"));
            assertThat(receipt.get(60, TimeUnit.SECONDS).recipients()).isEqualTo(2);
            String expected = HexFormat.of().formatHex(sent.digest());
            assertThat(fast.digest.get(60, TimeUnit.SECONDS)).isEqualTo(expected);
            assertThat(slow.digest.get(60, TimeUnit.SECONDS)).isEqualTo(expected);
            assertThat(first.session()).isNotEqualTo(second.session());
        }
    }

    /** Takes an envelope at a given pace, bytes a second; 0: as fast as it comes. */
    private static final class Digesting implements EnvelopeHandler {
        final CompletableFuture<String> digest = new CompletableFuture<>();
        private final long bytesPerSecond;

        Digesting(long bytesPerSecond) {
            this.bytesPerSecond = bytesPerSecond;
        }

        @Override
        public EnvelopeSink onEnvelope(IncomingEnvelope envelope) {
            MessageDigest sha256;
            try {
                sha256 = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
            long start = System.nanoTime();
            AtomicLong taken = new AtomicLong();
            return new EnvelopeSink() {
                @Override
                public void data(ByteBuf data) {
                    long all = taken.addAndGet(data.readableBytes());
                    sha256.update(data.nioBuffer());
                    if (bytesPerSecond > 0) {
                        long due = start + TimeUnit.SECONDS.toNanos(1) * all / bytesPerSecond;
                        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                            LockSupport.parkNanos(left);
                        }
                    }
                }

                @Override
                public void complete() {
                    digest.complete(HexFormat.of().formatHex(sha256.digest()));
                }

                @Override
                public void failed(EnvelopeFailure reason) {
                    digest.completeExceptionally(new AssertionError(reason));
                }
            };
        }
    }

    private static InputStream random(long bytes, MessageDigest digest) {
        Random random = new Random(7);
        return new InputStream() {
            private long left = bytes;

            @Override
            public int read() {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                if (left == 0) {
                    return -1;
                }
                byte[] some = new byte[(int) Math.min(left, length)];
                random.nextBytes(some);
                System.arraycopy(some, 0, into, offset, some.length);
                digest.update(some);
                left -= some.length;
                return some.length;
            }
        };
    }
}
