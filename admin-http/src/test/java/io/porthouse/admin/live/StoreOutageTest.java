package io.porthouse.admin.live;

import static io.porthouse.admin.live.LiveNode.ANY;
import static io.porthouse.admin.live.LiveNode.BY;
import static io.porthouse.admin.live.LiveNode.both;
import static io.porthouse.admin.live.LiveNode.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.Token;
import io.porthouse.admin.store.FullDisk;
import io.porthouse.admin.store.Outcome;
import io.porthouse.admin.store.Postgres;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreSettings;
import io.porthouse.admin.store.StoreUnavailableException;
import io.porthouse.admin.store.TestDatabase;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.router.TestClient;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The store fails under load: live traffic goes on, changes fail and do nothing by halves, and afterwards all is as before. */
class StoreOutageTest {

    private static final Duration PATIENCE = Duration.ofMillis(500);

    /** A node with two clients who talk to each other without end. */
    private static final class Talking implements AutoCloseable {
        final LiveNode node;
        final Token token;
        private final TestClient listener;
        private final TestClient speaker;
        private int said;

        Talking(Store store) throws Exception {
            node = new LiveNode(store);
            node.alice();
            node.room("lobby");
            node.room("foo");
            node.room("bar");
            token = node.token("device", both("lobby"));
            node.token("speaker", both("lobby"), new RoomGrant(name("bar"), Set.of(Right.WRITE), false));
            listener = node.connect("device");
            speaker = node.connect("speaker", "lobby");
        }

        /** What one says now, the other one hears. */
        void talk() throws Exception {
            for (int i = 0; i < 100; i++) {
                String text = "message " + said++;
                speaker.send(TestClient.message(0, text));
                listener.expectMessage(text);
            }
        }

        /** Whoever knows a token in use still comes in; others are told to come again, and nobody is told a lie. */
        void meetWithoutAStore() throws Exception {
            TestClient known = node.connect("device");
            known.expectNothing(2);
            TestClient unknown = node.dial();
            unknown.send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'nobody'}"));
            unknown.expectClose(CloseCode.FENCED.number());
            speaker.send(TestClient.json(FrameType.JOIN, 0, 1_000, "{'room':'bar'}"));
            speaker.expectError(ErrorCode.ROOM_UNREADABLE);
            talk();
            known.close();
        }

        void expectNoChange() {
            assertThatThrownBy(() -> node.store.grant(BY, token.id(), ANY, both("foo")))
                    .isInstanceOf(StoreUnavailableException.class);
        }

        /** Afterwards changes take effect again, and what failed is not there. */
        void expectRecovered() throws Exception {
            talk();
            Token stored = firstAnswer(() -> node.store.token(token.id()).orElseThrow());
            assertThat(stored.grants()).containsExactly(both("lobby"));
            LiveEffect effect = node.grant(token, both("foo"));
            assertThat(effect.confirmed()).isTrue();
            assertThat(listener.expect(FrameType.GRANTED).json().get("room").asText())
                    .isEqualTo("alice/foo");
            talk();
        }

