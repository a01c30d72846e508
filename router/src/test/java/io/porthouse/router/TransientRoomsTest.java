package io.porthouse.router;

import static io.porthouse.router.RouterHarness.ACCOUNT;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rooms that a JOIN makes, and rooms that go with who made them. */
final class TransientRoomsTest {

    private static final String MAKER = "maker-token-0123456789";
    private static final RoomName TABLE = new RoomName(ACCOUNT, "table");
    private static final String NOWHERE = "'rooms':[]";

    private RouterHarness harness;
    private TestClient first;
    private TestClient second;

    /** No room exists but those that a test puts. */
    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness(RouterHarness.settings(), name -> null, source -> source);
        put(MAKER, "maker", 2);
        first = connect(MAKER);
        second = connect(MAKER);
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    private void put(String secret, String id, int transientRooms, Grant... grants) {
        harness.put(
                secret,
                new TokenState(
                        id,
                        ACCOUNT,
                        List.of(grants),
                        10,
                        TokenState.NOT_COUNTED,
                        null,
                        false,
                        transientRooms,
                        Backpipe.NONE));
    }

    private TestClient connect(String secret) throws Exception {
        TestClient client = harness.dial();
        client.hello("{'version':1,'token':'" + secret + "'," + NOWHERE + "}");
        return client;
    }

    private static byte[] join(String room, long correlation, String more) {
        return TestClient.json(FrameType.JOIN, 0, correlation, "{'room':'" + room + "'" + more + "}");
    }

    private static TestClient.Received joinAsPeer(TestClient client, long correlation) throws Exception {
        client.send(join("table", correlation, ",'transient':'peer'"));
        return client.expect(FrameType.GRANTED);
    }

    private static void leave(TestClient client, int room, long correlation) throws Exception {
        client.send(TestClient.frame(FrameType.LEAVE, 0, room, correlation, new byte[0]));
        assertThat(client.expect(FrameType.WITHDRAWN).sequence()).isEqualTo(correlation);
    }

    private static void expectRoomDeleted(TestClient client) throws Exception {
        assertThat(client.expect(FrameType.WITHDRAWN).json().get("reason").asText())
                .isEqualTo("room-deleted");
    }

    private void refresh(RoomName room) throws Exception {
        Refreshed unused = harness.refreshRoom(room);
    }

    @Test
    void aJoinMakesARoomThatGoesWithItsLastMember() throws Exception {
        TestClient.Received granted = first.join("table", 2);
        assertThat(granted.json().get("may")).hasSize(2);
        TestClient.Received joined = second.join("table", 2);
        assertThat(joined.room()).isEqualTo(granted.room());
        first.send(TestClient.message(granted.room(), "hello"));
        second.expectMessage("hello");
        leave(first, granted.room(), 3);
        second.expectNothing(3);
        leave(second, granted.room(), 4);
        harness.awaitGauge("porthouse.rooms", 0);
        assertThat(second.join("table", 5).json().get("epoch").asText())
                .isNotEqualTo(granted.json().get("epoch").asText());
    }

    @Test
    void aPeersRoomGoesWithWhoMadeIt() throws Exception {
        TestClient.Received granted = joinAsPeer(first, 2);
        second.join("table", 2);
        leave(first, granted.room(), 3);
        expectRoomDeleted(second);
        harness.awaitGauge("porthouse.rooms", 0);
    }

    @Test
    void aPeersRoomGoesWithItsConnection() throws Exception {
        joinAsPeer(first, 2);
        second.join("table", 2);
        first.reset();
        expectRoomDeleted(second);
    }

    @Test
    void aPeersRoomOutlastsItsOtherMembers() throws Exception {
        TestClient.Received granted = joinAsPeer(first, 2);
        second.join("table", 2);
        leave(second, granted.room(), 3);
        first.expectNothing(3);
    }

