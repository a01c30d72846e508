package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.TestClient.Received;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code overflow: wait}: nothing is lost, publishers are slowed to the slowest member, and nobody holds a room for ever. */
final class WaitRuleTest {

    private static final int MESSAGES = 200;
    private static final int BODY_BYTES = 20_000;
    private static final int BYTES_PER_SECOND = 100_000;

    private ManualRouter router;
    private ManualPeer slow;
    private ManualPeer sender;

    @BeforeEach
    void start() {
        router = new ManualRouter(
                new TestSettings()
                        .outboxBytes(1 << 20)
                        .waitBytesPerSecond(BYTES_PER_SECOND)
                        .build(),
                name -> rules(Overflow.WAIT));
        slow = router.connect(0, "one");
        sender = router.connect(1, "one");
        slow.stall(true);
    }

    @AfterEach
    void stop() {
        router.close();
    }

    private static RoomRules rules(Overflow overflow) {
        return TestRules.with(rules -> rules.overflow = overflow);
    }

    private void publish(ManualPeer from) {
        byte[] message = TestClient.frame(FrameType.ENVELOPE, 0, from.handle("one"), 0, new byte[BODY_BYTES]);
        for (int i = 0; i < MESSAGES; i++) {
            from.send(message);
        }
    }

    private void change(Overflow changed) {
        RoomName name = new RoomName(RouterHarness.ACCOUNT, "one");
        router.tokens.putRoom(name, rules(changed));
        CompletionStage<Refreshed> unused = router.node.rooms.refresh(List.of(name));
        router.run();
    }

    /** Checks that nothing is missing that GAP does not tell of; returns how much that is. */
    private static long account(List<Received> frames, long published) {
        long next = 1;
        long lost = 0;
        for (Received frame : frames) {
            if (frame.type() == FrameType.GAP) {
                assertThat(frame.buffer().getLong(0)).isEqualTo(next);
                next = frame.buffer().getLong(8) + 1;
                lost += frame.buffer().getLong(16);
            } else if (frame.type() == FrameType.ENVELOPE) {
                assertThat(frame.sequence()).isEqualTo(next++);
            }
        }
        assertThat(next - 1).isEqualTo(published);
        return lost;
    }

    private static List<Integer> flow(List<Received> frames) {
        return frames.stream()
                .filter(frame -> frame.type() == FrameType.FLOW)
                .map(frame -> (int) frame.body()[0])
                .toList();
    }

    @Test
    void nothingIsLostAndThePublisherGoesOnWhenTheMemberHasCaughtUp() {
        publish(sender);
        assertThat(sender.isRead()).as("the publisher is read").isFalse();
        assertThat(sender.unread()).isPositive();
        assertThat(flow(sender.take())).containsExactly(1);
        slow.stall(false);
        assertThat(account(slow.take(), MESSAGES)).isZero();
        assertThat(sender.isRead()).isTrue();
        List<Integer> told = flow(sender.take());
        assertThat(told.get(told.size() - 1)).as("the last FLOW").isZero();
    }

    @Test
    void whatThePausedPublisherSendsToAnotherRoomPasses() {
        ManualPeer both = router.connect(1, "one", "two");
        ManualPeer reader = router.connect(0, "two");
        publish(sender);
        both.send(TestClient.message(both.handle("two"), "next door"));
        assertThat(reader.take()).extracting(Received::text).containsExactly("next door");
        both.send(TestClient.message(both.handle("one"), "here"));
        assertThat(both.isRead())
                .as("the publisher is read, now that it has one for the room")
                .isFalse();
    }

    private void makeReadOnly() {
        router.grant(ManualRouter.room("one", Set.of(Right.READ)), ManualRouter.room("two", RouterHarness.READ_WRITE));
        CompletionStage<Refreshed> unused = router.node.tokens.refreshTokens(Set.of(RouterHarness.TOKEN_ID));
        router.run();
    }

    @Test
    void whoMayNotWriteIsRefusedAndNotPaused() {
        publish(sender);
        makeReadOnly();
        ManualPeer reader = router.connect(1, "one");
        reader.send(TestClient.receiptMessage(reader.handle("one"), 2, "not permitted"));
        assertThat(reader.isRead()).isTrue();
        assertThat(reader.take()).anyMatch(frame -> frame.type() == FrameType.ERROR && frame.sequence() == 2);
    }

