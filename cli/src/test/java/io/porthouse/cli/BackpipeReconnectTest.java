package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.porthouse.client.Backpipe;
import io.porthouse.client.ConnectOptions;
import io.porthouse.client.ConnectionEvents;
import io.porthouse.client.Porthouse;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.client.SendReceipt;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.RoomRules;
import io.porthouse.router.Router;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.TokenState;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A backpipe whose router goes away and comes again. */
class BackpipeReconnectTest {

    private static final String KEY = "phk_0123456789";

    private final MemoryTokenSource source = new MemoryTokenSource(room -> null);
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private Router router;
    private Backpipe backpipe;

    @BeforeEach
    void start() throws Exception {
        source.put(
                MemoryTokenSource.secretHash(KEY),
                new TokenState(
                        "k1",
                        "acme",
                        List.of(),
                        10,
                        TokenState.NOT_COUNTED,
                        null,
                        false,
                        TokenState.NO_TRANSIENT_ROOMS,
                        io.porthouse.router.Backpipe.ACCOUNT));
        for (String room : List.of("a", "b", "c")) {
            source.putRoom(new RoomName("acme", room), RoomRules.DEFAULT);
        }
        open(0);
        backpipe = Porthouse.backpipe(ConnectOptions.to(
                        "tcp://" + KEY + "@127.0.0.1:" + router.address().getPort())
                .reconnectDelays(Duration.ofMillis(50), Duration.ofMillis(200))
                .events(new ConnectionEvents() {
                    @Override
                    public void onDisconnected(PorthouseException cause, Duration retryIn) {
                        events.add("disconnected");
                    }

                    @Override
                    public void onWithdrawn(String room, String reason) {
                        events.add("withdrawn " + room);
                    }

                    @Override
                    public void onReconnected() {
                        events.add("reconnected");
                    }
                })
                .build());
    }

    @AfterEach
    void stop() {
        CompletableFuture<Void> unused = backpipe.closeAsync();
        router.close();
    }

    private void open(int port) throws Exception {
        RouterSettings settings =
                RouterSettings.defaults().withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        router = Router.start(settings, source, new SimpleMeterRegistry(), Clock.systemUTC());
    }

    private void expectAway() throws InterruptedException {
        assertThat(events.poll(60, TimeUnit.SECONDS)).isEqualTo("disconnected");
    }

    /** Waits until the backpipe is back; attempts in between may have failed. */
    private void expectBack() throws InterruptedException {
        String event = events.poll(60, TimeUnit.SECONDS);
        while ("disconnected".equals(event)) {
            event = events.poll(60, TimeUnit.SECONDS);
        }
        assertThat(event).isEqualTo("reconnected");
    }

    private static SendReceipt soon(CompletableFuture<SendReceipt> receipt) throws Exception {
        return receipt.get(60, TimeUnit.SECONDS);
    }

    @Test
    void itsRoomsComeBackAndWhatWasSentMeanwhileFollows() throws Exception {
        soon(backpipe.send("a", "one"));
        soon(backpipe.send("b", "one"));
        int port = router.address().getPort();
        router.close();
        expectAway();
        CompletableFuture<SendReceipt> meanwhile = backpipe.send("a", "two");
        open(port);
        assertThat(soon(meanwhile).sequence()).isEqualTo(1);
        expectBack();
        assertThat(soon(backpipe.send("a", "three")).sequence()).isEqualTo(2);
        assertThat(soon(backpipe.send("b", "two")).sequence()).isEqualTo(1);
        assertThat(soon(backpipe.send("c", "one")).sequence()).isEqualTo(1);
        assertThat(events).isEmpty();
    }

    @Test
    void aRoomThatWasDeletedMeanwhileRefusesWhatWasSentThere() throws Exception {
        RoomName room = new RoomName("acme", "a");
        soon(backpipe.send("a", "one"));
        soon(backpipe.send("b", "one"));
        int port = router.address().getPort();
        router.close();
        expectAway();
        CompletableFuture<SendReceipt> meanwhile = backpipe.send("a", "two");
        CompletableFuture<SendReceipt> other = backpipe.send("b", "two");
        source.deleteRoom(room);
        open(port);
        soon(other);
        expectRefused(meanwhile);
        expectRefused(backpipe.send("a", "three"));
        source.putRoom(room, RoomRules.DEFAULT);
        assertThat(soon(backpipe.send("a", "four")).sequence()).isEqualTo(1);
    }

    private static void expectRefused(CompletableFuture<SendReceipt> receipt) {
        assertThatThrownBy(() -> soon(receipt)).cause().isInstanceOfSatisfying(PorthouseException.class, refusal -> {
            assertThat(refusal.kind()).isEqualTo(Kind.REJECTED);
            assertThat(refusal.code()).isEqualTo(ErrorCode.ROOM_UNAVAILABLE.number());
        });
    }
}