    @Test
    void anAccountMakesOnlySoMany() throws Exception {
        TestClient.Received one = first.join("one", 2);
        first.join("two", 3);
        second.send(join("three", 2, ""));
        assertThat(second.expectError(ErrorCode.TOO_MANY_ROOMS).sequence()).isEqualTo(2);
        second.join("one", 3);
        leave(first, one.room(), 4);
        second.send(join("three", 4, ""));
        second.expectError(ErrorCode.TOO_MANY_ROOMS);
        leave(second, one.room(), 5);
        second.join("three", 6);
    }

    @Test
    void whoMayNotMakeRoomsMayNotEnterThem() throws Exception {
        put("plain-token-0123456789", "plain", TokenState.NO_TRANSIENT_ROOMS);
        first.join("table", 2);
        TestClient plain = connect("plain-token-0123456789");
        plain.send(join("table", 2, ""), join("chair", 3, ""));
        plain.expectError(ErrorCode.ROOM_UNAVAILABLE);
        plain.expectError(ErrorCode.ROOM_UNAVAILABLE);
    }

    @Test
    void roomsOfOthersAreNotMade() throws Exception {
        first.send(join("other/table", 2, ""));
        first.expectError(ErrorCode.ROOM_UNAVAILABLE);
    }

    @Test
    void whoLosesTheRightToMakeRoomsLosesThem() throws Exception {
        first.join("table", 2);
        put(MAKER, "maker", TokenState.NO_TRANSIENT_ROOMS);
        harness.refreshToken("maker");
        assertThat(first.expect(FrameType.WITHDRAWN).json().get("reason").asText())
                .isEqualTo("withdrawn");
    }

    @Test
    void aRefreshThatFindsNothingLeavesARoomThatAJoinMade() throws Exception {
        first.join("table", 2);
        refresh(TABLE);
        first.expectNothing(3);
    }

    @Test
    void aRoomThatIsSetUpMeanwhileActsByItsGrants() throws Exception {
        put(MAKER, "maker", 1);
        first.join("table", 2);
        harness.tokens.putRoom(TABLE, RoomRules.DEFAULT);
        refresh(TABLE);
        assertThat(first.expect(FrameType.WITHDRAWN).json().get("reason").asText())
                .isEqualTo("withdrawn");
        // It counts no more among those that a JOIN made.
        first.join("another", 3);
    }

    @Test
    void aRoomThatIsSetUpAsAPeersEndsItsLivesLikeOne() throws Exception {
        harness.tokens.putRoom(TABLE, RoomRules.DEFAULT.withLifetime(Lifetime.PEER));
        Grant grant = new Grant(ACCOUNT, "table", false, Set.copyOf(RouterHarness.READ_WRITE), false);
        put(MAKER, "maker", TokenState.NO_TRANSIENT_ROOMS, grant);
        harness.refreshToken("maker");
        TestClient.Received granted = first.join("table", 2);
        second.join("table", 2);
        leave(first, granted.room(), 3);
        expectRoomDeleted(second);
        second.join("table", 3);
    }

    @Test
    void aBackpipeDoesNotKeepATransientRoom() throws Exception {
        harness.put(
                "phk_0123456789",
                new TokenState(
                        "k1",
                        ACCOUNT,
                        List.of(),
                        10,
                        TokenState.NOT_COUNTED,
                        null,
                        false,
                        TokenState.NO_TRANSIENT_ROOMS,
                        Backpipe.ACCOUNT));
        TestClient service = connect("phk_0123456789");
        service.send(join("table", 2, ""));
        service.expectError(ErrorCode.ROOM_UNAVAILABLE);
        TestClient.Received granted = first.join("table", 2);
        service.join("table", 3);
        leave(first, granted.room(), 3);
        expectRoomDeleted(service);
    }

    @Test
    void whatElseARoomCouldBeIsNotUnderstood() throws Exception {
        first.send(join("table", 2, ",'transient':'forever'"));
        first.expectError(ErrorCode.MALFORMED_BODY);
    }
}
