package io.porthouse.router;

import static io.porthouse.router.RouterHarness.ACCOUNT;
import static io.porthouse.router.RouterHarness.READ_WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The connections of an account are counted over all its tokens and backpipes. */
final class AccountConnectionsTest {

    private static final Grant LOBBY = new Grant(ACCOUNT, "lobby", false, READ_WRITE, true);
    private static final List<String> SECRETS =
            List.of("first-token-0123456789", "second-token-0123456789", "third-token-0123456789");
    private static final String FIRST = SECRETS.get(0);
    private static final String SECOND = SECRETS.get(1);
    private static final String KEY = "phk_0123456789";

    private RouterHarness harness;
    private ManualTokenSource source;

    @BeforeEach
    void start() throws Exception {
        AtomicReference<ManualTokenSource> made = new AtomicReference<>();
        harness = new RouterHarness(RouterHarness.settings(), name -> RoomRules.DEFAULT, tokens -> {
            made.set(new ManualTokenSource(tokens));
            return made.get();
        });
        source = made.get();
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    /** Sets how many connections the account may have, for its three tokens and its key. */
    private void limit(int connections) {
        for (String secret : SECRETS) {
            put(secret, List.of(LOBBY), connections, Backpipe.NONE);
        }
        put(KEY, List.of(), connections, Backpipe.ACCOUNT);
    }

    private void put(String secret, List<Grant> grants, int accountConnections, Backpipe backpipe) {
        harness.put(
                secret,
                new TokenState(
                        secret,
                        ACCOUNT,
                        grants,
                        100,
                        accountConnections,
                        null,
                        false,
                        TokenState.NO_TRANSIENT_ROOMS,
                        backpipe));
    }

    private Refreshed refresh() throws Exception {
        return harness.router.refreshAccount(ACCOUNT).toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private TestClient hello(String secret) throws Exception {
        return harness.dial().send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + secret + "'}"));
    }

    private TestClient connect(String secret) throws Exception {
        TestClient client = hello(secret);
        client.expect(FrameType.WELCOME);
        return client;
    }

    private void expectRefused(String secret) throws Exception {
        hello(secret).expectClose(CloseCode.TOO_MANY_CONNECTIONS.number());
    }

    @Test
    void ofManyTokensThatConnectAtOnceExactlyAsManyAsAllowedGetIn() throws Exception {
        limit(7);
        for (int round = 0; round < 20; round++) {
            List<TestClient> clients = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                for (String secret : SECRETS) {
                    clients.add(hello(secret));
                }
                clients.add(hello(KEY));
            }
            int welcomed = 0;
            for (TestClient client : clients) {
                TestClient.Received first = client.receive();
                if (first.type() == FrameType.WELCOME) {
                    welcomed++;
                } else {
                    assertThat(first.json().get("code").asInt()).isEqualTo(CloseCode.TOO_MANY_CONNECTIONS.number());
                }
            }
            assertThat(welcomed).isEqualTo(7);
            clients.forEach(TestClient::close);
            harness.awaitGauge("porthouse.connections", 0);
        }
    }

    @Test
    void aLoweredLimitClosesTheNewestWhateverTheirTokens() throws Exception {
        limit(10);
        TestClient first = connect(FIRST);
        TestClient second = connect(KEY);
        TestClient third = connect(SECOND);
        TestClient fourth = connect(FIRST);
        TestClient fifth = connect(KEY);
        limit(2);
        assertThat(refresh()).isEqualTo(new Refreshed(5, 3, true));
        for (TestClient newest : List.of(third, fourth, fifth)) {
            newest.seekClose(CloseCode.TOO_MANY_CONNECTIONS.number());
        }
        expectRefused(SECOND);

        limit(3);
        assertThat(refresh()).isEqualTo(new Refreshed(2, 0, true));
        connect(SECOND);
        expectRefused(FIRST);
        first.expect(FrameType.GRANTED);
        first.expectNothing(2);
        second.expectNothing(2);
    }

    @Test
    void whoGoesMakesPlaceForAnotherToken() throws Exception {
        limit(1);
        TestClient first = connect(FIRST);
        expectRefused(SECOND);
        first.close();
        harness.awaitGauge("porthouse.connections", 0);
        connect(SECOND);
    }

    @Test
    void aRevokedTokenMakesPlaceBeforeTheAnswer() throws Exception {
        limit(1);
        TestClient first = connect(FIRST);
        harness.tokens.remove(MemoryTokenSource.secretHash(FIRST));
        assertThat(refresh().closed()).isEqualTo(1);
        connect(SECOND);
        first.seekClose(CloseCode.TOKEN_REVOKED.number());
    }

    @Test
    void whoIsRefusedTakesNoPlace() throws Exception {
        limit(1);
        harness.put(FIRST, new TokenState(FIRST, ACCOUNT, List.of(LOBBY), 100, 1, null, true, -1, Backpipe.NONE));
        hello(FIRST).expectClose(CloseCode.ACCOUNT_SUSPENDED.number());
        harness.put(FIRST, new TokenState(FIRST, ACCOUNT, List.of(LOBBY), 0, 1, null, false, -1, Backpipe.NONE));
        expectRefused(FIRST);
        connect(SECOND);
    }

    @Test
    void tokensThatAreNotCountedTakeNoPlace() throws Exception {
        limit(1);
        harness.connect("lobby");
        harness.connect("lobby");
        connect(FIRST);
        expectRefused(SECOND);
        harness.connect("lobby");
    }

    @Test
    void ofTwoLimitsTheOneReadLastCounts() throws Exception {
        limit(10);
        TestClient late = harness.dial();
        source.holdTokens();
        late.send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + FIRST + "'}"));
        ManualTokenSource.Read<?> old = source.takeTokenRead();
        source.releaseTokens();
        limit(1);
        connect(SECOND);
        old.answer();
        late.expectClose(CloseCode.TOO_MANY_CONNECTIONS.number());
    }
}
