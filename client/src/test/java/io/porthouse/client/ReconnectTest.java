package io.porthouse.client;

import static io.porthouse.client.ScriptedRouter.LOBBY;
import static io.porthouse.client.ScriptedRouter.failure;
import static io.porthouse.client.ScriptedRouter.grant;
import static io.porthouse.client.ScriptedRouter.soon;
import static io.porthouse.client.ScriptedRouter.text;
import static io.porthouse.client.ScriptedRouter.welcome;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.client.ScriptedRouter.Pair;
import io.porthouse.client.ScriptedRouter.Received;
import io.porthouse.client.ScriptedRouter.Script;
import io.porthouse.client.ScriptedRouter.Step;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.EnvelopeChunk;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReconnectTest {

    private final ManualTiming timing = new ManualTiming();
    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private final BlockingQueue<Duration> waits = new LinkedBlockingQueue<>();
    private ScriptedRouter router;

    private final class Journal implements MessageHandler, ConnectionEvents {
        @Override
        public void onMessage(Message message) {
            seen.add(message.room() + " " + message.text());
        }

        @Override
        public void onWithdrawn(String room, String reason) {
            seen.add("withdrawn " + room);
        }

        @Override
        public void onDropped(PorthouseException cause, long count) {
            seen.add("dropped " + count + " " + cause.kind());
        }

        @Override
        public void onDisconnected(PorthouseException cause, Duration retryIn) {
            seen.add("disconnected " + cause.kind());
            waits.add(retryIn);
        }

        @Override
        public void onReconnected() {
            seen.add("reconnected");
        }

        @Override
        public void onEnded(@Nullable PorthouseException cause) {
            seen.add("ended " + (cause == null ? "well" : cause.kind()));
        }
    }

    @BeforeEach
    void start() throws Exception {
        router = new ScriptedRouter();
    }

    @AfterEach
    void stop() throws Exception {
        router.close();
    }

    private ConnectOptions.Builder options() {
        return router.options().reconnect(true).timing(timing).events(new Journal());
    }

    private void expect(String... entries) throws InterruptedException {
        for (String entry : entries) {
            assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo(entry);
        }
    }

    private Duration waited() throws InterruptedException {
        Duration wait = waits.poll(60, TimeUnit.SECONDS);
        assertThat(wait).isNotNull();
        return wait;
    }

    /** Ends the first socket, lets the wait pass, and takes the next. */
    private Script lose(Pair pair) throws Exception {
        pair.router().close();
        expect("disconnected LOST");
        timing.advance(waited());
        return router.accept();
    }

    @Test
    void comesBackWithRoomsHandlersAndDefaultRoom() throws Exception {
        try (Pair pair = router.connect(options())) {
            CompletableFuture<RoomGrant> joined = pair.connection().receive("extra", new Journal());
            join(pair.router(), 9);
            soon(joined);
            try (Script again = lose(pair)) {
                assertThat(pair.connection().rooms()).isEmpty();
                again.welcomeWithRooms();
                Received join = join(again, 19);
                assertThat(join.as(ControlBody.Join.class)).isEqualTo(new ControlBody.Join("acme/extra", true));
                expect("reconnected");
                again.write(out -> text(out, 19, 1, "hello again"));
                expect("acme/extra hello again");
                assertThat(pair.connection().rooms()).containsExactly("acme/extra", "acme/lobby", "acme/side");
                assertThat(pair.connection().defaultRoom()).contains("acme/lobby");

                CompletableFuture<SendReceipt> receipt = pair.connection().send("x");
                again.receipt(LOBBY, again.read(FrameType.ENVELOPE).correlation(), 1, 1);
                soon(receipt);
            }
        }
    }

    @Test
    void whatDoesNotComeBackIsWithdrawnAndWhatWasLeftStaysLeft() throws Exception {
        try (Pair pair = router.connect(options())) {
            CompletableFuture<RoomGrant> joined = pair.connection().join("extra");
            join(pair.router(), 9);
            soon(joined);
            CompletableFuture<Void> left = pair.connection().leave("side");
            Received leaving = pair.router().read(FrameType.LEAVE);
            pair.router()
                    .control(
                            new ControlBody.Withdrawn("acme/side", "left"), ScriptedRouter.SIDE, leaving.correlation());
            soon(left);
            expect("withdrawn acme/side");
            try (Script again = lose(pair)) {
                again.welcomeWithRooms();
                Received join = again.read(FrameType.JOIN);
                Received leave = again.read(FrameType.LEAVE);
                assertThat(leave.room()).isEqualTo(ScriptedRouter.SIDE);
                again.control(
                        new ControlBody.Refusal(102, "unavailable", "acme/extra", null, null), 0, join.correlation());
                again.control(new ControlBody.Withdrawn("acme/side", "left"), ScriptedRouter.SIDE, leave.correlation());
                expect("withdrawn acme/side", "withdrawn acme/extra", "reconnected");
                assertThat(pair.connection().rooms()).containsExactly("acme/lobby");
            }
        }
    }

    @Test
    void aRoomThatCannotBeLookedUpIsAskedForAgain() throws Exception {
        try (Pair pair = router.connect(options())) {
            CompletableFuture<RoomGrant> joined = pair.connection().receive("extra", new Journal());
            join(pair.router(), 9);
            soon(joined);
            Script second = lose(pair);
            second.readHello();
            second.write(out -> {
                welcome(out, 2);
                unreadable(out, "acme/side", 1);
                ScriptedRouter.granted(out, LOBBY, "acme/lobby", 1);
            });
            second.awaitEnd();
            expect("disconnected LOST");
            timing.advance(waited());
            Script third = router.accept();
            third.welcomeWithRooms();
            long correlation = third.read(FrameType.JOIN).correlation();
            third.write(out -> unreadable(out, "acme/extra", correlation));
            third.awaitEnd();
            expect("disconnected LOST");
            timing.advance(waited());
            try (Script fourth = router.accept()) {
                fourth.welcomeWithRooms();
                join(fourth, 19);
                expect("reconnected");
                assertThat(pair.connection().rooms()).containsExactly("acme/extra", "acme/lobby", "acme/side");
            }
        }
    }

    private static void unreadable(ByteBuf out, String room, long correlation) {
        ScriptedRouter.controlFrame(
                out, new ControlBody.Refusal(112, "can't be looked up now", room, null, null), 0, correlation);
    }

    @Test
    void whatIsOnItsWayIsInDoubtAndWhatIsSentMeanwhileFollows() throws Exception {
        try (Pair pair = router.connect(options())) {
            CompletableFuture<SendReceipt> before = pair.connection().send("lobby", "before");
            pair.router().read(FrameType.ENVELOPE);
            pair.router().close();
            expect("disconnected LOST");
            PorthouseException doubt = failure(before);
            assertThat(doubt.kind()).isEqualTo(Kind.IN_DOUBT);
            assertThat(doubt).hasMessageContaining("unknown whether it was delivered");

            CompletableFuture<SendReceipt> one = pair.connection().send("one");
            pair.connection().post("lobby", "two");
            CompletableFuture<SendReceipt> nowhere = pair.connection().send("nowhere", "x");
            CompletableFuture<SendReceipt> three = pair.connection().send("acme/lobby", "three");
            timing.advance(waited());
            try (Script again = router.accept()) {
                again.welcomeWithRooms();
                long last = 0;
                for (String expected : List.of("one", "two", "three")) {
                    Received frame = again.read(FrameType.ENVELOPE);
                    assertThat(frame.text()).isEqualTo(expected);
                    last = frame.correlation();
                }
                again.receipt(LOBBY, last, 3, 1);
                soon(one);
                assertThat(soon(three).exact()).isTrue();
                assertThat(failure(nowhere)).hasMessageContaining("acme/nowhere is not held");
            }
        }
    }

    @Test
    void theOfflineQueueHasBoundsWithNames() throws Exception {
        // The next attempt is further away than what this test waits for.
        var options = options()
                .reconnectDelays(Duration.ofMinutes(2), Duration.ofMinutes(2))
                .offlineQueueBytes(200)
                .offlineQueueAge(Duration.ofSeconds(20));
        try (Pair pair = router.connect(options)) {
            pair.router().close();
            expect("disconnected LOST");
            CompletableFuture<SendReceipt> sent = pair.connection().send("lobby", new byte[60]);
            pair.connection().post("lobby", new byte[60]);
            assertThatThrownBy(() -> pair.connection().post("lobby", new byte[60]))
                    .isInstanceOfSatisfying(
                            PorthouseException.class, e -> assertThat(e.kind()).isEqualTo(Kind.FULL))
                    .hasMessageContaining("offline queue of 200 bytes");
            timing.advance(Duration.ofSeconds(20));
            assertThat(failure(sent).kind()).isEqualTo(Kind.EXPIRED);
            expect("dropped 1 EXPIRED");

            pair.connection().post("lobby", new byte[60]);
            CompletableFuture<Void> closed = pair.connection().closeAsync();
            timing.advance(Duration.ofSeconds(10));
            expect("dropped 1 CLOSED", "ended well");
            assertThat(failure(closed)).hasMessageContaining("it was not sent");
        }
    }

    private static Stream<Integer> closeCodes() {
        return Stream.concat(Stream.of(CloseCode.values()).map(CloseCode::number), Stream.of(3499, 3999));
    }

    @ParameterizedTest
    @MethodSource("closeCodes")
    void theRangeOfTheCloseCodeDecides(int code) throws Exception {
        try (Pair pair = router.connect(options())) {
            pair.router().control(new ControlBody.Close(code, "x", null), 0, 0);
            expect(code >= 3000 && code < 3500 ? "disconnected REFUSED" : "ended REFUSED");
        }
    }

    @Test
    void goingAwayNamesTheTime() throws Exception {
        try (Pair pair = router.connect(options())) {
            pair.router().control(new ControlBody.Close(3000, "going-away", 5_000L), 0, 0);
            expect("disconnected REFUSED");
            assertThat(waited()).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(10));
        }
    }

    @Test
    void everyStepOfTheHandshakeMayFail() throws Exception {
        List<Step> cuts = new ArrayList<>();
        cuts.add(peer -> {});
        cuts.add(Script::readHello);
        cuts.add(peer -> peer.write("HTTP/1.1 503 Service Unavailable\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
        cuts.add(peer -> peer.write(new byte[] {0, 0}));
        cuts.add(peer -> peer.write(out -> {
            welcome(out, 0);
            out.writerIndex(out.writerIndex() - 1);
        }));
        cuts.add(peer -> peer.write(out -> welcome(out, 1)));
        cuts.add(peer -> {
            peer.readHello();
            timing.advance(Duration.ofSeconds(10));
            peer.awaitEnd();
        });
        try (Pair pair = router.connect(options())) {
            pair.router().close();
            for (Step cut : cuts) {
                assertThat(seen.poll(60, TimeUnit.SECONDS)).startsWith("disconnected ");
                timing.advance(waited());
                try (Script peer = router.accept()) {
                    cut.run(peer);
                }
            }
            expect("disconnected TIMEOUT");
            assertThat(waited()).isBetween(Duration.ofSeconds(15), Duration.ofSeconds(30));
            timing.advance(Duration.ofSeconds(30));
            try (Script slow = router.accept()) {
                slow.readHello();
                ByteBuf welcome = Unpooled.buffer();
                welcome(welcome, 0);
                while (welcome.isReadable()) {
                    slow.write(new byte[] {welcome.readByte()});
                }
                expect("withdrawn acme/lobby", "withdrawn acme/side", "reconnected");
            }
        }
    }

    @Test
    void anEnvelopeInFlightFails() throws Exception {
        try (Pair pair = router.connect(options())) {
            Iterator<EnvelopeChunk> chunks =
                    Envelope.of(new byte[3_000]).chunks(1).iterator();
            CompletableFuture<SendReceipt> receipt = pair.connection().send("lobby", chunks.next());
            pair.router().read(FrameType.ENVELOPE);
            try (Script again = lose(pair)) {
                assertThat(failure(receipt).kind()).isEqualTo(Kind.LOST);
                assertThat(failure(receipt)).hasMessageContaining("send it again from its first chunk");
                again.welcomeWithRooms();
                expect("reconnected");
                assertThatThrownBy(() -> pair.connection().send("lobby", chunks.next()))
                        .hasMessageContaining("in order, from the first");
            }
        }
    }

    @Test
    void anEnvelopeWaitsForTheConnection() throws Exception {
        try (Pair pair = router.connect(options())) {
            pair.router().close();
            expect("disconnected LOST");
            CompletableFuture<Long> sending = CompletableFuture.supplyAsync(() ->
                    pair.connection().send("lobby", Envelope.of("whole")).join().recipients());
            timing.advance(waited());
            try (Script again = router.accept()) {
                again.welcomeWithRooms();
                again.receipt(LOBBY, again.read(FrameType.ENVELOPE).correlation(), 0, 1);
                assertThat(soon(sending)).isEqualTo(1);
            }
        }
    }

    @Test
    void closingWhileAwayEndsAtOnceIfNothingWaits() throws Exception {
        try (Pair pair = router.connect(options())) {
            pair.router().close();
            expect("disconnected LOST");
            pair.connection().close();
            expect("ended well");
            assertThatThrownBy(() -> pair.connection().post("lobby", "x")).hasMessageContaining("closed");
        }
    }

    @Test
    void closingSendsWhatWaits() throws Exception {
        try (Pair pair = router.connect(options())) {
            pair.router().close();
            expect("disconnected LOST");
            pair.connection().post("lobby", "kept");
            CompletableFuture<Void> closed = pair.connection().closeAsync();
            timing.advance(waited());
            try (Script again = router.accept()) {
                again.welcomeWithRooms();
                assertThat(again.read(FrameType.ENVELOPE).text()).isEqualTo("kept");
                again.read(FrameType.CLOSE);
            }
            soon(closed);
        }
    }

    @Test
    void closingFailsIfWhatWaitsCannotBeSent() throws Exception {
        try (Pair pair = router.connect(options().closeTimeout(Duration.ofMillis(1)))) {
            pair.router().close();
            expect("disconnected LOST");
            CompletableFuture<SendReceipt> receipt = pair.connection().send("lobby", "kept");
            CompletableFuture<Void> closed = pair.connection().closeAsync();
            timing.advance(Duration.ofMillis(1));
            assertThat(failure(receipt)).hasMessageContaining("it was not sent");
            assertThat(failure(closed)).hasMessageContaining("it was not sent");
        }
    }

    @Test
    void aRouterThatDiesUnderLoadLosesNothingUnsaid() throws Exception {
        int messages = 3_000;
        int lives = 6;
        List<CompletableFuture<SendReceipt>> receipts = new ArrayList<>();
        Set<Integer> arrived = new HashSet<>();
        // What a lost link takes with it is bounded by what is unacknowledged.
        int unacknowledged = 100;
        var options = router.options()
                .reconnect(true)
                .maxUnacknowledged(unacknowledged)
                .reconnectDelays(Duration.ofMillis(1), Duration.ofMillis(2));
        try (Pair pair = router.connect(options)) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < messages; i++) {
                    receipts.add(pair.connection().send("lobby", String.valueOf(i)));
                }
            });
            Script peer = pair.router();
            for (int life = 1; life < lives; life++) {
                serve(peer, arrived, 200);
                peer.close();
                peer = router.accept();
                peer.welcomeWithRooms();
            }
            Script last = peer;
            CompletableFuture<Void> serving = CompletableFuture.runAsync(() -> serve(last, arrived, messages));
            soon(sending);
            pair.connection().close();
            soon(serving);
            last.close();
        }
        int doubtful = 0;
        for (int i = 0; i < messages; i++) {
            if (receipts.get(i).isCompletedExceptionally()) {
                assertThat(failure(receipts.get(i)).kind()).isEqualTo(Kind.IN_DOUBT);
                doubtful++;
            } else {
                soon(receipts.get(i));
                assertThat(arrived).contains(i);
            }
        }
        assertThat(doubtful).isLessThanOrEqualTo((lives - 1) * unacknowledged);
    }

    /** Receipts what comes, until this many have, or the client says goodbye. */
    private static void serve(Script peer, Set<Integer> arrived, int limit) {
        try {
            for (int i = 0; i < limit; i++) {
                Received frame = peer.read();
                if (frame.type() == FrameType.CLOSE) {
                    peer.close();
                    return;
                }
                assertThat(arrived.add(Integer.parseInt(frame.text()))).isTrue();
                peer.receipt(LOBBY, frame.correlation(), arrived.size(), 1);
            }
        } catch (EOFException e) {
            throw new AssertionError("the client went away without a word", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aThousandClientsComeBackAtOnce() throws Exception {
        int clients = 1_000;
        var options = router.options()
                .reconnect(true)
                .connectTimeout(Duration.ofMinutes(1))
                .reconnectDelays(Duration.ofMillis(50), Duration.ofSeconds(2))
                .events(new Journal())
                .build();
        CompletableFuture<List<Connection>> connecting = CompletableFuture.supplyAsync(() -> IntStream.range(0, clients)
                .mapToObj(i -> Porthouse.connect(options))
                .toList());
        List<Script> sockets = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            sockets.add(welcomed());
        }
        List<Connection> connections = soon(connecting);
        for (Script socket : sockets) {
            socket.close();
        }
        sockets.clear();
        for (int i = 0; i < clients; i++) {
            sockets.add(welcomed());
        }
        int back = 0;
        int lost = 0;
        while (back < clients) {
            String entry = seen.poll(60, TimeUnit.SECONDS);
            assertThat(entry).isIn("disconnected LOST", "reconnected");
            back += "reconnected".equals(entry) ? 1 : 0;
            lost += "reconnected".equals(entry) ? 0 : 1;
        }
        assertThat(lost).isEqualTo(clients);
        List<CompletableFuture<Void>> closing =
                connections.stream().map(Connection::closeAsync).toList();
        for (Script socket : sockets) {
            socket.read(FrameType.CLOSE);
            socket.close();
        }
        for (CompletableFuture<Void> closed : closing) {
            soon(closed);
        }
    }

    private Script welcomed() throws Exception {
        Script peer = router.accept();
        peer.readHello();
        peer.write(out -> welcome(out, 0));
        return peer;
    }

    private static Received join(Script peer, int handle) throws Exception {
        Received join = peer.read(FrameType.JOIN);
        peer.control(grant("acme/extra", Set.of(Right.READ), 0, "join"), handle, join.correlation());
        return join;
    }
}
