package io.porthouse.admin.live;

import static io.porthouse.admin.live.LiveNode.ANY;
import static io.porthouse.admin.live.LiveNode.BY;
import static io.porthouse.admin.live.LiveNode.both;
import static io.porthouse.admin.live.LiveNode.name;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.admin.model.Token;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.RoomInfo;
import io.porthouse.router.TestClient;
import java.util.ArrayList;
import java.util.List;
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
