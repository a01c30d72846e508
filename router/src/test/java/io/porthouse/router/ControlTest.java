package io.porthouse.router;

import static io.porthouse.router.RouterHarness.ACCOUNT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Published.Outcome;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What the control plane may ask of a router: who is there, close one, publish. */
final class ControlTest {

    private static final RoomName LOBBY = new RoomName(ACCOUNT, "lobby");

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void sessionsAreDescribed() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient client = harness.dial();
            client.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','client':'test/1.0','rooms':['a','b']}");
            harness.dial();
            List<SessionInfo> sessions = get(harness.router.sessions(token -> true));
            assertThat(sessions).hasSize(1);
            SessionInfo info = sessions.get(0);
            assertThat(info.id()).isEqualTo(Integer.toUnsignedString(client.origin()));
            assertThat(info.token()).isEqualTo(RouterHarness.TOKEN_ID);
            assertThat(info.account()).isEqualTo(ACCOUNT);
            assertThat(info.client()).isEqualTo("test/1.0");
            assertThat(info.address()).isEqualTo("127.0.0.1:" + client.socket.getLocalPort());
            assertThat(info.rooms()).containsExactlyInAnyOrder("acme/a", "acme/b");
            assertThat(info.receivedBytes()).isPositive();
            assertThat(info.sentBytes()).isPositive();
            assertThat(get(harness.router.sessions(token -> false))).isEmpty();
        }
    }

    @Test
    void manySessionsAreDescribedInSlices() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            for (int i = 0; i < 700; i++) {
                harness.connect("lobby");
            }
            assertThat(get(harness.router.sessions(token -> true))).hasSize(700);
        }
    }

    @Test
    void oneSessionIsDisconnected() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient stays = harness.connect("lobby");
            TestClient goes = harness.connect("lobby");
            String id = Integer.toUnsignedString(goes.origin());
            assertThat(get(harness.router.disconnect(id, token -> false))).isFalse();
            assertThat(get(harness.router.disconnect(id, token -> true))).isTrue();
            goes.expectClose(CloseCode.DISCONNECTED_BY_OPERATOR.number());
            assertThat(get(harness.router.disconnect(id, token -> true))).isFalse();
            assertThat(get(harness.router.disconnect("no id", token -> true))).isFalse();
            stays.expectNothing(2);
        }
    }

    @Test
    void aPublishedMessageTakesItsPlaceInTheOrder() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient first = harness.connect("lobby");
            TestClient second = harness.connect("lobby");
            first.send(TestClient.message(first.handle("acme/lobby"), "one"));
            second.expectMessage("one");
            assertThat(get(harness.router.publish(LOBBY, true, bytes("two"))))
                    .isEqualTo(new Published(Outcome.DONE, 2, 2));
            for (TestClient member : List.of(first, second)) {
                TestClient.Received received = member.expectMessage("two");
                assertThat(received.origin()).isZero();
                assertThat(received.sequence()).isEqualTo(2);
            }
        }
    }

    @Test
    void aRoomWithoutMembersTakesAMessageAndLeavesNothingBehind() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            assertThat(get(harness.router.publish(LOBBY, false, bytes("nobody")))
                            .recipients())
                    .isZero();
            await().until(() -> harness.gauge("porthouse.rooms") == 0);
        }
    }

    @Test
    void whatARoomDoesNotTakeIsRefused() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            RoomName narrow = new RoomName(ACCOUNT, "narrow");
            harness.tokens.putRoom(narrow, TestRules.with(rules -> {
                rules.maxMessageBytes = 4;
                rules.text = true;
            }));
            harness.tokens.deleteRoom(LOBBY);
            TestClient member = harness.connect("narrow");
            assertThat(get(harness.router.publish(LOBBY, true, bytes("gone"))).outcome())
                    .isEqualTo(Outcome.NO_ROOM);
            assertThat(get(harness.router.publish(narrow, true, bytes("12345"))).outcome())
                    .isEqualTo(Outcome.TOO_LARGE);
            assertThat(get(harness.router.publish(narrow, true, new byte[3 << 20]))
                            .outcome())
                    .isEqualTo(Outcome.TOO_LARGE);
            assertThat(get(harness.router.publish(narrow, true, new byte[] {(byte) 0xFF}))
                            .outcome())
                    .isEqualTo(Outcome.TEXT_ONLY);
            assertThat(get(harness.router.publish(narrow, false, bytes("1234"))).outcome())
                    .isEqualTo(Outcome.TEXT_ONLY);
            member.send(TestClient.frame(FrameType.PING, 0, 0, 2, new byte[0]));
            member.expect(FrameType.PONG);
        }
    }
}
