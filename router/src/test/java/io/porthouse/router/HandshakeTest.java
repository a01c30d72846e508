package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.router.TestClient.Received;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** HELLO that is taken: WELCOME, the answers to its rooms, the default room, and what the rest of it means. */
final class HandshakeTest {

    private static final String TOKEN = "'version':1,'token':'" + RouterHarness.SECRET + "'";
    private static final long HELLO = 1;

    private RouterHarness harness;

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness(new TestSettings().roomsPerSession(8).build());
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    private static byte[] hello(String fields) {
        return TestClient.json(FrameType.HELLO, 0, HELLO, "{" + TOKEN + fields + "}");
    }

    /** Sends HELLO, takes WELCOME and the answers to the rooms, and returns them by the room that they name. */
    private static Map<String, Received> answers(TestClient client, String fields) throws Exception {
        client.send(hello(fields));
        int rooms = client.expect(FrameType.WELCOME).json().get("rooms").asInt();
        Map<String, Received> answers = new HashMap<>();
        for (int i = 0; i < rooms; i++) {
            Received answer = client.receive();
            assertThat(answer.sequence()).as("%s", answer).isEqualTo(HELLO);
            answers.put(answer.json().get("room").asText(), answer);
        }
        client.expectNothing(HELLO + 1);
        return answers;
    }

    private static int codeOf(Received answer) {
        assertThat(FrameType.name(answer.type())).as("%s", answer).isEqualTo("ERROR");
        return answer.json().get("code").asInt();
    }

    private static void assertGranted(Received answer) {
        assertThat(FrameType.name(answer.type())).as("%s", answer).isEqualTo("GRANTED");
        assertThat(answer.json().get("reason").asText()).isEqualTo("join");
    }

    // ---- WELCOME

    @Test
    void welcomeTellsWhoAndWhereTheSessionIsAndWhatItMayDo() throws Exception {
        Received welcome = harness.dial().hello("{" + TOKEN + "}");
        JsonNode body = welcome.json();
        assertThat(welcome.sequence()).isEqualTo(HELLO);
        assertThat(welcome.room()).isZero();
        assertThat(welcome.node()).isZero();
        assertThat(welcome.origin()).isNotZero();
        assertThat(body.get("session").asText()).isNotEmpty();
        assertThat(body.get("node").asText()).isEqualTo("local");
        assertThat(body.get("account").asText()).isEqualTo(RouterHarness.ACCOUNT);
        assertThat(body.get("token").asText()).isEqualTo(RouterHarness.TOKEN_ID);
        assertThat(body.get("heartbeat").asInt()).isEqualTo(30);
        assertThat(body.get("maxFrame").asInt()).isEqualTo(2 << 20);
        assertThat(body.get("maxOpenEnvelopes").asInt()).isEqualTo(64);
        assertThat(body.get("rooms").asInt()).isEqualTo(1);
    }

    @Test
    void welcomeDoesNotRepeatTheSecret() throws Exception {
        assertThat(harness.dial().hello("{" + TOKEN + "}").text()).doesNotContain(RouterHarness.SECRET);
    }

    @Test
    void everySessionHasAHandleOfItsOwnEvenAfterOthersHaveGone() throws Exception {
        TestClient first = harness.connect();
        TestClient second = harness.connect();
        first.close();
        harness.awaitGauge("porthouse.connections", 1);
        TestClient third = harness.connect();
        assertThat(Set.of(first.origin(), second.origin(), third.origin())).hasSize(3);
    }

    @Test
    void helloMayComeByteByByte() throws Exception {
        TestClient client = harness.dial();
        client.sendBytewise(hello(""));
        client.expect(FrameType.WELCOME);
        client.expect(FrameType.GRANTED);
    }

    // ---- rooms

    @Test
    void withoutRoomsTheSessionJoinsWhatItsTokenAutoJoins() throws Exception {
        Map<String, Received> answers = answers(harness.dial(), "");
        assertThat(answers).containsOnlyKeys("acme/lobby");
        assertGranted(answers.get("acme/lobby"));
    }

    @Test
    void anEmptyListOfRoomsJoinsNone() throws Exception {
        assertThat(answers(harness.dial(), ",'rooms':[]")).isEmpty();
    }

    @Test
    void grantedTellsRightsAndTheRoomsPresent() throws Exception {
        Received granted = answers(harness.dial(), ",'rooms':['lobby']").get("acme/lobby");
        assertThat(granted.room()).isNotZero();
        assertThat(granted.json().get("may")).extracting(JsonNode::asText).containsExactly("read", "write");
        assertThat(granted.json().get("epoch").asText()).isNotEmpty();
        assertThat(granted.json().get("sequence").asLong(-1)).isZero();
    }

