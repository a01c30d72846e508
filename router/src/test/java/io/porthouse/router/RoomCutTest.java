package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.TestClient.Received;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memberships begin and end at one place in the room's order, while somebody publishes all the time. */
final class RoomCutTest {

    private static final String MEMBER_SECRET = "member-token-0123456789";
    private static final int ROUNDS = 60;

    private RouterHarness harness;
    private TestClient publisher;
    private Background publishing;
    private final AtomicBoolean enough = new AtomicBoolean();

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness();
        publisher = harness.dial();
        publisher.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['one'],'receive':false}");
        byte[] message = TestClient.message(publisher.handle("acme/one"), "on and on");
        publishing = Background.start(() -> {
            long correlation = 1;
            while (!enough.get()) {
                publisher.send(message, message, message, TestClient.ping(++correlation));
                publisher.expect(FrameType.PONG);
            }
        });
    }

    @AfterEach
    void stop() throws Exception {
        enough.set(true);
        publishing.join();
        harness.close();
    }

    private void grantMember(String... rooms) {
        List<Grant> grants = List.of(rooms).stream()
                .map(name -> new Grant(RouterHarness.ACCOUNT, name, false, RouterHarness.READ_WRITE, true))
                .toList();
        harness.put(MEMBER_SECRET, new TokenState("member", RouterHarness.ACCOUNT, grants, 10, null, false));
    }

    private TestClient connectMember(boolean sameLoop) throws Exception {
        if (sameLoop) {
            harness.connect("elsewhere");
        }
        grantMember("two");
        TestClient member = harness.dial();
        member.hello(MEMBER_SECRET, "two");
        return member;
    }

    /** Takes some messages, which must follow GRANTED without a hole; returns the number of the last one. */
    private static long takeMessages(TestClient member, Received granted) throws Exception {
        long sequence = granted.json().get("sequence").asLong();
        for (int i = 0; i < 5; i++) {
            Received message = member.expect(FrameType.ENVELOPE);
            assertThat(message.room()).isEqualTo(granted.room());
            assertThat(message.sequence()).isEqualTo(++sequence);
        }
        return sequence;
    }

    /** Takes what is left up to WITHDRAWN, without a hole, and proves that nothing follows. */
    private static void takeUntilWithdrawn(TestClient member, long last, long correlation) throws Exception {
        long sequence = last;
        Received received = member.receive();
        for (; received.type() == FrameType.ENVELOPE; received = member.receive()) {
            assertThat(received.sequence()).isEqualTo(++sequence);
        }
        assertThat(FrameType.name(received.type())).isEqualTo("WITHDRAWN");
        member.expectNothing(correlation);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoJoinsAndLeavesGetsExactlyWhatLiesBetween(boolean sameLoop) throws Exception {
        TestClient member = connectMember(sameLoop);
        grantMember("one", "two");
        harness.refreshToken("member");
        Received granted = member.expect(FrameType.GRANTED);
        long correlation = 1;
        for (int round = 0; round < ROUNDS; round++) {
            long last = takeMessages(member, granted);
            member.send(TestClient.frame(FrameType.LEAVE, 0, granted.room(), ++correlation, new byte[0]));
            takeUntilWithdrawn(member, last, ++correlation);
            granted = member.join("one", ++correlation);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoIsGrantedAndWithdrawnARoomGetsExactlyWhatLiesBetween(boolean sameLoop) throws Exception {
        TestClient member = connectMember(sameLoop);
        for (int round = 0; round < ROUNDS; round++) {
            grantMember("one", "two");
            harness.refreshToken("member");
            long last = takeMessages(member, member.expect(FrameType.GRANTED));
            grantMember("two");
            harness.refreshToken("member");
            takeUntilWithdrawn(member, last, round + 2);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoStopsAndStartsReceivingGetsExactlyWhatLiesAbove(boolean sameLoop) throws Exception {
        TestClient member = connectMember(sameLoop);
        grantMember("one", "two");
        harness.refreshToken("member");
        Received granted = member.expect(FrameType.GRANTED);
        long correlation = 1;
        for (int round = 0; round < ROUNDS; round++) {
            long last = takeMessages(member, granted);
            member.send(TestClient.json(FrameType.JOIN, 0, ++correlation, "{'room':'one','receive':false}"));
            Received received = member.receive();
            for (; received.type() == FrameType.ENVELOPE; received = member.receive()) {
                assertThat(received.sequence()).isEqualTo(++last);
            }
            assertThat(received.json().get("sequence").asLong()).isEqualTo(last);
            member.expectNothing(++correlation);
            member.send(TestClient.json(FrameType.JOIN, 0, ++correlation, "{'room':'one','receive':true}"));
            granted = member.expect(FrameType.GRANTED);
        }
    }

    @Test
    void aRoomThatIsDeletedUnderItsMembersEndsForAllAtOnePlace() throws Exception {
        RoomName three = new RoomName(RouterHarness.ACCOUNT, "three");
        List<TestClient> members = List.of(harness.connect("three"), harness.connect("three"));
        TestClient sender = harness.connect("three");
        int room = sender.handle("acme/three");
        for (int i = 0; i < 1000; i++) {
            sender.send(TestClient.message(room, "before"));
        }
        harness.tokens.deleteRoom(three);
        CompletableFuture<Refreshed> deleted =
                harness.router.refreshRooms(List.of(three)).toCompletableFuture();
        long[] last = new long[2];
        for (int i = 0; i < 2; i++) {
            Received received = members.get(i).receive();
            for (;
                    received.type() == FrameType.ENVELOPE;
                    received = members.get(i).receive()) {
                assertThat(received.sequence()).isEqualTo(++last[i]);
            }
            assertThat(received.json().get("reason").asText()).isEqualTo("room-deleted");
        }
        assertThat(last[0]).isEqualTo(last[1]);
        deleted.get(60, TimeUnit.SECONDS);
    }

    // ---- members who do not receive

    @Test
    void whoDoesNotReceiveCountsAsAMember() throws Exception {
        harness.tokens.putRoom(
                new RoomName(RouterHarness.ACCOUNT, "four"), TestRules.with(rules -> rules.maxMembers = 1));
        TestClient quiet = harness.dial();
        quiet.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['four'],'receive':false}");
        TestClient other = harness.connect("elsewhere");
        other.send(TestClient.json(FrameType.JOIN, 0, 2, "{'room':'four'}"));
        other.expectError(ErrorCode.ROOM_FULL);
    }

    @Test
    void whoDoesNotReceiveKeepsTheRoom() throws Exception {
        TestClient quiet = harness.dial();
        quiet.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['four'],'receive':false}");
        TestClient other = harness.connect("four");
        int room = other.handle("acme/four");
        other.send(TestClient.message(room, "one"), TestClient.frame(FrameType.LEAVE, 0, room, 2, new byte[0]));
        other.expect(FrameType.WITHDRAWN);
        Received again = other.join("four", 3);
        assertThat(again.room()).isEqualTo(room);
        assertThat(again.json().get("sequence").asLong()).isEqualTo(1);
    }

    @Test
    void theReceivingOfAJoinBeatsThatOfHello() throws Exception {
        TestClient member = harness.dial();
        member.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':[],'receive':false}");
        member.send(TestClient.json(FrameType.JOIN, 0, 2, "{'room':'four','receive':true}"));
        member.expect(FrameType.GRANTED);
        TestClient other = harness.connect("four");
        other.send(TestClient.message(other.handle("acme/four"), "heard"));
        member.expectMessage("heard");
    }
}
