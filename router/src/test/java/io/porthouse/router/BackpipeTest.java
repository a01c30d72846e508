package io.porthouse.router;

import static io.porthouse.router.RouterHarness.ACCOUNT;
import static io.porthouse.router.RouterHarness.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The line of a service: it publishes anywhere, and is nowhere a member. */
final class BackpipeTest {

    private static final String KEY = "phk_0123456789";
    private static final RoomName LOBBY = new RoomName(ACCOUNT, "lobby");

    private RouterHarness harness;
    private TestClient service;
    private TestClient member;

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness();
        put(Backpipe.ACCOUNT, false);
        member = harness.connect("lobby");
        service = harness.dial();
        TestClient.Received welcome = service.hello("{'version':1,'token':'" + KEY + "'}");
        assertThat(welcome.json().get("rooms").asInt()).isZero();
        assertThat(welcome.json().get("token").asText()).isEqualTo("k1");
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    private void put(Backpipe reach, boolean suspended) {
        harness.put(
                KEY,
                new TokenState(
                        "k1",
                        ACCOUNT,
                        List.of(),
                        10,
                        TokenState.NOT_COUNTED,
                        null,
                        suspended,
                        TokenState.NO_TRANSIENT_ROOMS,
                        reach));
    }

    private Refreshed refresh() throws Exception {
        return harness.refreshToken("k1");
    }

    private void refresh(RoomName room) throws Exception {
        Refreshed unused = harness.refreshRoom(room);
    }

    private void expectRefused(String room, long correlation) throws Exception {
        service.send(TestClient.json(FrameType.JOIN, 0, correlation, "{'room':'" + room + "'}"));
        assertThat(service.expectError(ErrorCode.ROOM_UNAVAILABLE).sequence()).isEqualTo(correlation);
    }

    @Test
    void itPublishesWithReceiptsAndReceivesNothing() throws Exception {
        TestClient.Received granted = service.join("lobby", 2);
        assertThat(granted.json().get("may").toString()).isEqualTo("[\"write\"]");
        service.send(TestClient.receiptMessage(granted.room(), 3, "news"));
        TestClient.Received receipt = service.expectReceipt(3);
        assertThat(receipt.buffer().getLong()).isEqualTo(1);
        assertThat(receipt.buffer().getInt(Long.BYTES)).isEqualTo(1);
        TestClient.Received news = member.expectMessage("news");
        assertThat(news.origin()).isEqualTo(service.origin());
        member.send(TestClient.receiptMessage(member.handle("acme/lobby"), 2, "to nobody else"));
        assertThat(member.expectReceipt(2).buffer().getInt(Long.BYTES)).isZero();
        service.expectNothing(4);
    }

    @Test
    void itIsNoMember() throws Exception {
        harness.tokens.putRoom(LOBBY, TestRules.with(rules -> rules.maxMembers = 1));
        refresh(LOBBY);
        service.join("lobby", 2);
        assertThat(harness.router.room(LOBBY).orElseThrow().members()).isEqualTo(1);
        TestClient second = harness.dial();
        second.send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + SECRET + "','rooms':['lobby']}"));
        second.expect(FrameType.WELCOME);
        second.expectError(ErrorCode.ROOM_FULL);
    }

    @Test
    void aRoomWithoutMembersIsKeptByIt() throws Exception {
        TestClient.Received granted = service.join("empty", 2);
        service.send(TestClient.receiptMessage(granted.room(), 3, "to nobody"));
        assertThat(service.expectReceipt(3).buffer().getInt(Long.BYTES)).isZero();
        TestClient late = harness.connect("empty");
        service.send(TestClient.message(granted.room(), "to one"));
        assertThat(late.expectMessage("to one").sequence()).isEqualTo(2);
        late.close();
        service.send(TestClient.frame(FrameType.LEAVE, 0, granted.room(), 4, new byte[0]));
        service.expect(FrameType.WITHDRAWN);
        harness.awaitGauge("porthouse.rooms", 1);
    }

    @Test
    void itReachesNoOtherAccountUnlessItIsAnOperators() throws Exception {
        harness.tokens.putRoom(new RoomName("other", "room"), RoomRules.DEFAULT);
        expectRefused("other/room", 2);
        put(Backpipe.EVERYWHERE, false);
        refresh();
        service.join("other/room", 3);
        put(Backpipe.ACCOUNT, false);
        refresh();
        TestClient.Received withdrawn = service.expect(FrameType.WITHDRAWN);
        assertThat(withdrawn.json().get("room").asText()).isEqualTo("other/room");
        assertThat(withdrawn.json().get("reason").asText()).isEqualTo("withdrawn");
    }

    @Test
    void aPublicRoomOfAnotherAccountIsNotItsToRead() throws Exception {
        harness.tokens.putRoom(new RoomName("other", "room"), TestRules.with(rules -> rules.isPublic = true));
        expectRefused("other/room", 2);
    }

    @Test
    void aDeletedRoomIsWithdrawn() throws Exception {
        service.join("lobby", 2);
        harness.tokens.deleteRoom(LOBBY);
        refresh(LOBBY);
        assertThat(service.expect(FrameType.WITHDRAWN).json().get("reason").asText())
                .isEqualTo("room-deleted");
        expectRefused("lobby", 3);
    }

    @Test
    void itEndsWithItsKeyAndItsAccount() throws Exception {
        put(Backpipe.ACCOUNT, true);
        assertThat(refresh()).isEqualTo(new Refreshed(1, 1, true));
        service.expectClose(CloseCode.ACCOUNT_SUSPENDED.number());
        put(Backpipe.ACCOUNT, false);
        TestClient again = harness.dial();
        again.hello("{'version':1,'token':'" + KEY + "','rooms':['lobby'],'default':'lobby'}");
        again.send(TestClient.message(0, "by default"));
        member.expectMessage("by default");
        harness.tokens.remove(MemoryTokenSource.secretHash(KEY));
        assertThat(refresh()).isEqualTo(new Refreshed(1, 1, true));
        again.expectClose(CloseCode.TOKEN_REVOKED.number());
    }
}
