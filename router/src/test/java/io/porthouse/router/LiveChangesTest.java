package io.porthouse.router;

import static io.porthouse.router.RouterHarness.ACCOUNT;
import static io.porthouse.router.RouterHarness.READ_WRITE;
import static io.porthouse.router.RouterHarness.SECRET;
import static io.porthouse.router.RouterHarness.TOKEN_ID;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an owner changes reaches the live clients at once, and without their asking. */
final class LiveChangesTest {

    private static final Grant LOBBY = new Grant(ACCOUNT, "lobby", false, READ_WRITE, true);
    private static final Grant FOO = new Grant(ACCOUNT, "foo", false, READ_WRITE, true);

    private static Refreshed refresh(RouterHarness harness) throws Exception {
        return harness.refreshToken(TOKEN_ID);
    }

    private static void refresh(RouterHarness harness, RoomName room) throws Exception {
        harness.refreshRoom(room);
    }

    private static void remove(RouterHarness harness) {
        harness.tokens.remove(MemoryTokenSource.secretHash(SECRET));
    }

    @Test
    void aGrantedRoomArrivesUnaskedAndThenItsNextMessage() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            harness.put("another-token-0123456789", new TokenState("other", ACCOUNT, List.of(FOO), 10, null, false));
            harness.grant(LOBBY);
            TestClient client = harness.connect();
            TestClient publisher = harness.dial();
            publisher.hello("another-token-0123456789", "foo");

            harness.grant(LOBBY, FOO);
            assertThat(refresh(harness)).isEqualTo(new Refreshed(1, 0, true));