    @Test
    void eachRoomIsAnsweredByItselfWhateverBecomesOfTheOthers() throws Exception {
        Map<String, Received> answers = answers(harness.dial(), ",'rooms':['one','other/two','no room','two']");
        assertGranted(answers.get("acme/one"));
        assertThat(codeOf(answers.get("other/two"))).isEqualTo(ErrorCode.ROOM_UNAVAILABLE.number());
        assertThat(codeOf(answers.get("no room"))).isEqualTo(ErrorCode.ROOM_UNAVAILABLE.number());
        assertGranted(answers.get("acme/two"));
    }

    @Test
    void aRoomThatIsNamedTwiceIsAnsweredOnce() throws Exception {
        assertThat(answers(harness.dial(), ",'rooms':['lobby','acme/lobby','lobby']"))
                .containsOnlyKeys("acme/lobby");
    }

    @Test
    void roomsBeyondTheLimitAreRefused() throws Exception {
        Map<String, Received> answers =
                answers(harness.dial(), ",'rooms':['r1','r2','r3','r4','r5','r6','r7','r8','r9']");
        assertThat(answers).hasSize(9);
        assertThat(codeOf(answers.get("acme/r9"))).isEqualTo(ErrorCode.TOO_MANY_ROOMS.number());
        for (int i = 1; i <= 8; i++) {
            assertGranted(answers.get("acme/r" + i));
        }
    }

    // ---- the default room

    /** Sends a message to room 0 that asks for a receipt, and returns the answer. */
    private static Received publishToDefault(TestClient client, long correlation) throws Exception {
        return client.send(TestClient.receiptMessage(0, correlation, "hi")).receive();
    }

    private static void assertDefault(Received answer, int room) {
        assertThat(FrameType.name(answer.type())).as("%s", answer).isEqualTo("RECEIPT");
        assertThat(answer.room()).isEqualTo(room);
    }

    private static void assertNoDefault(Received answer) {
        assertThat(codeOf(answer)).isEqualTo(ErrorCode.NOT_HELD.number());
    }

    @Test
    void theDefaultRoomIsTheOneThatHelloNames() throws Exception {
        TestClient client = harness.dial();
        Map<String, Received> answers = answers(client, ",'rooms':['one','two'],'default':'two'");
        assertDefault(publishToDefault(client, 3), answers.get("acme/two").room());
    }

    @Test
    void theNamedDefaultRoomIsJoinedTooIfRoomsLackIt() throws Exception {
        TestClient client = harness.dial();
        Map<String, Received> answers = answers(client, ",'rooms':['one'],'default':'two'");
        assertThat(answers).containsOnlyKeys("acme/one", "acme/two");
        assertDefault(publishToDefault(client, 3), answers.get("acme/two").room());
    }

    @Test
    void otherwiseTheDefaultRoomIsTheOnlyOneHeldWithWrite() throws Exception {
        harness.grant(
                new Grant(RouterHarness.ACCOUNT, "news", false, Set.of(Right.READ), false),
                new Grant(RouterHarness.ACCOUNT, "talk", false, Set.of(Right.READ, Right.WRITE), false));
        TestClient client = harness.dial();
        Map<String, Received> answers = answers(client, ",'rooms':['news','talk']");
        assertDefault(publishToDefault(client, 3), answers.get("acme/talk").room());
    }

    @Test
    void thereIsNoDefaultRoomAmongTwo() throws Exception {
        TestClient client = harness.dial();
        answers(client, ",'rooms':['one','two']");
        assertNoDefault(publishToDefault(client, 3));
    }

    @Test
    void thereIsNoDefaultRoomIfTheNamedOneIsRefused() throws Exception {
        TestClient client = harness.dial();
        Map<String, Received> answers = answers(client, ",'rooms':['one'],'default':'other/two'");
        assertThat(codeOf(answers.get("other/two"))).isEqualTo(ErrorCode.ROOM_UNAVAILABLE.number());
        assertNoDefault(publishToDefault(client, 3));
    }

    @Test
    void aLaterJoinDoesNotMakeADefaultRoom() throws Exception {
        TestClient client = harness.dial();
        answers(client, ",'rooms':[]");
        client.join("one", 3);
        assertNoDefault(publishToDefault(client, 4));
    }

    @Test
    void aLaterJoinDoesNotMoveTheDefaultRoom() throws Exception {
        TestClient client = harness.dial();
        Map<String, Received> answers = answers(client, ",'rooms':['one']");
        client.join("two", 3);
        assertDefault(publishToDefault(client, 4), answers.get("acme/one").room());
    }

    @Test
    void theDefaultRoomGoesWithItsMembership() throws Exception {
        TestClient client = harness.dial();
        Map<String, Received> answers = answers(client, ",'rooms':['one']");
        client.send(TestClient.frame(FrameType.LEAVE, 0, answers.get("acme/one").room(), 3, new byte[0]));
        client.expect(FrameType.WITHDRAWN);
        assertNoDefault(publishToDefault(client, 4));
    }

