package io.porthouse.router;

import static io.porthouse.router.RouterHarness.ACCOUNT;
import static io.porthouse.router.RouterHarness.READ_WRITE;
import static io.porthouse.router.RouterHarness.SECRET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.TestClient.Received;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rooms and tokens that change while there is much going on. */
final class LiveRoomTest {

    private static final RoomName ONE = new RoomName(ACCOUNT, "one");
    private static final RoomName SQUARE = new RoomName("town", "square");

    private RouterHarness harness;

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness(new TestSettings().outboxBytes(256 << 10).build());
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    private void change(RoomName room, Consumer<TestRules> changes) throws Exception {
        harness.tokens.putRoom(room, TestRules.with(changes));
        harness.refreshRoom(room);
    }

    private static void flood(TestClient publisher, long correlation) throws Exception {
        int room = publisher.handle("acme/one");
        byte[] message = TestClient.frame(FrameType.ENVELOPE, 0, room, 0, new byte[60_000]);
        for (int i = 0; i < 200; i++) {
            publisher.send(message);
        }
        publisher.send(TestClient.receiptMessage(room, correlation, "the last one"));
        publisher.expectReceipt(correlation);
    }

    // ---- rules

    @Test
    void aRoomThatBeginsToDisconnectClosesWhoWasLosing() throws Exception {
        TestClient publisher = harness.connect("one");
        harness.dialSlow().hello(SECRET, "one");
        flood(publisher, 2);
        assertThat(harness.closes(CloseCode.SLOW_RECEIVER)).isZero();
        change(ONE, rules -> rules.overflow = Overflow.DISCONNECT);
        flood(publisher, 3);
        await().until(() -> harness.closes(CloseCode.SLOW_RECEIVER) == 1);
    }

    @Test
    void aRoomThatBeginsToDropKeepsWhoDoesNotRead() throws Exception {
        harness.tokens.putRoom(ONE, TestRules.with(rules -> rules.overflow = Overflow.DISCONNECT));
        TestClient publisher = harness.connect("one");
        TestClient slow = harness.dialSlow();
        slow.hello(SECRET, "one");
        change(ONE, rules -> rules.overflow = Overflow.DROP);
        flood(publisher, 2);
        assertThat(slow.seek(FrameType.GAP).buffer().getLong(16)).isPositive();
    }

    @Test
    void aRateThatIsSetHoldsAtOnce() throws Exception {
        TestClient publisher = harness.connect("one");
        int room = publisher.handle("acme/one");
        harness.stopTime();
        change(ONE, rules -> rules.messagesPerSecond = 1);
        publisher.send(TestClient.message(room, "one"), TestClient.receiptMessage(room, 2, "one too many"));
        publisher.expectError(ErrorCode.RATE_LIMITED);
    }

