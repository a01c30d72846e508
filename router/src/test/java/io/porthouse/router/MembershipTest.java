package io.porthouse.router;

import static io.porthouse.router.RouterHarness.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import org.junit.jupiter.api.Test;

/** Joining and leaving: each is a cut in the room's order. */
final class MembershipTest {

    private static byte[] join(String room, long correlation, String more) {
        return TestClient.json(FrameType.JOIN, 0, correlation, "{'room':'" + room + "'" + more + "}");
    }

    private static byte[] leave(int room, long correlation) {
        return TestClient.frame(FrameType.LEAVE, 0, room, correlation, new byte[0]);
    }

    @Test
    void whoJoinsGetsExactlyWhatIsNumberedAboveItsGrant() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient publisher = harness.connect("lobby");
            int lobby = publisher.handle("acme/lobby");
            for (int i = 1; i <= 3; i++) {
                publisher.send(TestClient.message(lobby, "message " + i));
            }
            publisher.expectNothing(2);
            TestClient late = harness.dial();
            late.send(
                    TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + SECRET + "','rooms':['lobby']}"));
            late.expect(FrameType.WELCOME);
            assertThat(late.expect(FrameType.GRANTED).json().get("sequence").asLong())
                    .isEqualTo(3);
            publisher.send(TestClient.message(lobby, "message 4"));
            assertThat(late.expectMessage("message 4").sequence()).isEqualTo(4);
        }
    }

    @Test
    void nothingFollowsWithdrawn() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient publisher = harness.connect("lobby");
            TestClient member = harness.connect("lobby");
            int lobby = publisher.handle("acme/lobby");
            publisher.send(TestClient.message(lobby, "before"));
            member.expectMessage("before");
            member.send(leave(lobby, 2));
            TestClient.Received withdrawn = member.expect(FrameType.WITHDRAWN);
            assertThat(withdrawn.sequence()).isEqualTo(2);
            assertThat(withdrawn.room()).isEqualTo(lobby);
            assertThat(withdrawn.json().get("reason").asText()).isEqualTo("left");
            publisher.send(TestClient.message(lobby, "after"));
            publisher.expectNothing(2);
            member.expectNothing(3);
        }
    }

    @Test
    void whoComesBackMissesOnlyWhatWasSentInBetween() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient publisher = harness.connect("lobby");
            TestClient member = harness.connect("lobby");
            int lobby = publisher.handle("acme/lobby");
            member.send(leave(lobby, 2));
            member.expect(FrameType.WITHDRAWN);
            publisher.send(TestClient.message(lobby, "missed"));
            publisher.expectNothing(2);
            assertThat(member.join("lobby", 3).json().get("sequence").asLong()).isEqualTo(1);
            publisher.send(TestClient.message(lobby, "seen"));
            assertThat(member.expectMessage("seen").sequence()).isEqualTo(2);
        }
    }

    @Test
    void aRoomThatIsHeldIsGrantedAgainWithItsPresentSequence() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient publisher = harness.connect("lobby");
            TestClient member = harness.connect("lobby");
            publisher.send(TestClient.message(publisher.handle("acme/lobby"), "one"));
            member.expectMessage("one");
            TestClient.Received again = member.join("acme/lobby", 2);
            assertThat(again.json().get("sequence").asLong()).isEqualTo(1);
            assertThat(again.json().get("reason").asText()).isEqualTo("join");
            publisher.send(TestClient.message(publisher.handle("acme/lobby"), "two"));
            member.expectMessage("two");
            member.expectNothing(3);
        }
    }

    @Test
    void receivingStopsAndStartsAtACut() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient publisher = harness.connect("lobby");
            TestClient member = harness.connect("lobby");
            int lobby = publisher.handle("acme/lobby");
            member.send(join("lobby", 2, ",'receive':false"));
            member.expect(FrameType.GRANTED);
            publisher.send(TestClient.message(lobby, "unheard"));
            publisher.expectNothing(2);
            member.expectNothing(3);
            member.send(join("lobby", 4, ",'receive':true"));
            assertThat(member.expect(FrameType.GRANTED).json().get("sequence").asLong())
                    .isEqualTo(1);
            publisher.send(TestClient.message(lobby, "heard"));
            member.expectMessage("heard");
        }
    }

    @Test
    void aRoomsLifeEndsWithItsLastMember() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient client = harness.connect("lobby");
            int first = client.handle("acme/lobby");
            TestClient other = harness.connect("r1");
            other.send(leave(other.handle("acme/r1"), 2));
            other.expect(FrameType.WITHDRAWN);
            client.send(TestClient.message(first, "one"), leave(first, 2));
            client.expect(FrameType.WITHDRAWN);
            assertThat(harness.gauge("porthouse.rooms")).isZero();
            TestClient.Received next = client.join("lobby", 3);
            assertThat(next.room()).isNotEqualTo(first);
            assertThat(next.json().get("sequence").asLong()).isZero();
            client.send(TestClient.message(first, "to the old life"));
            client.expectError(ErrorCode.NOT_HELD);
        }
    }

    @Test
    void twoLivesOfARoomHaveTwoEpochs() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient client = harness.dial();
            client.send(
                    TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + SECRET + "','rooms':['lobby']}"));
            client.expect(FrameType.WELCOME);
            TestClient.Received first = client.expect(FrameType.GRANTED);
            client.send(leave(first.room(), 2));
            client.expect(FrameType.WITHDRAWN);
            TestClient.Received second = client.join("lobby", 3);
            assertThat(second.json().get("epoch")).isNotEqualTo(first.json().get("epoch"));
        }
    }

    @Test
    void aMisnamedAndAForeignRoomGetTheSameAnswer() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient client = harness.connect("lobby");
            long correlation = 2;
            for (String room : new String[] {"no such name", "a/b/c", "", "other/lobby", "/", "x".repeat(65)}) {
                client.send(join(room, correlation, ""));
                TestClient.Received error = client.expectError(ErrorCode.ROOM_UNAVAILABLE);
                assertThat(error.sequence()).isEqualTo(correlation++);
                assertThat(error.json().get("room").asText()).isEqualTo(room);
            }
            assertThat(harness.gauge("porthouse.rooms")).isEqualTo(1);
        }
    }

    @Test
    void aMalformedJoinIsRefusedAndTheConnectionStays() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient client = harness.connect("lobby");
            long correlation = 2;
            for (String body : new String[] {"", "null", "[]", "{}", "{'room':7}", "{'room':null}", "{'room':'a'"}) {
                client.send(TestClient.json(FrameType.JOIN, 0, correlation, body));
                assertThat(client.expectError(ErrorCode.MALFORMED_BODY).sequence())
                        .isEqualTo(correlation++);
            }
            client.expectNothing(correlation);
        }
    }

    @Test
    void leavingWhatIsNotHeldIsRefused() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient client = harness.connect("lobby");
            client.send(leave(0, 2));
            client.expectError(ErrorCode.NOT_HELD);
            client.send(leave(4711, 3));
            assertThat(client.expectError(ErrorCode.NOT_HELD).room()).isEqualTo(4711);
        }
    }

    @Test
    void aSessionHoldsOnlySoManyRooms() throws Exception {
        try (RouterHarness harness =
                new RouterHarness(new TestSettings().roomsPerSession(3).build())) {
            TestClient client = harness.connect("a", "b", "c");
            client.send(join("d", 2, ""));
            client.expectError(ErrorCode.TOO_MANY_ROOMS);
            client.join("c", 3);
            client.send(leave(client.handle("acme/a"), 4));
            client.expect(FrameType.WITHDRAWN);
            client.join("d", 5);
        }
    }

    @Test
    void aFullRoomRefusesAndTakesTheNextWhenAMemberGoes() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            harness.tokens.putRoom(
                    new RoomName(RouterHarness.ACCOUNT, "lobby"), TestRules.with(rules -> rules.maxMembers = 2));
            TestClient first = harness.connect("lobby");
            harness.connect("lobby");
            TestClient third = harness.connect("elsewhere");
            third.send(join("lobby", 2, ""));
            third.expectError(ErrorCode.ROOM_FULL);
            first.send(leave(first.handle("acme/lobby"), 2));
            first.expect(FrameType.WITHDRAWN);
            third.join("lobby", 3);
        }
    }
}
