package io.porthouse.client;

import static io.porthouse.client.ScriptedRouter.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.client.ScriptedRouter.Received;
import io.porthouse.client.ScriptedRouter.Script;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which rooms a backpipe asks for, and when it lets them go. */
class BackpipeTest {

    private ScriptedRouter router;

    @BeforeEach
    void start() throws Exception {
        router = new ScriptedRouter();
    }

    @AfterEach
    void stop() throws Exception {
        router.close();
    }

    /** A backpipe, and the router's side of it. */
    private record Pair(Backpipe backpipe, Script router) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            // Its end is not what these tests are about.
            var unused = backpipe.closeAsync();
            router.close();
        }
    }

    private Pair open() throws Exception {
        return open(Duration.ofSeconds(10));
    }

    /** @param patience how long to wait for the router's answer about a room */
    private Pair open(Duration patience) throws Exception {
        var connecting = CompletableFuture.supplyAsync(
                () -> new Backpipe(Porthouse.connect(router.options().build()), patience));
        Script peer = router.accept();
        peer.readHello();
        peer.write(out -> ScriptedRouter.welcome(out, 0));
        return new Pair(soon(connecting), peer);
    }

    private static CompletableFuture<SendReceipt> send(Pair pair, String room, String text) {
        return CompletableFuture.completedFuture(pair).thenComposeAsync(at -> at.backpipe.send(room, text));
    }

    private static String grantJoin(Script peer, int handle) throws Exception {
        Received join = peer.read(FrameType.JOIN);
        String room = join.as(ControlBody.Join.class).room();
        peer.control(ScriptedRouter.grant(room, Set.of(Right.WRITE), 0, "join"), handle, join.correlation());
        return room;
    }

    @Test
    void aRoomIsAskedForAtItsFirstUseOnly() throws Exception {
        try (Pair pair = open()) {
            var first = send(pair, "a", "one");
            assertThat(grantJoin(pair.router, 1)).isEqualTo("acme/a");
            Received one = pair.router.read(FrameType.ENVELOPE);
            assertThat(one.room()).isEqualTo(1);
            var second = send(pair, "a", "two");
            Received two = pair.router.read(FrameType.ENVELOPE);
            pair.router.receipt(1, two.correlation(), 2, 5);
            assertThat(soon(first).recipients()).isEqualTo(5);
            assertThat(soon(second).sequence()).isEqualTo(2);
        }
    }

    @Test
    void aRoomThatIsRefusedFailsItsMessageOnly() throws Exception {
        try (Pair pair = open()) {
            var refused = send(pair, "absent", "one");
            Received join = pair.router.read(FrameType.JOIN);
            pair.router.control(
                    new ControlBody.Refusal(102, "no such room", "acme/absent", null, null), 0, join.correlation());
            assertThatThrownBy(() -> soon(refused))
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("102 no such room");
            var sent = send(pair, "other/b", "two");
            assertThat(grantJoin(pair.router, 2)).isEqualTo("other/b");
            pair.router.receipt(2, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 0);
            assertThat(soon(sent).recipients()).isZero();
        }
    }

    @Test
    void nobodyWaitsForTheSlowJoinOfAnotherRoom() throws Exception {
        try (Pair pair = open()) {
            var first = send(pair, "a", "one");
            grantJoin(pair.router, 1);
            pair.router.receipt(1, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 1);
            soon(first);
            var slow = send(pair, "slow", "x");
            Received join = pair.router.read(FrameType.JOIN);

            var second = send(pair, "a", "two");
            pair.router.receipt(1, pair.router.read(FrameType.ENVELOPE).correlation(), 2, 1);
            assertThat(soon(second).sequence()).isEqualTo(2);
            var other = send(pair, "b", "one");
            assertThat(grantJoin(pair.router, 2)).isEqualTo("acme/b");
            pair.router.receipt(2, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 7);
            assertThat(soon(other).recipients()).isEqualTo(7);

            assertThat(slow).isNotDone();
            pair.router.control(
                    ScriptedRouter.grant("acme/slow", Set.of(Right.WRITE), 0, "join"), 3, join.correlation());
            pair.router.receipt(3, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 9);
            assertThat(soon(slow).recipients()).isEqualTo(9);
        }
    }

    @Test
    void manyWhoNeedARoomAtOnceAskForItOnce() throws Exception {
        try (Pair pair = open()) {
            var first = send(pair, "a", "x");
            Received join = pair.router.read(FrameType.JOIN);
            // By its full name, too, it is the same room.
            var second = send(pair, "acme/a", "x");
            pair.router.control(ScriptedRouter.grant("acme/a", Set.of(Right.WRITE), 0, "join"), 1, join.correlation());
            pair.router.receipt(1, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 0);
            pair.router.receipt(1, pair.router.read(FrameType.ENVELOPE).correlation(), 2, 0);
            assertThat(Set.of(soon(first).sequence(), soon(second).sequence())).isEqualTo(Set.of(1L, 2L));
        }
    }

    @Test
    void aRoomThatWasWithdrawnIsAskedForAgain() throws Exception {
        try (Pair pair = open()) {
            var first = send(pair, "a", "one");
            grantJoin(pair.router, 1);
            pair.router.receipt(1, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 1);
            soon(first);
            pair.router.control(new ControlBody.Withdrawn("acme/a", "room-deleted"), 1, 0);
            // The answer to this proves that what came before was seen.
            var other = send(pair, "b", "x");
            grantJoin(pair.router, 2);
            pair.router.receipt(2, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 0);
            soon(other);
            var again = send(pair, "a", "two");
            assertThat(grantJoin(pair.router, 3)).isEqualTo("acme/a");
            pair.router.receipt(3, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 0);
            assertThat(soon(again).recipients()).isZero();
        }
    }

    private static void expectLate(Pair pair, String room) {
        assertThatThrownBy(() -> pair.backpipe.send(room, "x"))
                .isInstanceOfSatisfying(
                        PorthouseException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TIMEOUT));
    }

    @Test
    void aRoomThatIsGrantedTooLateIsAtHandForTheNext() throws Exception {
        try (Pair pair = open(Duration.ofMillis(1))) {
            expectLate(pair, "a");
            expectLate(pair, "a");
            grantJoin(pair.router, 1);
            CompletableFuture<SendReceipt> sent = await().ignoreException(PorthouseException.class)
                    .until(() -> pair.backpipe.send("a", "y"), receipt -> true);
            // Nobody asked again.
            Received message = pair.router.read(FrameType.ENVELOPE);
            assertThat(message.text()).isEqualTo("y");
            pair.router.receipt(1, message.correlation(), 1, 1);
            soon(sent);
        }
    }

    @Test
    void roomsThatAreAskedForAndNotAnsweredAreBoundedToo() throws Exception {
        try (Pair pair = open(Duration.ofMillis(1))) {
            for (int i = 1; i <= Backpipe.MOST_ROOMS; i++) {
                expectLate(pair, "r" + i);
            }
            expectLate(pair, "more");
            for (int i = 1; i <= Backpipe.MOST_ROOMS; i++) {
                assertThat(grantJoin(pair.router, i)).isEqualTo("acme/r" + i);
            }
            var sent = await().ignoreException(PorthouseException.class)
                    .until(() -> pair.backpipe.send("r1", "y"), receipt -> true);
            assertThat(pair.router.read(FrameType.ENVELOPE).room()).isEqualTo(1);
            assertThat(sent).isNotDone();
        }
    }

    @Test
    void theRoomUsedLongestAgoMakesPlaceBehindItsReceipts() throws Exception {
        try (Pair pair = open()) {
            for (int i = 1; i <= Backpipe.MOST_ROOMS; i++) {
                var sent = send(pair, "r" + i, "x");
                grantJoin(pair.router, i);
                Received message = pair.router.read(FrameType.ENVELOPE);
                if (i == 2) {
                    assertThat(sent).isNotDone();
                } else {
                    pair.router.receipt(i, message.correlation(), 1, 0);
                    soon(sent);
                }
            }
            // The first is used again, so the second is the oldest; its receipt is outstanding.
            var used = send(pair, "r1", "y");
            pair.router.receipt(1, pair.router.read(FrameType.ENVELOPE).correlation(), 2, 0);
            soon(used);
            var more = send(pair, "more", "z");
            assertThat(more).isNotDone();
            pair.router.receipt(2, Backpipe.MOST_ROOMS * 2L, 1, 0);
            Received leave = pair.router.read(FrameType.LEAVE);
            assertThat(leave.room()).isEqualTo(2);
            pair.router.control(new ControlBody.Withdrawn("acme/r2", "left"), 2, leave.correlation());
            assertThat(grantJoin(pair.router, 1000)).isEqualTo("acme/more");
            pair.router.receipt(1000, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 0);
            assertThat(soon(more).recipients()).isZero();
        }
    }

    /** Sends into a room that is at hand, and has the receipt: nothing but that is seen by the router meanwhile. */
    private static void passes(Pair pair, String room, int handle) throws Exception {
        for (int i = 0; i < 20; i++) {
            var sent = send(pair, room, "y");
            pair.router.receipt(handle, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 0);
            soon(sent);
        }
    }

    @Test
    void aRoomIsNotLeftBeforeTheEnvelopeThatIsBeingSentThereHasItsReceipt() throws Exception {
        PipedOutputStream source = new PipedOutputStream();
        InputStream payload = new PipedInputStream(source, 1 << 20);
        try (Pair pair = open()) {
            source.write(new byte[200_000]);
            CompletableFuture<SendReceipt> envelope = new CompletableFuture<>();
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                var unusedCopy = pair.backpipe.send("r1", Envelope.of(payload)).thenAccept(envelope::complete);
            });
            grantJoin(pair.router, 1);
            Received unused = pair.router.read(FrameType.ENVELOPE);
            for (int i = 2; i <= Backpipe.MOST_ROOMS; i++) {
                var sent = send(pair, "r" + i, "x");
                grantJoin(pair.router, i);
                pair.router.receipt(i, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 0);
                soon(sent);
            }
            // It needs a place, but not that of a room that is being sent into.
            var other = send(pair, "other", "y");
            Received leaveOther = pair.router.read(FrameType.LEAVE);
            assertThat(leaveOther.room()).isEqualTo(2);
            pair.router.control(new ControlBody.Withdrawn("acme/r2", "left"), 2, leaveOther.correlation());
            assertThat(grantJoin(pair.router, 999)).isEqualTo("acme/other");
            pair.router.receipt(999, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 0);
            soon(other);
            source.close();
            long correlation = pair.router.read(FrameType.ENVELOPE).correlation();
            Void unusedEnd = soon(sending);
            // Needs the place of the first room, once that has its receipt.
            var more = send(pair, "more", "z");
            passes(pair, "r3", 3);
            assertThat(more).isNotDone();
            pair.router.receipt(1, correlation, 1, 0);
            assertThat(soon(envelope).sequence()).isEqualTo(1);
            Received leave = pair.router.read(FrameType.LEAVE);
            assertThat(leave.room()).isEqualTo(1);
            pair.router.control(new ControlBody.Withdrawn("acme/r1", "left"), 1, leave.correlation());
            assertThat(grantJoin(pair.router, 1000)).isEqualTo("acme/more");
            pair.router.receipt(1000, pair.router.read(FrameType.ENVELOPE).correlation(), 1, 0);
            soon(more);
        }
    }

    @Test
    void theConnectionFileNeedsAKey() {
        assertThatThrownBy(() -> ConfFile.of(java.nio.file.Path.of("/dev/null")).key())
                .isInstanceOfSatisfying(
                        PorthouseException.class, e -> assertThat(e.kind()).isEqualTo(Kind.USAGE))
                .hasMessageContaining("/dev/null has no key");
    }
}
