package io.porthouse.admin.live;

import static io.porthouse.admin.live.LiveNode.ANY;
import static io.porthouse.admin.live.LiveNode.BY;
import static io.porthouse.admin.live.LiveNode.both;
import static io.porthouse.admin.live.LiveNode.name;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.ApiKey;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.Token;
import io.porthouse.admin.model.TokenSettings;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.NewAccount;
import io.porthouse.admin.store.NewToken;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.router.RoomInfo;
import io.porthouse.router.RoomRules;
import io.porthouse.router.TestClient;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each change of the store as clients see it, with real sockets. */
class LiveChangesTest {

    private LiveNode node;

    @BeforeEach
    void start() throws Exception {
        node = new LiveNode();
        node.room("lobby");
        node.room("foo");
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private static TestClient.Received expectGranted(TestClient client, String room, String reason) throws Exception {
        TestClient.Received granted = client.expect(FrameType.GRANTED);
        assertThat(granted.json().get("room").asText()).isEqualTo("alice/" + room);
        assertThat(granted.json().get("reason").asText()).isEqualTo(reason);
        return granted;
    }

    private static void expectWithdrawn(TestClient client, String room, String reason) throws Exception {
        TestClient.Received withdrawn = client.expect(FrameType.WITHDRAWN);
        assertThat(withdrawn.json().get("room").asText()).isEqualTo("alice/" + room);
        assertThat(withdrawn.json().get("reason").asText()).isEqualTo(reason);
    }

    @Test
    void aGrantedRoomArrivesUnaskedAndThenItsNextMessage() throws Exception {
        Token token = node.token("device", both("lobby"));
        node.token("service", both("foo"));
        TestClient client = node.connect("device");
        TestClient service = node.connect("service");

        LiveEffect effect = node.grant(token, both("foo"));

        assertThat(effect.confirmed()).isTrue();
        assertThat(effect.sessions()).isEqualTo(1);
        assertThat(effect.closed()).isZero();
        assertThat(effect.millis()).isPositive();
        service.send(TestClient.message(0, "after the grant"));
        expectGranted(client, "foo", "granted");
        client.expectMessage("after the grant");
    }

    @Test
    void aDeletedTokenDropsAllItsClientsAndLetsNobodyIn() throws Exception {
        Token token = node.token("device", both("lobby"));
        node.token("service", both("lobby"));
        TestClient service = node.connect("service");
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            clients.add(node.connect("device"));
        }

        LiveEffect effect = node.follow(node.store.deleteToken(BY, token.id(), ANY));

        assertThat(effect.confirmed()).isTrue();
        assertThat(effect.sessions()).isEqualTo(10);
        assertThat(effect.closed()).isEqualTo(10);
        service.send(TestClient.message(0, "not for them"));
        for (TestClient client : clients) {
            client.expectClose(CloseCode.TOKEN_REVOKED.number());
        }
        TestClient late = node.dial();
        late.send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'device'}"));
        late.expectClose(CloseCode.TOKEN_UNKNOWN.number());
    }

    @Test
    void aDeletedRoomIsToldAsSuchToWhoLosesItsGrantWithIt() throws Exception {
        node.token("device", both("lobby"), both("foo"));
        TestClient client = node.connect("device");

        LiveEffect effect = node.follow(node.store.deleteRoom(BY, name("foo"), ANY));

        assertThat(effect.confirmed()).isTrue();
        expectWithdrawn(client, "foo", "room-deleted");
        client.expectNothing(2);
    }

    @Test
    void aRotatedSecretClosesTheOldConnections() throws Exception {
        Token token = node.token("device", both("lobby"));
        TestClient client = node.connect("device");
        LiveEffect effect = node.follow(node.store.rotate(BY, token.id(), ANY, Secrets.hash("rotated")));
        assertThat(effect.closed()).isEqualTo(1);
        client.expectClose(CloseCode.TOKEN_REVOKED.number());
        node.connect("rotated").expectNothing(2);
    }

    @Test
    void loweredLimitsOfConnectionsCloseTheNewest() throws Exception {
        Token token = node.token("device", both("lobby"));
        TestClient first = node.connect("device");
        TestClient second = node.connect("device");
        TestClient third = node.connect("device");
        node.follow(node.store.changeToken(
                BY, token.id(), ANY, is -> new TokenSettings(is.name(), 2, is.expiresAt(), false)));
        third.expectClose(CloseCode.TOO_MANY_CONNECTIONS.number());
        node.token("service", both("lobby"));
        TestClient fourth = node.connect("service");
        LiveEffect effect =
                node.follow(node.store.changeAccount(BY, "alice", ANY, is -> is.withLimits(new Limits(10, 10, 1))));
        assertThat(effect.closed()).isEqualTo(2);
        second.expectClose(CloseCode.TOO_MANY_CONNECTIONS.number());
        fourth.expectClose(CloseCode.TOO_MANY_CONNECTIONS.number());
        first.expectNothing(2);
    }

    @Test
    void aTokenThatExpiresIsClosed() throws Exception {
        Token token = node.token("device", both("lobby"));
        TestClient client = node.connect("device");
        Instant soon = Instant.now().plusMillis(300);
        node.follow(node.store.changeToken(
                BY, token.id(), ANY, is -> new TokenSettings(is.name(), is.maxConnections(), soon, false)));
        client.expectClose(CloseCode.TOKEN_EXPIRED.number());
    }

    @Test
    void publicRoomsOfASuspendedAccountAreClosedToStrangers() throws Exception {
        LiveNode.done(node.store.createAccount(BY, NewAccount.of("bob", LiveNode.USER, "y")));
        LiveNode.done(node.store.createToken(
                BY, new NewToken("bob", TokenSettings.named("bob's"), List.of(), Secrets.hash("stranger"))));
        node.follow(node.store.changeRules(BY, name("foo"), ANY, LiveNode::readByAll));
        TestClient stranger = node.connect("stranger");
        stranger.join("alice/foo", 2);

        LiveEffect effect = node.follow(node.store.changeAccount(BY, "alice", ANY, is -> is.withSuspended(true)));

        assertThat(effect.sessions()).isEqualTo(1);
        expectWithdrawn(stranger, "foo", "withdrawn");
        stranger.send(TestClient.json(FrameType.JOIN, 0, 3, "{'room':'alice/foo'}"));
        stranger.expectError(ErrorCode.ROOM_UNAVAILABLE);

        node.follow(node.store.changeAccount(BY, "alice", ANY, is -> is.withSuspended(false)));
        stranger.join("alice/foo", 4);
    }

    @Test
    void aRoomThatIsInUseIsPublicAgainWithItsAccount() throws Exception {
        node.follow(node.store.changeRules(BY, name("foo"), ANY, LiveNode::readByAll));
        LiveNode.done(node.store.createAccount(
                BY,
                new NewAccount(
                        "root",
                        new AccountSettings(Role.OPERATOR, false, Limits.NONE),
                        "y",
                        null,
                        new NewAccount.FirstKey("first", Secrets.hash("phk_root")))));
        LiveNode.done(node.store.createToken(
                BY, new NewToken("root", TokenSettings.named("root's"), List.of(), Secrets.hash("stranger"))));
        node.follow(node.store.changeAccount(BY, "alice", ANY, is -> is.withSuspended(true)));
        // A backpipe of the operator's keeps the room in use.
        TestClient service = node.dial();
        service.hello("{'version':1,'token':'phk_root','rooms':['alice/foo']}");
        TestClient stranger = node.dial();
        stranger.send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'stranger','rooms':['alice/foo']}"));
        stranger.expect(FrameType.WELCOME);
        stranger.expectError(ErrorCode.ROOM_UNAVAILABLE);

        node.follow(node.store.changeAccount(BY, "alice", ANY, is -> is.withSuspended(false)));

        stranger.join("alice/foo", 2);
    }

    @Test
    void aSuspendedAccountIsClosedWithItsTokensAndKeys() throws Exception {
        node.token("device", both("lobby"));
        LiveNode.done(node.store.createKey(BY, "alice", "service", Secrets.hash("phk_service")));
        TestClient client = node.connect("device");
        TestClient service = node.connect("phk_service");
        LiveEffect effect = node.follow(node.store.changeAccount(BY, "alice", ANY, is -> is.withSuspended(true)));
        assertThat(effect.closed()).isEqualTo(2);
        client.expectClose(CloseCode.ACCOUNT_SUSPENDED.number());
        service.expectClose(CloseCode.ACCOUNT_SUSPENDED.number());
        node.follow(node.store.changeAccount(BY, "alice", ANY, is -> is.withSuspended(false)));
        node.connect("device").expectNothing(2);
    }

    @Test
    void aDeletedAccountIsClosed() throws Exception {
        node.token("device", both("lobby"));
        TestClient client = node.connect("device");
        LiveEffect effect = node.follow(node.store.deleteAccount(BY, "alice", ANY));
        assertThat(effect.closed()).isEqualTo(1);
        client.expectClose(CloseCode.TOKEN_REVOKED.number());
        assertThat(node.router.room(name("lobby"))).isEmpty();
    }

    @Test
    void changedGrantsAndRulesHoldAtOnce() throws Exception {
        Token token = node.token("device", both("lobby"));
        TestClient client = node.connect("device");
        int lobby = client.handle("alice/lobby");
        node.follow(node.store.changeRules(
                BY,
                name("lobby"),
                ANY,
                is -> new RoomRules(4, -1, 10, 0, true, true, is.overflow(), is.envelopeOverflow())));
        client.send(TestClient.message(lobby, "12345"), TestClient.message(lobby, "1234"));
        client.expectError(ErrorCode.TOO_LARGE);
        client.expectError(ErrorCode.TEXT_ONLY);
        node.grant(token, new RoomGrant(name("lobby"), Set.of(Right.READ), true));
        assertThat(expectGranted(client, "lobby", "changed").json().get("may").toString())
                .isEqualTo("[\"read\"]");
        // The room is public by now, so that a token without a grant may still read.
        node.follow(node.store.withdraw(BY, token.id(), ANY, name("lobby")));
        client.expectNothing(2);
        node.follow(node.store.changeRules(BY, name("lobby"), ANY, is -> RoomRules.DEFAULT));
        expectWithdrawn(client, "lobby", "withdrawn");
    }

    @Test
    void aRoomThatIsGrantedAgainAfterItWasDeletedIsJoinedAgain() throws Exception {
        Token token = node.token("device", both("lobby"), both("foo"));
        TestClient client = node.connect("device");
        node.follow(node.store.deleteRoom(BY, name("foo"), ANY));
        expectWithdrawn(client, "foo", "room-deleted");
        node.room("foo");
        node.grant(token, both("foo"));
        expectGranted(client, "foo", "granted");
    }

    @Test
    void aBackpipeEndsWithItsKey() throws Exception {
        node.token("device", both("lobby"));
        ApiKey key = LiveNode.done(node.store.createKey(BY, "alice", "service", Secrets.hash("phk_service")));
        TestClient client = node.connect("device");
        TestClient service = node.connect("phk_service");
        TestClient.Received granted = service.join("lobby", 2);
        service.send(TestClient.receiptMessage(granted.room(), 3, "news"));
        service.expectReceipt(3);
        client.expectMessage("news");
        assertThat(node.router.room(name("lobby")).orElseThrow().members()).isEqualTo(1);
        LiveEffect effect = node.follow(node.store.deleteKey(BY, "alice", key.id()));
        assertThat(effect.closed()).isEqualTo(1);
        service.expectClose(CloseCode.TOKEN_REVOKED.number());
    }

    @Test
    void aTokenMakesTransientRoomsWithinItsAccountsLimit() throws Exception {
        Token token = node.token("device", both("lobby"));
        node.follow(node.store.changeAccount(BY, "alice", ANY, is -> is.withLimits(new Limits(3, 10, 10))));
        TestClient client = node.connect("device");
        client.send(TestClient.json(FrameType.JOIN, 0, 2, "{'room':'table'}"));
        client.expectError(ErrorCode.ROOM_UNAVAILABLE);
        node.follow(node.store.changeToken(BY, token.id(), ANY, is -> is.withMayCreateTransientRooms(true)));
        client.join("table", 3);
        client.send(TestClient.json(FrameType.JOIN, 0, 4, "{'room':'chair'}"));
        client.expectError(ErrorCode.TOO_MANY_ROOMS);
        // One room less in the store is one more to make.
        node.follow(node.store.deleteRoom(BY, name("foo"), ANY));
        TestClient.Received chair = client.join("chair", 5);
        client.send(TestClient.frame(FrameType.LEAVE, 0, chair.room(), 6, new byte[0]));
        expectWithdrawn(client, "chair", "left");
        node.follow(node.store.createRoom(BY, name("bar"), RoomRules.DEFAULT, Transience.NONE));
        client.send(TestClient.json(FrameType.JOIN, 0, 7, "{'room':'chair'}"));
        client.expectError(ErrorCode.TOO_MANY_ROOMS);
        node.follow(node.store.changeToken(BY, token.id(), ANY, is -> is.withMayCreateTransientRooms(false)));
        expectWithdrawn(client, "table", "withdrawn");
    }

    @Test
    void aChangeThatNeverTakesEffectIsAnsweredAsNotConfirmed() throws Exception {
        LiveEffect effect = LiveChanges.effect(new CompletableFuture<>(), System.nanoTime(), 1)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        assertThat(effect.confirmed()).isFalse();
        assertThat(effect.millis()).isPositive();
    }

    @Test
    void aLiveRoomIsDescribed() throws Exception {
        node.token("device", both("lobby"));
        assertThat(node.router.room(name("lobby"))).isEmpty();
        TestClient client = node.connect("device");
        client.send(TestClient.receiptMessage(0, 2, "one"));
        client.expectReceipt(2);
        RoomInfo info = node.router.room(name("lobby")).orElseThrow();
        assertThat(info.sequence()).isEqualTo(1);
        assertThat(info.members()).isEqualTo(1);
        assertThat(info.name()).isEqualTo(name("lobby"));
    }
}
