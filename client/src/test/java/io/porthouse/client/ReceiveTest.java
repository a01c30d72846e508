package io.porthouse.client;

import static io.porthouse.client.ScriptedRouter.LOBBY;
import static io.porthouse.client.ScriptedRouter.SIDE;
import static io.porthouse.client.ScriptedRouter.soon;
import static io.porthouse.client.ScriptedRouter.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.porthouse.client.ScriptedRouter.Received;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Gap;
import io.porthouse.protocol.Right;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReceiveTest {

    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private ScriptedRouter router;

    /** Writes everything down, in the order in which it is told. */
    private final class Journal implements MessageHandler, ConnectionEvents {
        @Override
        public void onMessage(Message message) {
            seen.add(message.room() + " " + message.sequence() + " " + message.text());
        }

        @Override
        public void onGranted(RoomGrant grant) {
            seen.add("granted " + grant.room() + " " + grant.reason());
        }

        @Override
        public void onWithdrawn(String room, String reason) {
            seen.add("withdrawn " + room + " " + reason);
        }

        @Override
        public void onGap(String room, Gap gap) {
            seen.add("gap " + room + " " + gap.first() + "-" + gap.last() + " " + gap.lost());
        }

        @Override
        public void onFlow(String room, boolean paused) {
            seen.add((paused ? "paused " : "goes on ") + room);
        }

        @Override
        public void onEnvelopeRefused(String room, EnvelopeFailure reason) {
            seen.add("refused envelope " + room + " " + reason);
        }

        @Override
        public void onRejected(PorthouseException refusal, long count) {
            seen.add("rejected " + refusal.code() + " " + count);
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

    private ConnectOptions.Builder journal() {
        Journal journal = new Journal();
        return router.options().onMessage(journal).events(journal);
    }

    private void expect(String... entries) throws InterruptedException {
        for (String entry : entries) {
            assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo(entry);
        }
    }

    @Test
    void everythingIsToldInItsPlace() throws Exception {
        try (var pair = router.connect(journal())) {
            expect("granted acme/lobby join", "granted acme/side join");
            pair.router().write(out -> {
                text(out, LOBBY, 1, "one");
                text(out, SIDE, 1, "aside");
                Gap.encode(out, LOBBY, 2, 5, 3);
                text(out, LOBBY, 6, "six");
            });
            pair.router().flow(LOBBY, true);
            pair.router().flow(LOBBY, false);
            pair.router().control(new ControlBody.Refusal(104, "rate-limited", null, null, 7L), LOBBY, 0);
            pair.router().control(new ControlBody.Withdrawn("acme/lobby", "withdrawn"), LOBBY, 0);
            pair.router().control(ScriptedRouter.grant("acme/new", Set.of(Right.READ), 0, "granted"), 9, 0);
            pair.router().write(out -> text(out, 9, 1, "fresh"));
            pair.router().close();
            expect(
                    "acme/lobby 1 one",
                    "acme/side 1 aside",
                    "gap acme/lobby 2-5 3",
                    "acme/lobby 6 six",
                    "paused acme/lobby",
                    "goes on acme/lobby",
                    "rejected 104 7",
                    "withdrawn acme/lobby withdrawn",
                    "granted acme/new granted",
                    "acme/new 1 fresh",
                    "ended LOST");
        }
    }

    @Test
    void itMakesNoDifferenceHowBytesArrive() throws Exception {
        ByteBuf frames = Unpooled.buffer();
        text(frames, LOBBY, 1, "first");
        Gap.encode(frames, LOBBY, 2, 2, 1);
        text(frames, LOBBY, 3, "x".repeat(300));
        text(frames, SIDE, 1, "");
        try (var pair = router.connect(journal())) {
            pair.router().socket().setTcpNoDelay(true);
            expect("granted acme/lobby join", "granted acme/side join");
            byte[] bytes = new byte[frames.readableBytes()];
            frames.readBytes(bytes);
            for (byte one : bytes) {
                pair.router().write(new byte[] {one});
            }
            expect("acme/lobby 1 first", "gap acme/lobby 2-2 1", "acme/lobby 3 " + "x".repeat(300), "acme/side 1 ");
        }
    }

    @Test
    void largeAndSmallFramesMix() throws Exception {
        BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
        int[] payloads = {0, 2_000_000, 5, 700_000, 64 << 10, 1, 1_500_000};
        try (var pair = router.connect(router.options().onMessage(message -> sizes.add(message.bytes().length)))) {
            for (int i = 0; i < payloads.length; i++) {
                pair.router().message(LOBBY, i + 1, 0, new byte[payloads[i]]);
            }
            for (int payload : payloads) {
                assertThat(sizes.poll(60, TimeUnit.SECONDS)).isEqualTo(payload);
            }
        }
    }

    @Test
    void aMessageTellsWhatItsFrameSaid() throws Exception {
        CompletableFuture<Message> received = new CompletableFuture<>();
        try (var pair = router.connect(router.options().onMessage(received::complete))) {
            pair.router().message(LOBBY, 11, Flags.TEXT, new byte[] {'h', 'i'});
            Message message = soon(received);
            assertThat(message.room()).isEqualTo("acme/lobby");
            assertThat(message.sequence()).isEqualTo(11);
            assertThat(message.origin()).isEqualTo(5);
            assertThat(message.node()).isZero();
            assertThat(message.isText()).isTrue();
            assertThat(message.text()).isEqualTo("hi");
            assertThat(message.bytes()).containsExactly('h', 'i');
            assertThat(message).hasToString("Message[room=acme/lobby, sequence=11, bytes=2]");
        }
    }

    @Test
    void aFailingHandlerCostsOneMessage() throws Exception {
        try (var pair = router.connect(router.options().onMessage(message -> {
            seen.add(message.text());
            if (message.text().equals("bad")) {
                throw new IllegalStateException("as the test wants it");
            }
        }))) {
            pair.router().write(out -> {
                text(out, LOBBY, 1, "bad");
                text(out, LOBBY, 2, "good");
            });
            expect("bad", "good");
        }
    }

    @Test
    void aRoomsOwnHandlerComesFirst() throws Exception {
        try (var pair = router.connect(journal())) {
            expect("granted acme/lobby join", "granted acme/side join");
            CompletableFuture<RoomGrant> join =
                    pair.connection().receive("lobby", message -> seen.add("own " + message.text()));
            Received request = pair.router().read(FrameType.JOIN);
            assertThat(request.as(ControlBody.Join.class)).isEqualTo(new ControlBody.Join("acme/lobby", true));
            pair.router().write(out -> {
                ScriptedRouter.granted(out, LOBBY, "acme/lobby", request.correlation());
                text(out, LOBBY, 1, "mine");
                text(out, SIDE, 1, "theirs");
            });
            assertThat(soon(join).room()).isEqualTo("acme/lobby");
            expect("granted acme/lobby join", "own mine", "acme/side 1 theirs");
        }
    }

    @Test
    void aSlowHandlerStopsTheReadingAndNothingIsLost() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        List<Long> sequences = new ArrayList<>();
        CountDownLatch all = new CountDownLatch(2_000);
        var options = router.options().receiveBufferBytes(64 << 10).onMessage(message -> {
            awaitUnchecked(release);
            sequences.add(message.sequence());
            all.countDown();
        });
        try (var pair = router.connect(options)) {
            CompletableFuture<Integer> blocked = CompletableFuture.supplyAsync(() -> {
                byte[] payload = new byte[16 << 10];
                for (int i = 1; i <= 2_000; i++) {
                    pair.router().message(LOBBY, i, 0, payload);
                }
                return 2_000;
            });
            // 32 MB fit into no socket: the writer must come to a stand while nobody reads.
            await().during(Duration.ofMillis(300)).until(() -> !blocked.isDone());
            release.countDown();
            soon(blocked);
            assertThat(all.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(sequences).hasSize(2_000).isSorted();
        }
    }

    @Test
    void aSlowHandlerDisturbsNobodyElse() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var slow = router.connect(router.options().onMessage(message -> awaitUnchecked(release)));
                var quick = router.connect(journal())) {
            slow.router().write(out -> text(out, LOBBY, 1, "stuck"));
            expect("granted acme/lobby join", "granted acme/side join");
            quick.router().write(out -> text(out, LOBBY, 1, "free"));
            expect("acme/lobby 1 free");
            release.countDown();
        }
    }

    @Test
    void aHandlerMaySendButNotWaitForTheAnswer() throws Exception {
        CompletableFuture<Long> answered = new CompletableFuture<>();
        CompletableFuture<Throwable> refused = new CompletableFuture<>();
        CompletableFuture<Connection> connection = new CompletableFuture<>();
        try (var pair = router.connect(router.options().onMessage(message -> {
            CompletableFuture<Long> sequence = connection
                    .join()
                    .send("lobby", "answer")
                    .thenApply(SendReceipt::sequence)
                    .whenComplete((number, failure) -> answered.complete(number));
            try {
                refused.completeExceptionally(new AssertionError(sequence.join()));
            } catch (PorthouseException e) {
                refused.complete(e);
            }
        }))) {
            connection.complete(pair.connection());
            pair.router().write(out -> text(out, LOBBY, 1, "question"));
            Received answer = pair.router().read(FrameType.ENVELOPE);
            assertThat(soon(refused)).hasMessageContaining("hang what follows on the future");
            pair.router().receipt(LOBBY, answer.correlation(), 2, 1);
            assertThat(soon(answered)).isEqualTo(2);
        }
    }

    @Test
    void aHandlerIsNotHeldUpByOutstandingReceipts() throws Exception {
        CompletableFuture<Throwable> refused = new CompletableFuture<>();
        CompletableFuture<Connection> connection = new CompletableFuture<>();
        try (var pair = router.connect(router.options().maxUnacknowledged(1).onMessage(message -> {
            try {
                List<CompletableFuture<SendReceipt>> sent = new ArrayList<>();
                sent.add(connection.join().send("lobby", "1"));
                sent.add(connection.join().send("lobby", "2"));
                refused.completeExceptionally(new AssertionError(sent));
            } catch (PorthouseException e) {
                refused.complete(e);
            }
        }))) {
            connection.complete(pair.connection());
            pair.router().write(out -> text(out, LOBBY, 1, "question"));
            assertThat(soon(refused)).hasMessageContaining("a handler cannot wait for receipts");
        }
    }

    @Test
    void messagesCanBeTakenOneByOne() throws Exception {
        try (var pair = router.connect(router.options())) {
            Inbox inbox = openInbox(pair);
            assertThat(inbox.next(Duration.ZERO)).isEmpty();
            pair.router().write(out -> {
                text(out, LOBBY, 1, "a");
                text(out, LOBBY, 2, "b");
            });
            assertThat(inbox.next(Duration.ofSeconds(60)).map(Message::text)).isEqualTo(Optional.of("a"));
            Iterator<Message> messages = inbox.iterator();
            assertThat(messages.next().text()).isEqualTo("b");
            inbox.close();
            assertThat(messages.hasNext()).isFalse();
        }
    }

    @Test
    void anInboxTellsOfABadEndBehindItsMessages() throws Exception {
        try (var pair = router.connect(router.options())) {
            Inbox inbox = openInbox(pair);
            pair.router().write(out -> text(out, LOBBY, 1, "last"));
            pair.router().close();
            Iterator<Message> messages = inbox.iterator();
            assertThat(messages.next().text()).isEqualTo("last");
            assertThatThrownBy(messages::hasNext).isInstanceOf(PorthouseException.class);
        }
    }

    @Test
    void aFullInboxSlowsTheConnection() throws Exception {
        int count = 3 * Inbox.CAPACITY;
        try (var pair = router.connect(router.options())) {
            Inbox inbox = openInbox(pair);
            pair.router().write(out -> {
                for (int i = 1; i <= count; i++) {
                    text(out, LOBBY, i, "m" + i);
                }
            });
            for (int i = 1; i <= count; i++) {
                assertThat(inbox.next(Duration.ofSeconds(60)).map(Message::text))
                        .isEqualTo(Optional.of("m" + i));
            }
        }
    }

    @Test
    void aFullInboxThatNobodyTakesFromDoesNotOutliveItsConnection() throws Exception {
        try (var pair = router.connect(journal().onMessage(message -> {}))) {
            expect("granted acme/lobby join", "granted acme/side join");
            Inbox inbox = openInbox(pair);
            expect("granted acme/lobby join");
            pair.router().write(out -> {
                for (int i = 1; i <= 2 * Inbox.CAPACITY; i++) {
                    text(out, LOBBY, i, "m" + i);
                }
            });
            await().atMost(Duration.ofSeconds(60)).until(inbox::isFull);
            CompletableFuture<Void> closed = pair.connection().closeAsync();
            pair.router().read(FrameType.CLOSE);
            pair.router().close();
            soon(closed);
            expect("ended well");
            assertThat(inbox).hasSize(Inbox.CAPACITY);
        }
    }

    @Test
    void aSecondInboxOfARoomStaysWhenTheFirstIsClosed() throws Exception {
        try (var pair = router.connect(router.options())) {
            Inbox first = openInbox(pair);
            Inbox second = openInbox(pair);
            first.close();
            pair.router().write(out -> text(out, LOBBY, 1, "a"));
            assertThat(second.next(Duration.ofSeconds(60)).map(Message::text)).isEqualTo(Optional.of("a"));
        }
    }

    @Test
    void pingsAreAnswered() throws Exception {
        try (var pair = router.connect(router.options())) {
            pair.router().write(out -> Frame.writeHeader(out, 0, FrameType.PING, 0, 0, 0, 0, 77));
            assertThat(pair.router().read(FrameType.PONG).correlation()).isEqualTo(77);
        }
    }

    @Test
    void aSilentRouterIsAskedAndThenGivenUp() throws Exception {
        try (var pair = router.connect(journal(), peer -> {
            peer.readHello();
            peer.write(out -> ScriptedRouter.welcome(out, 0, 1, 2 << 20));
        })) {
            assertThat(pair.router().read(FrameType.PING).correlation()).isZero();
            expect("ended LOST");
        }
    }

    @Test
    void aRouterThatIsSlowWithALargeFrameIsNotSilent() throws Exception {
        try (var pair = router.connect(journal(), peer -> {
            peer.readHello();
            peer.write(out -> {
                ScriptedRouter.welcome(out, 1, 1, 2 << 20);
                ScriptedRouter.granted(out, LOBBY, "acme/lobby", 1);
            });
        })) {
            expect("granted acme/lobby join");
            ByteBuf frame = Unpooled.buffer();
            text(frame, LOBBY, 1, "s".repeat(16));
            pair.router().write(read(frame, Frame.HEADER_BYTES));
            // Longer than three heartbeats of a second, and never still for half of one.
            for (int i = 0; i < 16; i++) {
                assertThat(seen.poll(200, TimeUnit.MILLISECONDS)).isNull();
                pair.router().write(read(frame, 1));
            }
            expect("acme/lobby 1 " + "s".repeat(16));
        }
    }

    private static byte[] read(ByteBuf from, int count) {
        byte[] bytes = new byte[count];
        from.readBytes(bytes);
        return bytes;
    }

    private static Inbox openInbox(ScriptedRouter.Pair pair) throws Exception {
        CompletableFuture<Inbox> opening =
                CompletableFuture.supplyAsync(() -> pair.connection().messages("lobby"));
        Received join = pair.router().read(FrameType.JOIN);
        pair.router().write(out -> ScriptedRouter.granted(out, LOBBY, "acme/lobby", join.correlation()));
        return soon(opening);
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            if (!latch.await(60, TimeUnit.SECONDS)) {
                throw new AssertionError("nobody opened the latch");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
