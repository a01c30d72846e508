package io.porthouse.router;

import static io.porthouse.router.RouterHarness.ACCOUNT;
import static io.porthouse.router.RouterHarness.READ_WRITE;
import static io.porthouse.router.RouterHarness.SECRET;
import static io.porthouse.router.RouterHarness.TOKEN_ID;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.ManualTokenSource.Read;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rules of rooms that come late, out of order or not at all. */
final class RoomReadingTest {

    private static final RoomName ONE = new RoomName(ACCOUNT, "one");

    private RouterHarness harness;
    private ManualTokenSource source;
    private TestClient client;

    @BeforeEach
    void start() throws Exception {
        AtomicReference<ManualTokenSource> made = new AtomicReference<>();
        harness =
                new RouterHarness(new TestSettings().roomsPerSession(3).build(), name -> RoomRules.DEFAULT, tokens -> {
                    made.set(new ManualTokenSource(tokens));
                    return made.get();
                });
        source = made.get();
        client = harness.connect("lobby");
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    private static byte[] join(String room, long correlation) {
        return TestClient.json(FrameType.JOIN, 0, correlation, "{'room':'" + room + "'}");
    }

    private Read<?> joinAndTakeRead(String room, long correlation) throws Exception {
        source.holdRooms();
        client.send(join(room, correlation));
        return source.takeRoomRead();
    }

    private CompletableFuture<Refreshed> refresh(RoomName room) {
        return harness.router.refreshRooms(List.of(room)).toCompletableFuture();
    }

    private void limitMessages(int bytes) {
        harness.tokens.putRoom(ONE, TestRules.with(rules -> rules.maxMessageBytes = bytes));
    }

    // ---- late

    @Test
    void aJoinIsAnsweredWhenTheRulesAreKnown() throws Exception {
        Read<?> read = joinAndTakeRead("one", 2);
        client.expectNothing(3);
        read.answer();
        assertThat(client.expect(FrameType.GRANTED).sequence()).isEqualTo(2);
    }

    /** Whether the router hears first of the end or of the rules: the client gets what it is owed. */
    @Test
    void whoEndsItsStreamMeanwhileIsStillAnswered() throws Exception {
        Read<?> read = joinAndTakeRead("one", 2);
        client.shutOutput();
        int listed = harness.router
                .sessions(token -> true)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS)
                .size();
        assertThat(listed).isOne();
        read.answer();
        assertThat(client.expect(FrameType.GRANTED).sequence()).isEqualTo(2);
        client.expectEnd();
    }

    @Test
    void helloIsOverWhenAllItsRoomsAreAnswered() throws Exception {
        source.holdRooms();
        TestClient late = harness.dial();
        late.send(
                TestClient.json(
                        FrameType.HELLO, 0, 1, "{'version':1,'token':'" + SECRET + "','rooms':['one','two','lobby']}"),
                TestClient.ping(2));
        Read<?> first = source.takeRoomRead();
        Read<?> second = source.takeRoomRead();
        late.expect(FrameType.WELCOME);
        assertThat(late.expect(FrameType.GRANTED).room()).isEqualTo(client.handle("acme/lobby"));
        second.answer();
        late.expect(FrameType.GRANTED);
        first.answer();
        late.expect(FrameType.GRANTED);
        late.expect(FrameType.PONG);
    }

    @Test
    void otherFramesPassWhileAJoinWaits() throws Exception {
        TestClient other = harness.connect("lobby");
        Read<?> read = joinAndTakeRead("one", 2);
        client.send(TestClient.message(client.handle("acme/lobby"), "meanwhile"));
        other.expectMessage("meanwhile");
        read.answer();
        client.expect(FrameType.GRANTED);
    }

    @Test
    void allWhoJoinARoomShareOneReading() throws Exception {
        TestClient other = harness.connect("lobby");
        Read<?> read = joinAndTakeRead("one", 2);
        other.send(join("one", 2));
        other.expectNothing(3);
        read.answer();
        assertThat(client.expect(FrameType.GRANTED).room())
                .isEqualTo(other.expect(FrameType.GRANTED).room());
    }