            TestClient.Received granted = client.expect(FrameType.GRANTED);
            assertThat(granted.json().get("room").asText()).isEqualTo("acme/foo");
            assertThat(granted.json().get("reason").asText()).isEqualTo("granted");
            assertThat(granted.sequence()).isZero();
            publisher.send(TestClient.message(publisher.handle("acme/foo"), "after the grant"));
            client.expectMessage("after the grant");
        }
    }

    @Test
    void aDeletedTokenDropsAllItsClientsAndLetsNobodyIn() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            List<TestClient> clients = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                clients.add(harness.connect());
            }
            remove(harness);
            assertThat(refresh(harness)).isEqualTo(new Refreshed(20, 20, true));
            for (TestClient client : clients) {
                client.expectClose(CloseCode.TOKEN_REVOKED.number());
            }
            TestClient late = harness.dial();
            late.send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + SECRET + "'}"));
            late.expectClose(CloseCode.TOKEN_UNKNOWN.number());
        }
    }

    @Test
    void nothingOfAWithdrawnRoomFollowsWithdrawn() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            harness.put("another-token-0123456789", new TokenState("other", ACCOUNT, List.of(FOO), 10, null, false));
            harness.grant(LOBBY, FOO);
            TestClient client = harness.connect();
            TestClient publisher = harness.dial();
            publisher.hello("another-token-0123456789", "foo");
            int foo = publisher.handle("acme/foo");
            for (int i = 0; i < 100; i++) {
                publisher.send(TestClient.message(foo, "before " + i));
            }
            harness.grant(LOBBY);
            assertThat(refresh(harness).sessions()).isEqualTo(1);
            for (int i = 0; i < 100; i++) {
                publisher.send(TestClient.message(foo, "after " + i));
            }
            TestClient.Received received = client.receive();
            while (received.type() == FrameType.ENVELOPE) {
                assertThat(received.text()).startsWith("before ");
                received = client.receive();
            }
            assertThat(received.type()).isEqualTo(FrameType.WITHDRAWN);
            assertThat(received.json().get("reason").asText()).isEqualTo("withdrawn");
            client.expectNothing(2);
            client.send(TestClient.message(foo, "not any more"));
            client.expectError(ErrorCode.NOT_HELD);
        }
    }

    @Test
    void changedRightsAreAnnouncedAndHold() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            harness.grant(LOBBY);
            TestClient client = harness.connect();
            harness.grant(new Grant(ACCOUNT, "lobby", false, Set.of(Right.READ), true));
            refresh(harness);
            TestClient.Received changed = client.expect(FrameType.GRANTED);
            assertThat(changed.json().get("reason").asText()).isEqualTo("changed");
            assertThat(changed.json().get("may")).hasSize(1);
            client.send(TestClient.message(changed.room(), "may I?"));
            client.expectError(ErrorCode.MAY_NOT_WRITE);
        }
    }

    @Test
    void aRoomThatTheClientLeftStaysLeft() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            harness.grant(LOBBY);
            TestClient client = harness.connect();
            client.send(TestClient.frame(FrameType.LEAVE, 0, client.handle("acme/lobby"), 2, new byte[0]));
            client.expect(FrameType.WITHDRAWN);
            harness.grant(LOBBY, FOO);
            refresh(harness);
            assertThat(client.expect(FrameType.GRANTED).json().get("room").asText())
                    .isEqualTo("acme/foo");
            client.expectNothing(3);
        }
    }

    @Test
    void aRotatedSecretClosesTheOldSessionsAndServesTheNewSecret() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient old = harness.connect();
            remove(harness);
            harness.put("rotated-token-0123456789", new TokenState(TOKEN_ID, ACCOUNT, List.of(LOBBY), 10, null, false));
            assertThat(refresh(harness).closed()).isEqualTo(1);
            old.expectClose(CloseCode.TOKEN_REVOKED.number());
            TestClient renewed = harness.dial();
            renewed.hello("rotated-token-0123456789", "lobby");
            renewed.expectNothing(2);
        }
    }

    @Test
    void aLoweredMaxConnectionsClosesTheNewest() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient first = harness.connect();
            TestClient second = harness.connect();
            TestClient third = harness.connect();
            harness.put(SECRET, new TokenState(TOKEN_ID, ACCOUNT, List.of(LOBBY), 1, null, false));
            assertThat(refresh(harness)).isEqualTo(new Refreshed(3, 2, true));
            second.expectClose(CloseCode.TOO_MANY_CONNECTIONS.number());
            third.expectClose(CloseCode.TOO_MANY_CONNECTIONS.number());
            first.expectNothing(2);
        }
    }

    @Test
    void aSuspendedAccountIsClosed() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient client = harness.connect();
            harness.put(SECRET, new TokenState(TOKEN_ID, ACCOUNT, List.of(LOBBY), 10, null, true));
            Refreshed refreshed =
                    harness.router.refreshAccount(ACCOUNT).toCompletableFuture().get(60, TimeUnit.SECONDS);
            assertThat(refreshed.closed()).isEqualTo(1);
            client.expectClose(CloseCode.ACCOUNT_SUSPENDED.number());
        }
    }

    @Test
    void aDeletedRoomIsWithdrawnFromEveryMember() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient first = harness.connect("lobby");
            TestClient second = harness.connect("lobby");
            RoomName lobby = new RoomName(ACCOUNT, "lobby");
            harness.tokens.deleteRoom(lobby);
            refresh(harness, lobby);
            for (TestClient member : List.of(first, second)) {
                TestClient.Received withdrawn = member.expect(FrameType.WITHDRAWN);
                assertThat(withdrawn.json().get("reason").asText()).isEqualTo("room-deleted");
            }
            first.send(TestClient.json(FrameType.JOIN, 0, 2, "{'room':'lobby'}"));
            first.expectError(ErrorCode.ROOM_UNAVAILABLE);
            harness.tokens.putRoom(lobby, RoomRules.DEFAULT);
            TestClient.Received granted = first.join("lobby", 3);
            assertThat(granted.json().get("sequence").asLong()).isZero();
        }
    }

    @Test
    void aPublicRoomThatBecomesPrivateIsWithdrawnFromStrangers() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            RoomName square = new RoomName("town", "square");
            harness.tokens.putRoom(square, TestRules.with(rules -> rules.isPublic = true));
            TestClient stranger = harness.connect("lobby");
            TestClient.Received granted = stranger.join("town/square", 2);
            assertThat(granted.json().get("may").toString()).isEqualTo("[\"read\"]");
            harness.tokens.putRoom(square, RoomRules.DEFAULT);
            refresh(harness, square);
            assertThat(stranger.expect(FrameType.WITHDRAWN).json().get("reason").asText())
                    .isEqualTo("withdrawn");
        }
    }

    @Test
    void changedRulesHoldForLivePublishers() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient publisher = harness.connect("lobby");
            TestClient member = harness.connect("lobby");
            int lobby = publisher.handle("acme/lobby");
            publisher.send(TestClient.message(lobby, "12345"));
            member.expectMessage("12345");
            RoomName name = new RoomName(ACCOUNT, "lobby");
            harness.tokens.putRoom(name, TestRules.with(rules -> rules.maxMessageBytes = 4));
            refresh(harness, name);
            publisher.send(TestClient.message(lobby, "12345"), TestClient.message(lobby, "1234"));
            publisher.expectError(ErrorCode.TOO_LARGE);
            member.expectMessage("1234");
        }
    }

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void connectRacingRevokeLeavesNoSessionOfAGoneToken() throws Exception {
        Random random = new Random();
        try (RouterHarness harness = new RouterHarness()) {
            for (int round = 0; round < 10_000; round++) {
                harness.grant(LOBBY);
                TestClient client = harness.dial();
                client.send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + SECRET + "'}"));
                // So that the revocation finds the connection in each of its stages.
                LockSupport.parkNanos(random.nextInt(200_000));
                remove(harness);
                refresh(harness);
                // Whatever the race decided, the client ends: welcomed and revoked, or never known.
                TestClient.Received received = client.receive();
                while (received.type() != FrameType.CLOSE) {
                    received = client.receive();
                }
                assertThat(received.json().get("code").asInt())
                        .isIn(CloseCode.TOKEN_REVOKED.number(), CloseCode.TOKEN_UNKNOWN.number());
                client.close();
            }
        }
    }
}