        @Override
        public void close() {
            node.close();
        }
    }

    private static <T> T firstAnswer(Supplier<T> question) {
        for (int i = 0; i < 100; i++) {
            try {
                return question.get();
            } catch (StoreUnavailableException e) {
                assertThat(e.reason()).isNotEqualTo(StoreUnavailableException.Reason.UNCERTAIN);
            }
        }
        throw new AssertionError("the store does not come back");
    }

    @Test
    void aKilledPostgresCostsOnlyChanges() throws Exception {
        try (Postgres server = Postgres.start();
                Talking talking =
                        new Talking(TestDatabase.open(server.newDatabase("").withPatience(PATIENCE)))) {
            talking.talk();
            server.kill();
            talking.talk();
            talking.expectNoChange();
            talking.meetWithoutAStore();
            server.startAgain();
            talking.expectRecovered();
        }
    }

    /** The change is committed, and then nobody can tell what it was: whom it concerns is sent away until that can be told. */
    @Test
    void aChangeThatCannotBeReadAgainIsNotConfirmedAndConcernsOnlyItsToken() throws Exception {
        try (Postgres server = Postgres.start();
                Talking talking =
                        new Talking(TestDatabase.open(server.newDatabase("").withPatience(PATIENCE)))) {
            Token other = talking.node.token("other", both("foo"));
            TestClient concerned = talking.node.connect("other");
            Outcome<Token> committed = talking.node.store.withdraw(BY, other.id(), ANY, name("foo"));
            server.kill();

            LiveEffect effect = talking.node.follow(committed);

            assertThat(effect.confirmed()).isFalse();
            assertThat(effect.closed()).isEqualTo(1);
            concerned.expectClose(CloseCode.FENCED.number());
            talking.talk();
            server.startAgain();
            talking.expectRecovered();
            talking.node.connect("other").expectNothing(2);
        }
    }

    /** The same for a room: who is in it comes again. */
    @Test
    void aDeletedRoomThatCannotBeReadAgainKeepsNobody() throws Exception {
        try (Postgres server = Postgres.start();
                Talking talking =
                        new Talking(TestDatabase.open(server.newDatabase("").withPatience(PATIENCE)))) {
            talking.node.token("other", both("foo"));
            TestClient concerned = talking.node.connect("other");
            Outcome<?> committed = talking.node.store.deleteRoom(BY, name("foo"), ANY);
            server.kill();
            assertThat(talking.node.follow(committed).confirmed()).isFalse();
            concerned.seekClose(CloseCode.FENCED.number());
            talking.talk();
            server.startAgain();
            talking.talk();
            firstAnswer(() -> talking.node.store.lastChange());
            talking.node.connect("other").expectNothing(2);
        }
    }

    @Test
    void aFullPoolCostsOnlyChanges() throws Exception {
        StoreSettings few = TestDatabase.POSTGRES.prepared().withPatience(PATIENCE);
        StoreSettings two = new StoreSettings(few.url(), few.user(), few.password(), 2, PATIENCE);
        ExecutorService threads = Executors.newFixedThreadPool(two.connections());
        CountDownLatch blocked = new CountDownLatch(two.connections());
        CountDownLatch released = new CountDownLatch(1);
        try (Talking talking = new Talking(TestDatabase.open(two))) {
            List<Future<?>> exports = new ArrayList<>();
            for (int i = 0; i < two.connections(); i++) {
                exports.add(threads.submit(() -> {
                    talking.node.store.exportTo(new Blocking(blocked, released));
                    return null;
                }));
            }
            assertThat(blocked.await(60, TimeUnit.SECONDS)).isTrue();
            talking.talk();
            talking.expectNoChange();
            talking.meetWithoutAStore();
            released.countDown();
            for (Future<?> export : exports) {
                export.get(60, TimeUnit.SECONDS);
            }
            talking.expectRecovered();
        } finally {
            released.countDown();
            threads.shutdownNow();
        }
    }

    /** Takes no byte until it is released. */
    private static final class Blocking extends OutputStream {
        private final CountDownLatch blocked;
        private final CountDownLatch released;
        private boolean hasBlocked;

        Blocking(CountDownLatch blocked, CountDownLatch released) {
            this.blocked = blocked;
            this.released = released;
        }

        @Override
        public void write(int single) throws IOException {
            if (!hasBlocked) {
                hasBlocked = true;
                blocked.countDown();
                try {
                    boolean unused = released.await(60, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
        }
    }

    @Test
    void aFullDiskCostsOnlyChanges() throws Exception {
        FullDisk.register();
        try (Talking talking = new Talking(
                TestDatabase.open(FullDisk.store(TestDatabase.directory()).withPatience(PATIENCE)))) {
            talking.talk();
            FullDisk.setFull(true);
            try {
                talking.talk();
                talking.expectNoChange();
                talking.talk();
                TestClient known = talking.node.connect("device");
                known.expectNothing(2);
                known.close();
            } finally {
                FullDisk.setFull(false);
            }
            talking.expectRecovered();
        }
    }
}