    @Test
    void aPublisherThatMayNoLongerWriteWaitsNoLonger() {
        publish(sender);
        assertThat(sender.isRead()).as("the publisher is read").isFalse();
        makeReadOnly();
        assertThat(sender.isRead()).as("the publisher is read").isTrue();
        assertThat(sender.unread()).isZero();
        assertThat(sender.take())
                .anyMatch(frame -> frame.type() == FrameType.ERROR
                        && frame.json().get("code").asInt() == ErrorCode.MAY_NOT_WRITE.number());
    }

    @Test
    void aRoomDoesNotWaitForWhatAnotherQueuesForTheSameMember() {
        slow.stall(false);
        slow.send(TestClient.json(FrameType.JOIN, 0, 2, "{'room':'two'}"));
        slow.stall(true);
        ManualPeer steady = router.connect(0, "two");
        byte[] message = TestClient.frame(FrameType.ENVELOPE, 0, steady.handle("two"), 0, new byte[BODY_BYTES]);
        publish(sender);
        int before = sender.unread();
        for (int i = 0; i < 1000 && sender.unread() == before; i++) {
            // The budget for messages is three quarters of a mebibyte.
            while (router.node.puddles()[0].stats.messageLagBytes.get() < 600_000) {
                steady.send(message);
            }
            slow.takeSome(1);
        }
        assertThat(sender.unread()).as("what the first sender waits with").isLessThan(before);
        slow.stall(false);
    }

    @Test
    void aChangeToDropEndsThePauseAndWhatIsLostThenIsTold() {
        publish(sender);
        change(Overflow.DROP);
        assertThat(sender.isRead()).isTrue();
        assertThat(sender.unread()).isZero();
        slow.stall(false);
        assertThat(account(slow.take(), MESSAGES)).isPositive();
    }

    @Test
    void aChangeToWaitTellsWhatWasLostBeforeAndLosesNothingMore() {
        change(Overflow.DROP);
        publish(sender);
        assertThat(sender.unread()).isZero();
        change(Overflow.WAIT);
        publish(sender);
        assertThat(sender.isRead()).isFalse();
        slow.stall(false);
        List<Received> frames = slow.take();
        assertThat(account(frames, 2 * MESSAGES)).isBetween(1L, (long) MESSAGES);
        assertThat(frames).filteredOn(frame -> frame.type() == FrameType.GAP).hasSize(1);
    }

    @Test
    void aChangeToDisconnectClosesWhoIsSlow() {
        publish(sender);
        change(Overflow.DISCONNECT);
        assertThat(router.closes).containsExactly(CloseCode.SLOW_RECEIVER);
        assertThat(sender.unread()).isZero();
    }

    @Test
    void whoTakesNothingForTenSecondsIsClosed() {
        publish(sender);
        router.pass(9_000);
        assertThat(router.closes).isEmpty();
        router.pass(3_000);
        assertThat(router.closes).containsExactly(CloseCode.SLOW_RECEIVER);
        assertThat(sender.unread()).isZero();
    }

    /** At most one buffer a second: of a message, or of what fits into one block. */
    @ParameterizedTest
    @ValueSource(ints = {1, 20})
    void whoTakesEnoughInTenSecondsIsKept(int buffersASecond) {
        publish(sender);
        long before = slow.session.outbox.writtenBytes();
        for (int second = 0; second < 13; second++) {
            for (int i = 0; i < buffersASecond; i++) {
                slow.takeSome(1);
            }
            publish(sender);
            router.pass(1_000);
        }
        boolean isEnough = slow.session.outbox.writtenBytes() - before >= 13 * BYTES_PER_SECOND;
        assertThat(isEnough).isEqualTo(buffersASecond > 1);
        assertThat(slow.isOpen()).isEqualTo(isEnough);
    }

    @Test
    void ofTwoThatStreamAtEachOtherAndDoNotReadNobodyStaysForEver() {
        sender.stall(true);
        publish(sender);
        publish(slow);
        assertThat(sender.isRead() || slow.isRead()).as("anybody is read").isFalse();
        router.pass(25_000);
        assertThat(router.closes).isNotEmpty().containsOnly(CloseCode.SLOW_RECEIVER);
        ManualPeer late = router.connect(0, "one");
        ManualPeer reader = router.connect(1, "one");
        late.send(TestClient.message(late.handle("one"), "go on"));
        assertThat(reader.take()).extracting(Received::text).contains("go on");
    }

    @Test
    void theEndOfAStreamThatAPauseOfMessagesHoldsUpLetsTheRestBeRouted() {
        publish(sender);
        sender.endInput();
        slow.stall(false);
        assertThat(account(slow.take(), MESSAGES)).isZero();
        assertThat(sender.isOutputShut()).isTrue();
    }
}
