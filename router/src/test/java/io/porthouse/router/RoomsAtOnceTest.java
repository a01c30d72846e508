package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.router.TestClient.Received;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** As many rooms as a session may hold, joined, changed and left at once: much to tell, and who reads it is told all. */
final class RoomsAtOnceTest {

    private static final String SECRET = "hoarder-token-0123456789";
    private static final int ROOMS = RouterSettings.Limits.DEFAULT_ROOMS_PER_SESSION;

    private RouterHarness harness;

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness();
        grant(RouterHarness.READ_WRITE, ROOMS);
    }

    @AfterEach
    void stop() {
        assertThat(harness.closes(CloseCode.SLOW_RECEIVER)).isZero();
        harness.close();
    }

    /** The longest names there are. */
    private static String name(int room) {
        return String.format("%064d", room);
    }

    private void grant(Set<Right> may, int rooms) {
        List<Grant> grants = new ArrayList<>();
        for (int i = 0; i < rooms; i++) {
            grants.add(new Grant("a".repeat(64), name(i), false, may, true));
        }
        harness.put(SECRET, new TokenState("hoarder", "a".repeat(64), grants, 10, null, false));
    }

    private void refresh() throws Exception {
        harness.refreshToken("hoarder");
    }

    private static void expectAll(TestClient client, byte type, String reason) throws Exception {
        for (int i = 0; i < ROOMS; i++) {
            assertThat(client.expect(type).json().get("reason").asText()).isEqualTo(reason);
        }
    }

    private TestClient connect() throws Exception {
        TestClient client = harness.dial();
        client.hello(SECRET, new String[0]);
        return client;
    }

    @Test
    void allAreJoinedByHello() throws Exception {
        TestClient client = connect();
        client.expectNothing(2);
    }

    @Test
    void allAreJoinedInOneWrite() throws Exception {
        TestClient client = harness.dial();
        client.hello("{'version':1,'token':'" + SECRET + "','rooms':[]}");
        ByteArrayOutputStream joins = new ByteArrayOutputStream();
        for (int i = 0; i < ROOMS; i++) {
            joins.writeBytes(TestClient.json(FrameType.JOIN, 0, i + 2, "{'room':'" + name(i) + "'}"));
        }
        client.send(joins.toByteArray());
        expectAll(client, FrameType.GRANTED, "join");
    }

    @Test
    void allAreGrantedByOneChange() throws Exception {
        grant(RouterHarness.READ_WRITE, 1);
        TestClient client = connect();
        grant(RouterHarness.READ_WRITE, ROOMS);
        refresh();
        for (int i = 1; i < ROOMS; i++) {
            assertThat(client.expect(FrameType.GRANTED).json().get("reason").asText())
                    .isEqualTo("granted");
        }
    }

    @Test
    void allAreChangedByOneChange() throws Exception {
        TestClient client = connect();
        grant(Set.of(Right.READ), ROOMS);
        refresh();
        expectAll(client, FrameType.GRANTED, "changed");
    }

    @Test
    void allAreWithdrawnByOneChange() throws Exception {
        TestClient client = connect();
        grant(RouterHarness.READ_WRITE, 0);
        refresh();
        expectAll(client, FrameType.WITHDRAWN, "withdrawn");
    }

    @Test
    void allAreLeftInOneWrite() throws Exception {
        TestClient client = harness.dial();
        client.send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + SECRET + "'}"));
        client.expect(FrameType.WELCOME);
        ByteArrayOutputStream leaves = new ByteArrayOutputStream();
        for (int i = 0; i < ROOMS; i++) {
            Received granted = client.expect(FrameType.GRANTED);
            leaves.writeBytes(TestClient.frame(FrameType.LEAVE, 0, granted.room(), i + 2, new byte[0]));
        }
        client.send(leaves.toByteArray());
        expectAll(client, FrameType.WITHDRAWN, "left");
        assertThat(harness.gauge("porthouse.rooms")).isZero();
    }

    @Test
    void oneMoreIsRefusedHoweverItIsAskedFor() throws Exception {
        grant(RouterHarness.READ_WRITE, ROOMS + 1);
        TestClient client = harness.dial();
        client.send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + SECRET + "'}"));
        assertThat(client.expect(FrameType.WELCOME).json().get("rooms").asInt()).isEqualTo(ROOMS + 1);
        int granted = 0;
        int refused = 0;
        for (int i = 0; i <= ROOMS; i++) {
            Received answer = client.receive();
            if (answer.type() == FrameType.GRANTED) {
                granted++;
            } else {
                assertThat(answer.json().get("code").asInt()).isEqualTo(ErrorCode.TOO_MANY_ROOMS.number());
                refused++;
            }
        }
        assertThat(granted).isEqualTo(ROOMS);
        assertThat(refused).isEqualTo(1);
    }
}
