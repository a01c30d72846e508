package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.Porthouse;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.SendReceipt;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.Right;
import io.porthouse.router.Grant;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.Overflow;
import io.porthouse.router.RoomRules;
import io.porthouse.router.Router;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.TokenState;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Envelopes that the router, as it is, refuses: each is told to its sender, and none is left open. */
class EnvelopeRefusalTest {

    private static final String SECRET = "refused-0123456789-0123456789";
    private static final int MOST_BYTES = 200_000;

    private final MemoryTokenSource tokens = new MemoryTokenSource(room -> switch (room.name()) {
        case "words" -> rules(MOST_BYTES, 0, true);
        case "small" -> rules(MOST_BYTES, 0, false);
        case "slow" -> rules(MOST_BYTES, 1, false);
        default -> RoomRules.DEFAULT;
    });

    private Router router;
    private Connection connection;

    private static RoomRules rules(long maxEnvelopeBytes, int messagesPerSecond, boolean text) {
        return new RoomRules(
                1 << 20, maxEnvelopeBytes, 100, messagesPerSecond, text, false, Overflow.DROP, Overflow.WAIT);
    }

    @BeforeEach
    void start() throws Exception {
        List<Grant> grants = Stream.of("words", "small", "slow")
                .map(room -> new Grant("acme", room, false, Set.of(Right.READ, Right.WRITE), true))
                .toList();
        tokens.put(MemoryTokenSource.secretHash(SECRET), new TokenState("t1", "acme", grants, 100, null, false));
        RouterSettings settings =
                RouterSettings.defaults().withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        router = Router.start(settings, tokens, new SimpleMeterRegistry(), Clock.systemUTC());
        connection = Porthouse.connect(ConnectOptions.to(
                        "tcp://" + SECRET + "@127.0.0.1:" + router.address().getPort())
                .build());
    }

    /** In order: nothing is outstanding, and what failed was told before. */
    @AfterEach
    void stop() {
        connection.close();
        router.close();
    }

    private static int refusal(CompletableFuture<SendReceipt> sending) throws Exception {
        try {
            throw new AssertionError("sent all the same: " + sending.get(60, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            return ((PorthouseException) e.getCause()).code();
        }
    }

    /** Refused as soon as it is known to be too large, in its midst. */
    private static Envelope ofUnknownSize(int bytes) {
        return Envelope.of(new ByteArrayInputStream(new byte[bytes]));
    }

    @Test
    void aRoomForTextRefusesEnvelopesOfAnySize() throws Exception {
        assertThat(refusal(connection.send("words", Envelope.of("small")))).isEqualTo(109);
        assertThat(refusal(connection.send("words", Envelope.of(new byte[MOST_BYTES]))))
                .isEqualTo(109);
        assertThat(refusal(connection.send("words", ofUnknownSize(MOST_BYTES * 4))))
                .isEqualTo(109);
    }

    @Test
    void whatIsTooLargeIsRefusedWhereverThatIsFound() throws Exception {
        List<CompletableFuture<SendReceipt>> refused = new ArrayList<>();
        refused.add(connection.send("small", Envelope.of(new byte[MOST_BYTES + 1])));
        refused.add(connection.send("small", ofUnknownSize(MOST_BYTES + 1)));
        refused.add(connection.send("small", ofUnknownSize(MOST_BYTES * 4)));
        refused.add(connection.send("small", ofUnknownSize(MOST_BYTES + 1).chunks(300)));
        CompletableFuture<SendReceipt> right = connection.send("small", ofUnknownSize(MOST_BYTES));
        assertThat(right.get(60, TimeUnit.SECONDS).recipients()).isZero();
        for (CompletableFuture<SendReceipt> one : refused) {
            assertThat(refusal(one)).isEqualTo(103);
        }
    }

    @Test
    void whatComesTooFastIsRefused() throws Exception {
        List<CompletableFuture<SendReceipt>> sent = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            sent.add(connection.send("slow", Envelope.of(new byte[i * MOST_BYTES / 10])));
        }
        int refused = 0;
        for (CompletableFuture<SendReceipt> one : sent) {
            try {
                assertThat(one.get(60, TimeUnit.SECONDS).recipients()).isZero();
            } catch (ExecutionException e) {
                assertThat(((PorthouseException) e.getCause()).code()).isEqualTo(104);
                refused++;
            }
        }
        assertThat(refused).isPositive();
    }
}