    @Test
    void joinsThatWaitCountLikeRooms() throws Exception {
        Read<?> first = joinAndTakeRead("one", 2);
        client.send(join("two", 3), join("three", 4));
        assertThat(client.expectError(ErrorCode.TOO_MANY_ROOMS).sequence()).isEqualTo(4);
        first.answer();
        source.takeRoomRead().answer();
        client.expect(FrameType.GRANTED);
        client.expect(FrameType.GRANTED);
    }

    @Test
    void whoGoesWhileItsJoinWaitsLeavesNoRoomBehind() throws Exception {
        Read<?> read = joinAndTakeRead("one", 2);
        client.reset();
        harness.awaitGauge("porthouse.connections", 0);
        read.answer();
        harness.awaitGauge("porthouse.rooms", 0);
    }

    @Test
    void whatIsWithdrawnWhileTheJoinWaitsIsRefused() throws Exception {
        Read<?> read = joinAndTakeRead("one", 2);
        harness.grant(new Grant(ACCOUNT, "lobby", false, READ_WRITE, true));
        harness.refreshToken(TOKEN_ID);
        read.answer();
        assertThat(client.expectError(ErrorCode.ROOM_UNAVAILABLE).sequence()).isEqualTo(2);
        harness.awaitGauge("porthouse.rooms", 1);
    }

    // ---- failing

    @Test
    void aRoomWhoseRulesCannotBeReadIsRefusedForNow() throws Exception {
        joinAndTakeRead("one", 2).fail();
        assertThat(client.expectError(ErrorCode.ROOM_UNREADABLE).sequence()).isEqualTo(2);
    }

    @Test
    void afterAFailureTheNextJoinReadsAnew() throws Exception {
        joinAndTakeRead("one", 2).fail();
        client.expectError(ErrorCode.ROOM_UNREADABLE);
        source.releaseRooms();
        client.join("one", 3);
    }

    @Test
    void aSourceThatThrowsIsLikeOneThatFails() throws Exception {
        source.throwOnce();
        client.send(join("one", 2));
        client.expectError(ErrorCode.ROOM_UNREADABLE);
        client.join("one", 3);
    }

    @Test
    void aRefreshThatCannotReadForLongIsNotConfirmedAndNobodyStays() throws Exception {
        TestClient other = harness.connect("lobby");
        client.join("one", 2);
        source.holdRooms();
        CompletableFuture<Refreshed> refreshed = refresh(ONE);
        source.takeRoomRead().fail();
        assertThat(refreshed.get(60, TimeUnit.SECONDS)).isEqualTo(new Refreshed(1, 1, false));
        client.seekClose(CloseCode.FENCED.number());
        source.releaseRooms();
        other.join("one", 2);
    }

    @Test
    void aRefreshThatCannotReadOnceAsksAgain() throws Exception {
        client.join("one", 2);
        source.holdRooms();
        limitMessages(4);
        CompletableFuture<Refreshed> refreshed = refresh(ONE);
        source.takeRoomRead().fail();
        source.takeRoomRead().answer();
        assertThat(refreshed.get(60, TimeUnit.SECONDS)).isEqualTo(new Refreshed(1, 0, true));
        client.send(TestClient.receiptMessage(client.handle("acme/one"), 3, "12345"));
        client.expectError(ErrorCode.TOO_LARGE);
    }

    @Test
    void aJoinWhoseReadingMayBeOutdatedIsRefusedForNow() throws Exception {
        Read<?> first = joinAndTakeRead("one", 2);
        CompletableFuture<Refreshed> refreshed = refresh(ONE);
        source.takeRoomRead().fail();
        assertThat(refreshed.get(60, TimeUnit.SECONDS)).isEqualTo(new Refreshed(0, 0, false));
        first.fail();
        client.expectError(ErrorCode.ROOM_UNREADABLE);
    }

