package io.porthouse.router;

import static io.porthouse.router.RouterHarness.ACCOUNT;
import static io.porthouse.router.RouterHarness.READ_WRITE;
import static io.porthouse.router.RouterHarness.SECRET;
import static io.porthouse.router.RouterHarness.TOKEN_ID;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.ManualTokenSource.Read;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A source of tokens that answers late, repeatedly, out of order or not at all: nobody gains by it. */
final class TokenReadingTest {

    private static final Grant LOBBY = new Grant(ACCOUNT, "lobby", false, READ_WRITE, true);
    private static final Grant FOO = new Grant(ACCOUNT, "foo", false, READ_WRITE, true);
    private static final byte[] HELLO =
            TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + SECRET + "'}");

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
        harness.grant(LOBBY);
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    private CompletableFuture<Refreshed> refresh() {
        return harness.router.refreshTokens(Set.of(TOKEN_ID)).toCompletableFuture();
    }

    private static Refreshed get(CompletableFuture<Refreshed> refreshed) throws Exception {
        return refreshed.get(60, TimeUnit.SECONDS);
    }

    private void remove() {
        harness.tokens.remove(MemoryTokenSource.secretHash(SECRET));
    }

    /** Sends HELLO, and takes the reading that it causes. */
    private Read<?> helloAndTakeRead(TestClient client) throws Exception {
        source.holdTokens();
        client.send(HELLO);
        return source.takeTokenRead();
    }

    private static void expectRoom(TestClient client, String room) throws Exception {
        assertThat(client.expect(FrameType.GRANTED).json().get("room").asText()).isEqualTo(room);
    }

    // ---- late

    @Test
    void aConnectionWaitsForALateAnswer() throws Exception {
        TestClient client = harness.dial();
        Read<?> read = helloAndTakeRead(client);
        read.answer();
        client.expect(FrameType.WELCOME);
        expectRoom(client, "acme/lobby");
    }

    @Test
    void allConnectionsOfATokenShareOneReading() throws Exception {
        TestClient first = harness.dial();
        TestClient second = harness.dial();
        Read<?> read = helloAndTakeRead(first);
        second.send(HELLO);
        harness.awaitGauge("porthouse.tokens", 1);
        read.answer();
        first.expect(FrameType.WELCOME);
        second.expect(FrameType.WELCOME);
    }

    @Test
    void anAnswerThatTakesFiveSecondsIsTooLate() throws Exception {
        TestClient client = harness.dial();
        Read<?> read = helloAndTakeRead(client);
        harness.skip(Duration.ofSeconds(5));
        client.expectClose(CloseCode.TIMEOUT.number());
        read.answer();
        client.close();
        harness.awaitGauge("porthouse.tokens", 0);
    }

    @Test
    void whoGivesUpWaitingLeavesNoTokenBehind() throws Exception {
        TestClient client = harness.dial();
        Read<?> read = helloAndTakeRead(client);
        client.reset();
        harness.awaitGauge("porthouse.connections", 0);
        read.answer();
        harness.awaitGauge("porthouse.tokens", 0);
    }

    @Test
    void whoGivesUpWaitingLeavesNoTokenBehindIfTheReadingFails() throws Exception {
        TestClient client = harness.dial();
        Read<?> read = helloAndTakeRead(client);
        client.reset();
        harness.awaitGauge("porthouse.connections", 0);
        read.fail();
        harness.awaitGauge("porthouse.tokens", 0);
    }

    @Test
    void whoGoesDuringARefreshLeavesNoTokenBehind() throws Exception {
        TestClient client = harness.connect();
        source.holdTokens();
        CompletableFuture<Refreshed> refreshed = refresh();
        Read<?> read = source.takeTokenRead();
        client.reset();
        harness.awaitGauge("porthouse.connections", 0);
        read.answer();
        assertThat(get(refreshed).sessions()).isZero();
        harness.awaitGauge("porthouse.tokens", 0);
    }

    @Test
    void whoComesWhenAnotherHasGivenUpIsServed() throws Exception {
        TestClient gone = harness.dial();
        Read<?> read = helloAndTakeRead(gone);
        gone.reset();
        harness.awaitGauge("porthouse.connections", 0);
        TestClient client = harness.dial().send(HELLO);
        harness.awaitGauge("porthouse.connections", 1);
        source.releaseTokens();
        read.answer();
        client.expect(FrameType.WELCOME);
    }

    // ---- repeated and out of order

    @Test
    void aRefreshDuringAReadRepeatsIt() throws Exception {
        TestClient client = harness.dial();
        Read<?> before = helloAndTakeRead(client);
        harness.grant(FOO);
        CompletableFuture<Refreshed> refreshed = refresh();
        before.answer();
        Read<?> after = source.takeTokenRead();
        assertThat(refreshed).isNotDone();
        after.answer();
        client.expect(FrameType.WELCOME);
        expectRoom(client, "acme/foo");
        assertThat(get(refreshed)).isEqualTo(new Refreshed(1, 0, true));
    }

    @Test
    void aTokenThatIsDeletedWhileItIsReadLetsNobodyIn() throws Exception {
        TestClient client = harness.dial();
        Read<?> before = helloAndTakeRead(client);
        remove();
        CompletableFuture<Refreshed> refreshed = refresh();
        before.answer();
        source.takeTokenRead().answer();
        client.expectClose(CloseCode.TOKEN_UNKNOWN.number());
        assertThat(get(refreshed).closed()).isEqualTo(1);
    }

    @Test
    void manyRefreshesDuringAReadRepeatItOnce() throws Exception {
        harness.connect();
        source.holdTokens();
        CompletableFuture<Refreshed> first = refresh();
        Read<?> read = source.takeTokenRead();
        CompletableFuture<Refreshed> second = refresh();
        CompletableFuture<Refreshed> third = refresh();
        read.answer();
        Read<?> repeated = source.takeTokenRead();
        source.releaseTokens();
        repeated.answer();
        for (CompletableFuture<Refreshed> each : List.of(first, second, third)) {
            assertThat(get(each)).isEqualTo(new Refreshed(1, 0, true));
        }
    }

    @Test
    void anOlderReadingDoesNotOverwriteANewerOne() throws Exception {
        TestClient client = harness.connect();
        source.holdTokens();
        CompletableFuture<Refreshed> unchanged = refresh();
        Read<?> old = source.takeTokenRead();
        old.answer();
        get(unchanged);
        harness.grant(FOO);
        CompletableFuture<Refreshed> changed = refresh();
        source.takeTokenRead().answer();
        get(changed);
        CompletableFuture<Refreshed> outdated = refresh();
        source.takeTokenRead().answerLike(old);
        assertThat(get(outdated).confirmed()).isTrue();
        client.expect(FrameType.WITHDRAWN);
        expectRoom(client, "acme/foo");
        client.expectNothing(2);
    }

    @Test
    void anOlderReadingDoesNotBringADeletedTokenBack() throws Exception {
        TestClient client = harness.connect();
        source.holdTokens();
        CompletableFuture<Refreshed> first = refresh();
        Read<?> alive = source.takeTokenRead();
        remove();
        CompletableFuture<Refreshed> second = refresh();
        alive.answer();
        source.takeTokenRead().answer();
        get(first);
        assertThat(get(second).closed()).isEqualTo(1);
        client.expectClose(CloseCode.TOKEN_REVOKED.number());
        client.close();
        harness.awaitGauge("porthouse.tokens", 0);
    }

    // ---- failing

    @Test
    void whatCannotBeReadLetsNobodyIn() throws Exception {
        TestClient client = harness.dial();
        helloAndTakeRead(client).fail();
        client.expectClose(CloseCode.FENCED.number());
    }

    @Test
    void afterAFailureTheNextConnectionIsReadAnew() throws Exception {
        TestClient client = harness.dial();
        helloAndTakeRead(client).fail();
        client.expectClose(CloseCode.FENCED.number());
        source.releaseTokens();
        harness.connect();
    }

    @Test
    void aChangeThatCannotBeReadIsNotConfirmedAndNobodyKeepsAccess() throws Exception {
        TestClient client = harness.connect();
        source.holdTokens();
        CompletableFuture<Refreshed> refreshed = refresh();
        source.takeTokenRead().fail();
        assertThat(get(refreshed)).isEqualTo(new Refreshed(1, 1, false));
        client.expectClose(CloseCode.FENCED.number());
    }

    @Test
    void aSourceThatThrowsLetsNobodyInAndIsAskedAgain() throws Exception {
        source.throwOnce();
        harness.dial().send(HELLO).expectClose(CloseCode.FENCED.number());
        harness.connect();
    }

    @Test
    void aSourceThatThrowsOnRefreshIsAskedAgain() throws Exception {
        TestClient client = harness.connect();
        source.throwOnce();
        assertThat(get(refresh())).isEqualTo(new Refreshed(1, 0, true));
        client.expectNothing(2);
    }

    @Test
    void aSourceThatNeverAnswersIsNotWaitedFor() throws Exception {
        TestClient client = harness.connect();
        source.holdTokens();
        assertThat(get(refresh())).isEqualTo(new Refreshed(1, 1, false));
        client.expectClose(CloseCode.FENCED.number());
    }

    /** Changes that never cease must not keep a token from being known. */
    @Test
    void aReadThatIsRepeatedTooOftenIsAppliedAllTheSame() throws Exception {
        TestClient client = harness.dial();
        Read<?> read = helloAndTakeRead(client);
        for (int repeats = 0; repeats < 3; repeats++) {
            CompletableFuture<Refreshed> unused = refresh();
            read.answer();
            read = source.takeTokenRead();
        }
        CompletableFuture<Refreshed> last = refresh();
        read.answer();
        client.expect(FrameType.WELCOME);
        assertThat(last).isNotDone();
        source.takeTokenRead().answer();
        assertThat(get(last)).isEqualTo(new Refreshed(1, 0, true));
    }

    // ---- in the meantime

    @Test
    void aTokenThatExpiresWhileItIsReadLetsNobodyIn() throws Exception {
        harness.put(
                SECRET,
                new TokenState(
                        TOKEN_ID, ACCOUNT, List.of(LOBBY), 10, Instant.now().plusSeconds(2), false));
        TestClient client = harness.dial();
        Read<?> read = helloAndTakeRead(client);
        harness.skip(Duration.ofSeconds(2));
        read.answer();
        client.expectClose(CloseCode.TOKEN_EXPIRED.number());
    }

    @Test
    void framesThatFollowHelloWaitForTheAnswer() throws Exception {
        TestClient other = harness.connect();
        harness.put("late-token-0123456789", new TokenState("late", ACCOUNT, List.of(LOBBY), 10, null, false));
        source.holdTokens();
        TestClient client = harness.dial();
        client.send(
                TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'late-token-0123456789'}"),
                TestClient.receiptMessage(0, 2, "early"),
                TestClient.receiptMessage(99, 3, "to nowhere"));
        source.takeTokenRead().answer();
        client.expect(FrameType.WELCOME);
        client.expect(FrameType.GRANTED);
        client.expectError(ErrorCode.NOT_HELD);
        client.expectReceipt(2);
        other.expectMessage("early");
    }
}