    // ---- echo and receive

    @Test
    void withoutEchoOnesOwnMessagesDoNotComeBack() throws Exception {
        TestClient client = harness.dial();
        TestClient other = harness.connect("one");
        answers(client, ",'rooms':['one']");
        client.send(TestClient.message(0, "mine"));
        other.expectMessage("mine");
        other.send(TestClient.message(0, "theirs"));
        client.expectMessage("theirs");
    }

    @Test
    void withEchoOnesOwnMessagesComeBackNumberedByTheRoom() throws Exception {
        TestClient client = harness.dial();
        answers(client, ",'rooms':['one'],'echo':true");
        client.send(TestClient.message(0, "mine"), TestClient.message(0, "again"));
        assertThat(client.expectMessage("mine").sequence()).isEqualTo(1);
        assertThat(client.expectMessage("again").sequence()).isEqualTo(2);
    }

    @Test
    void whoDoesNotReceiveStillPublishes() throws Exception {
        TestClient quiet = harness.dial();
        TestClient other = harness.connect("one");
        answers(quiet, ",'rooms':['one'],'receive':false");
        quiet.send(TestClient.message(0, "news"));
        other.expectMessage("news");
    }

    @Test
    void whoDoesNotReceiveGetsNoMessageOfAnyLaterRoomEither() throws Exception {
        TestClient quiet = harness.dial();
        TestClient other = harness.connect("one", "two");
        answers(quiet, ",'rooms':['one'],'receive':false");
        quiet.join("two", 3);
        for (String room : List.of("acme/one", "acme/two")) {
            long correlation = other.handle(room) + 100L;
            other.send(TestClient.receiptMessage(other.handle(room), correlation, "unheard"));
            assertThat(other.expectReceipt(correlation).buffer().getInt(8))
                    .as("recipients")
                    .isZero();
        }
        quiet.expectNothing(4);
    }

    // ---- what follows HELLO

    @Test
    void whatFollowsHelloIsRoutedAfterItsAnswers() throws Exception {
        TestClient other = harness.connect("one");
        TestClient client = harness.dial();
        client.send(TestClient.concat(
                hello(",'rooms':['one','two'],'default':'one'"),
                TestClient.receiptMessage(0, 2, "early"),
                TestClient.ping(3)));
        client.expect(FrameType.WELCOME);
        client.expect(FrameType.GRANTED);
        client.expect(FrameType.GRANTED);
        client.seek(FrameType.PONG);
        other.expectMessage("early");
    }

    @Test
    void whatFollowsHelloMayEndTheConnection() throws Exception {
        TestClient other = harness.connect("one");
        TestClient client = harness.dial();
        client.send(TestClient.concat(hello(",'rooms':['one']"), TestClient.receiptMessage(0, 2, "last words")));
        client.shutOutput();
        client.expect(FrameType.WELCOME);
        client.expect(FrameType.GRANTED);
        client.expectReceipt(2);
        client.expectEnd();
        other.expectMessage("last words");
    }

    @Test
    void whatFollowsHelloIsNotReadWhileTheTokenIsRead() throws Exception {
        AtomicReference<ManualTokenSource> source = new AtomicReference<>();
        try (RouterHarness slow = new RouterHarness(RouterHarness.settings(), name -> RoomRules.DEFAULT, tokens -> {
            source.set(new ManualTokenSource(tokens));
            return source.get();
        })) {
            TestClient member = slow.connect("one");
            TestClient sameLoop = slow.connect("one");
            slow.connect("one");
            slow.tokens.put(MemoryTokenSource.secretHash("another-token-0123456789"), anotherToken());
            source.get().holdTokens();
            TestClient client = slow.dial();
            client.send(TestClient.json(
                    FrameType.HELLO, 0, 1, "{'version':1,'token':'another-token-0123456789','rooms':['one']}"));
            ManualTokenSource.Read<?> read = source.get().takeTokenRead();
            client.send(TestClient.frame(FrameType.ENVELOPE, 0, 0, 0, new byte[1 << 20]));
            // The loop has been at its sockets in between.
            sameLoop.expectNothing(2);
            sameLoop.expectNothing(3);
            assertThat(slow.router.usedBytes()).isLessThan(256 << 10);
            read.answer();
            assertThat(member.expect(FrameType.ENVELOPE).body()).hasSize(1 << 20);
        }
    }

    private static TokenState anotherToken() {
        Grant one = new Grant(RouterHarness.ACCOUNT, "one", false, RouterHarness.READ_WRITE, false);
        return new TokenState("another", RouterHarness.ACCOUNT, List.of(one), 10, null, false);
    }
}