    @Test
    void anOpenEnvelopeIsCancelledWhenTheRoomTakesNoneAnyMore() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient reader = harness.connect("one");
        int room = publisher.handle("acme/one");
        publisher.send(Chunks.first(room, 1, new byte[10]));
        Chunks.expectChunk(reader, 1, 0);
        change(ONE, rules -> rules.maxEnvelopeBytes = -1);
        publisher.send(Chunks.next(room, 1, 1, new byte[10]));
        publisher.expectError(ErrorCode.TOO_LARGE);
        Chunks.expectCancel(reader, 1);
    }

    @Test
    void whoIsThereStaysWhenARoomGetsSmaller() throws Exception {
        TestClient first = harness.connect("one");
        TestClient second = harness.connect("one");
        change(ONE, rules -> rules.maxMembers = 1);
        first.send(TestClient.message(first.handle("acme/one"), "still there"));
        second.expectMessage("still there");
        TestClient third = harness.connect("two");
        third.send(TestClient.json(FrameType.JOIN, 0, 2, "{'room':'one'}"));
        third.expectError(ErrorCode.ROOM_FULL);
    }

    // ---- public rooms

    @Test
    void aPublicRoomMayBeReadByAnyTokenAndWrittenByNone() throws Exception {
        harness.tokens.putRoom(SQUARE, TestRules.with(rules -> rules.isPublic = true));
        harness.put(
                "town-token-0123456789",
                new TokenState(
                        "town",
                        "town",
                        List.of(new Grant("town", "square", false, READ_WRITE, true)),
                        10,
                        null,
                        false));
        TestClient owner = harness.dial();
        owner.hello("town-token-0123456789", new String[0]);
        TestClient stranger = harness.connect("lobby");
        stranger.join("town/square", 2);
        owner.send(TestClient.message(owner.handle("town/square"), "hear, hear"));
        stranger.expectMessage("hear, hear");
        stranger.send(TestClient.receiptMessage(stranger.handle("town/square"), 3, "me too"));
        stranger.expectError(ErrorCode.MAY_NOT_WRITE);
    }

    @Test
    void aRoomThatBecomesPublicMayBeJoinedByStrangers() throws Exception {
        TestClient stranger = harness.connect("lobby");
        stranger.send(TestClient.json(FrameType.JOIN, 0, 2, "{'room':'town/square'}"));
        stranger.expectError(ErrorCode.ROOM_UNAVAILABLE);
        change(SQUARE, rules -> rules.isPublic = true);
        stranger.join("town/square", 3);
    }

    // ---- races

    @Test
    void aRoomThatIsDeletedUnderAPublisherAnswersWithNumbersOrNotAtAll() throws Exception {
        TestClient publisher = harness.connect("lobby");
        long correlation = 1;
        for (int round = 0; round < 200; round++) {
            harness.tokens.putRoom(ONE, RoomRules.DEFAULT);
            int room = publisher.join("one", ++correlation).room();
            harness.tokens.deleteRoom(ONE);
            publisher.send(TestClient.receiptMessage(room, ++correlation, "racing"));
            CompletableFuture<Refreshed> deleted =
                    harness.router.refreshRooms(List.of(ONE)).toCompletableFuture();
            for (Received received = publisher.receive();
                    received.type() != FrameType.WITHDRAWN;
                    received = publisher.receive()) {
                if (received.type() == FrameType.RECEIPT) {
                    assertThat(received.buffer().getLong(0)).isEqualTo(1);
                }
            }
            deleted.get(60, TimeUnit.SECONDS);
            publisher.send(TestClient.ping(++correlation));
            Received last = publisher.receive();
            // The message may have come too late even to find the room held.
            while (last.type() == FrameType.ERROR) {
                last = publisher.receive();
            }
            assertThat(FrameType.name(last.type())).isEqualTo("PONG");
        }
    }

    @Test
    void noSessionOfAGoneTokenIsLiveOnceTheRefreshIsComplete() throws Exception {
        // Answers from other threads, at any time.
        ExecutorService database = Executors.newFixedThreadPool(3);
        try (RouterHarness racing =
                new RouterHarness(RouterHarness.settings(), name -> RoomRules.DEFAULT, source -> new TokenSource() {
                    @Override
                    public CompletableFuture<Reading<TokenState>> readToken(String secretHash) {
                        return CompletableFuture.supplyAsync(
                                () -> source.readToken(secretHash)
                                        .toCompletableFuture()
                                        .join(),
                                database);
                    }

                    @Override
                    public CompletableFuture<Reading<RoomRules>> readRoom(RoomName room) {
                        return CompletableFuture.supplyAsync(
                                () -> source.readRoom(room)
                                        .toCompletableFuture()
                                        .join(),
                                database);
                    }
                })) {
            byte[] hello = TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + SECRET + "'}");
            for (int round = 0; round < 100; round++) {
                racing.grant(new Grant(ACCOUNT, "one", false, READ_WRITE, true));
                List<TestClient> clients = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    clients.add(racing.dial().send(hello));
                }
                racing.tokens.remove(MemoryTokenSource.secretHash(SECRET));
                racing.refreshToken(RouterHarness.TOKEN_ID);
                assertThat(racing.router
                                .sessions(token -> true)
                                .toCompletableFuture()
                                .get(60, TimeUnit.SECONDS))
                        .isEmpty();
                for (TestClient client : clients) {
                    Received close = client.seek(FrameType.CLOSE);
                    assertThat(close.json().get("code").asInt())
                            .isIn(CloseCode.TOKEN_REVOKED.number(), CloseCode.TOKEN_UNKNOWN.number());
                    client.close();
                }
            }
            racing.awaitGauge("porthouse.connections", 0);
            racing.awaitGauge("porthouse.tokens", 0);
            racing.awaitGauge("porthouse.rooms", 0);
        } finally {
            database.shutdown();
        }
    }
}