    @Test
    void aGrantedRoomThatCannotBeReadHasTheClientComeAgain() throws Exception {
        source.holdRooms();
        harness.grant(
                new Grant(ACCOUNT, "lobby", false, READ_WRITE, true),
                new Grant(ACCOUNT, "one", false, READ_WRITE, true));
        CompletableFuture<Refreshed> refreshed =
                harness.router.refreshTokens(Set.of(TOKEN_ID)).toCompletableFuture();
        source.takeRoomRead().fail();
        assertThat(refreshed.get(60, TimeUnit.SECONDS)).isEqualTo(new Refreshed(1, 1, false));
        client.expectClose(CloseCode.FENCED.number());
    }

    /** So that whoever made the change knows that the client has the room. */
    @Test
    void aRefreshWaitsForTheRoomsThatItGrants() throws Exception {
        source.holdRooms();
        harness.grant(
                new Grant(ACCOUNT, "lobby", false, READ_WRITE, true),
                new Grant(ACCOUNT, "one", false, READ_WRITE, true));
        CompletableFuture<Refreshed> refreshed =
                harness.router.refreshTokens(Set.of(TOKEN_ID)).toCompletableFuture();
        Read<?> read = source.takeRoomRead();
        client.expectNothing(2);
        assertThat(refreshed).isNotDone();
        read.answer();
        assertThat(refreshed.get(60, TimeUnit.SECONDS)).isEqualTo(new Refreshed(1, 0, true));
        client.expect(FrameType.GRANTED);
    }

    // ---- out of order

    @Test
    void anOlderReadingDoesNotOverwriteNewerRules() throws Exception {
        client.join("one", 2);
        source.holdRooms();
        limitMessages(4);
        CompletableFuture<Refreshed> first = refresh(ONE);
        Read<?> older = source.takeRoomRead();
        limitMessages(5);
        CompletableFuture<Refreshed> second = refresh(ONE);
        source.takeRoomRead().answer();
        second.get(60, TimeUnit.SECONDS);
        older.answer();
        first.get(60, TimeUnit.SECONDS);
        client.send(TestClient.receiptMessage(client.handle("acme/one"), 3, "12345"));
        client.expectReceipt(3);
    }

    @Test
    void aRoomThatIsDeletedWhileItIsReadIsNotJoined() throws Exception {
        Read<?> first = joinAndTakeRead("one", 2);
        harness.tokens.deleteRoom(ONE);
        CompletableFuture<Refreshed> refreshed = refresh(ONE);
        source.takeRoomRead().answer();
        refreshed.get(60, TimeUnit.SECONDS);
        first.answer();
        client.expectError(ErrorCode.ROOM_UNAVAILABLE);
        harness.awaitGauge("porthouse.rooms", 1);
    }

    @Test
    void rulesThatChangeWhileTheRoomIsReadHoldFromItsBeginning() throws Exception {
        Read<?> first = joinAndTakeRead("one", 2);
        limitMessages(4);
        CompletableFuture<Refreshed> refreshed = refresh(ONE);
        source.takeRoomRead().answer();
        refreshed.get(60, TimeUnit.SECONDS);
        first.answer();
        int room = client.expect(FrameType.GRANTED).room();
        client.send(TestClient.receiptMessage(room, 3, "12345"));
        client.expectError(ErrorCode.TOO_LARGE);
    }

    @Test
    void aDeletedRoomIsNotBroughtBackByAnOlderReading() throws Exception {
        client.join("one", 2);
        source.holdRooms();
        CompletableFuture<Refreshed> first = refresh(ONE);
        Read<?> alive = source.takeRoomRead();
        harness.tokens.deleteRoom(ONE);
        CompletableFuture<Refreshed> second = refresh(ONE);
        source.takeRoomRead().answer();
        second.get(60, TimeUnit.SECONDS);
        alive.answer();
        first.get(60, TimeUnit.SECONDS);
        client.expect(FrameType.WITHDRAWN);
        source.releaseRooms();
        client.send(join("one", 3));
        client.expectError(ErrorCode.ROOM_UNAVAILABLE);
    }
}
