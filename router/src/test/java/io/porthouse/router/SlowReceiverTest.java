package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.router.TestClient.Received;
import java.io.ByteArrayOutputStream;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of messages that a member does not read: {@code drop} with exact accounts, or {@code disconnect}. */
final class SlowReceiverTest {

    private static final String ROOM = "acme/one";
    private static final String STRICT = "acme/strict";

    /** More than the kernel takes for a client that reads nothing. */
    private static final int FLOOD = 4_000;

    private static final int BODY_BYTES = 4_000;

    private RouterHarness harness;
    private long correlation = 10;

    @BeforeEach
    void start() throws Exception {
        RoomRules strict =
                new RoomRules(1 << 20, Long.MAX_VALUE, 100, 0, false, false, Overflow.DISCONNECT, Overflow.DISCONNECT);
        harness = new RouterHarness(
                new TestSettings().outboxBytes(256 << 10).build(),
                room -> room.toString().equals(STRICT) ? strict : RoomRules.DEFAULT);
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    private TestClient slow(String... rooms) throws Exception {
        TestClient client = harness.dialSlow();
        client.hello(RouterHarness.SECRET, rooms);
        return client;
    }

    /** Publishes messages to a room, the last with a RECEIPT, and returns the recipients of that. */
    private int publish(TestClient publisher, String room, int messages) throws Exception {
        int handle = publisher.handle(room);
        byte[] plain = TestClient.frame(FrameType.ENVELOPE, 0, handle, 0, new byte[BODY_BYTES]);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 1; i < messages; i++) {
            all.writeBytes(plain);
        }
        all.writeBytes(
                TestClient.frame(FrameType.ENVELOPE, Flags.RECEIPT, handle, ++correlation, new byte[BODY_BYTES]));
        publisher.send(all.toByteArray());
        return publisher.expectReceipt(correlation).buffer().getInt(8);
    }

    /** What a member was told of a room, in order and without a hole. */
    private static final class Account {
        private final TestClient member;
        private long next;
        private long delivered;
        private final List<Long> losses = new ArrayList<>();
        private long skipped;
        private boolean inGap;

        Account(TestClient member) {
            this(member, 1);
        }

        Account(TestClient member, long next) {
            this.member = member;
            this.next = next;
        }

        /** Takes the next frame, which must fit to what came before. */
        Received take() throws Exception {
            Received received = member.receive();
            ByteBuffer body = received.buffer();
            if (received.type() == FrameType.ENVELOPE) {
                skipped += received.sequence() - next;
                inGap = false;
                delivered++;
                next = received.sequence() + 1;
            } else if (received.type() == FrameType.GAP) {
                assertThat(body.remaining()).isEqualTo(24);
                assertThat(inGap).as("two GAPs for one episode").isFalse();
                inGap = true;
                skipped += body.getLong(0) - next;
                losses.add(body.getLong(16));
                skipped += body.getLong(8) - body.getLong(0) + 1 - body.getLong(16);
                next = body.getLong(8) + 1;
            }
            return received;
        }

        Account takeUntil(byte type) throws Exception {
            Received received = take();
            while (received.type() != type) {
                received = take();
            }
            return this;
        }

        /** Takes everything up to this number. */
        Account takeUpTo(long sequence) throws Exception {
            while (next <= sequence) {
                take();
            }
            return this;
        }

        long lost() {
            return losses.stream().mapToLong(Long::longValue).sum();
        }
    }

    // ---- drop

    @Test
    void deliveredAndToldLostAreTogetherWhatWasPublishedForEachMemberByItself() throws Exception {
        TestClient publisher = harness.connect("one");
        List<TestClient> slow = List.of(slow("one"), slow("one"), slow("one"));
        publish(publisher, ROOM, FLOOD);
        for (TestClient member : slow) {
            Account account = new Account(member).takeUntil(FrameType.GAP);
            account.takeUpTo(FLOOD);
            assertThat(account.skipped).as("holes that no GAP told of").isZero();
            assertThat(account.delivered + account.lost()).isEqualTo(FLOOD);
            assertThat(account.delivered).isPositive();
        }
    }

    @Test
    void whoReadsLosesNothingWhileAnotherLoses() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient slow = slow("one");
        TestClient fast = harness.connect("one");
        Account account = new Account(fast);
        for (int i = 0; i < 40; i++) {
            publish(publisher, ROOM, FLOOD / 40);
            account.takeUpTo((i + 1L) * (FLOOD / 40));
        }
        assertThat(account.delivered).isEqualTo(FLOOD);
        assertThat(new Account(slow).takeUntil(FrameType.GAP).lost()).isPositive();
    }

    @Test
    void everyEpisodeOfLossIsOneGapAndIsCounted() throws Exception {
        TestClient publisher = harness.connect("one");
        Account account = new Account(slow("one"));
        for (int episode = 1; episode <= 3; episode++) {
            publish(publisher, ROOM, FLOOD);
            account.takeUntil(FrameType.GAP).takeUpTo((long) episode * FLOOD);
        }
        assertThat(account.losses).hasSizeGreaterThanOrEqualTo(3);
        assertThat(account.skipped).isZero();
        assertThat(harness.counter("porthouse.gaps")).isEqualTo(account.losses.size());
        assertThat(harness.counter("porthouse.dropped.messages")).isEqualTo((double) account.lost());
    }

    @Test
    void afterTheGapMessagesArriveAgain() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient slow = slow("one");
        publish(publisher, ROOM, FLOOD);
        new Account(slow).takeUpTo(FLOOD);
        publisher.send(TestClient.message(publisher.handle(ROOM), "again"));
        assertThat(slow.expectMessage("again").sequence()).isEqualTo(FLOOD + 1);
    }

    @Test
    void onesOwnMessagesAreNotCountedAsLost() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient slow = slow("one");
        publish(publisher, ROOM, FLOOD);
        for (int i = 0; i < 7; i++) {
            slow.send(TestClient.message(slow.handle(ROOM), "own"));
            publisher.expectMessage("own");
        }
        publish(publisher, ROOM, 100);
        Account account = new Account(slow).takeUntil(FrameType.GAP);
        account.takeUpTo(FLOOD + 107);
        assertThat(account.delivered + account.lost()).isEqualTo(FLOOD + 100);
        assertThat(account.skipped).as("own messages").isEqualTo(7);
    }

    @Test
    void onesOwnMessagesAreCountedAsLostWithEcho() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient slow = harness.dialSlow();
        slow.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['one'],'echo':true}");
        publish(publisher, ROOM, FLOOD);
        for (int i = 0; i < 7; i++) {
            slow.send(TestClient.message(slow.handle(ROOM), "own"));
            publisher.expectMessage("own");
        }
        Account account = new Account(slow).takeUpTo(FLOOD + 7);
        assertThat(account.losses).isNotEmpty();
        assertThat(account.delivered + account.lost()).isEqualTo(FLOOD + 7);
    }

    @Test
    void recipientsAreThoseWhoHaveTheMessageQueued() throws Exception {
        TestClient publisher = harness.connect("one");
        slow("one");
        slow("one");
        publish(publisher, ROOM, FLOOD);
        harness.connect("one");
        harness.connect("one");
        harness.connect("one");
        assertThat(publish(publisher, ROOM, 1)).isEqualTo(3);
    }

    @Test
    void whoLeavesIsToldWhatItLostAndThenThatItLeft() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient slow = slow("one");
        publish(publisher, ROOM, FLOOD);
        slow.send(TestClient.frame(FrameType.LEAVE, 0, slow.handle(ROOM), 2, new byte[0]));
        Account account = new Account(slow).takeUntil(FrameType.WITHDRAWN);
        assertThat(account.losses).isNotEmpty();
        assertThat(account.delivered + account.lost()).isEqualTo(FLOOD);
    }

    @Test
    void whoStopsReceivingIsToldWhatItLost() throws Exception {
        TestClient publisher = harness.connect("one");
        TestClient slow = slow("one");
        publish(publisher, ROOM, FLOOD);
        slow.send(TestClient.json(FrameType.JOIN, 0, 2, "{'room':'one','receive':false}"));
        Account account = new Account(slow).takeUntil(FrameType.GRANTED);
        assertThat(account.delivered + account.lost()).isEqualTo(FLOOD);
    }

    @Test
    void lossInOneRoomIsToldOfThatRoom() throws Exception {
        TestClient publisher = harness.connect("one", "two");
        TestClient slow = slow("one", "two");
        publish(publisher, ROOM, FLOOD);
        Received gap = slow.seek(FrameType.GAP);
        assertThat(gap.room()).isEqualTo(slow.handle(ROOM));
        new Account(slow, gap.buffer().getLong(8) + 1).takeUpTo(FLOOD);
        publish(publisher, "acme/two", 1);
        Received message = slow.expect(FrameType.ENVELOPE);
        assertThat(message.room()).isEqualTo(slow.handle("acme/two"));
        assertThat(message.sequence()).isEqualTo(1);
    }

    // ---- disconnect

    @Test
    void aRoomThatDisconnectsClosesWhoDoesNotRead() throws Exception {
        TestClient publisher = harness.connect("strict");
        TestClient slow = slow("strict");
        publish(publisher, STRICT, FLOOD);
        await().until(() -> harness.closes(CloseCode.SLOW_RECEIVER), closed -> closed == 1);
        harness.awaitGauge("porthouse.connections", 1);
        assertEnds(slow);
    }

    @Test
    void aRoomThatDisconnectsKeepsWhoReads() throws Exception {
        TestClient publisher = harness.connect("strict");
        slow("strict");
        TestClient fast = harness.connect("strict");
        Account account = new Account(fast);
        for (int i = 0; i < 40; i++) {
            publish(publisher, STRICT, FLOOD / 40);
            account.takeUpTo((i + 1L) * (FLOOD / 40));
        }
        assertThat(account.delivered).isEqualTo(FLOOD);
        assertThat(harness.closes(CloseCode.SLOW_RECEIVER)).isEqualTo(1);
    }

    private static void assertEnds(TestClient client) throws Exception {
        try {
            client.drain();
        } catch (SocketException e) {
            assertThat(e).hasMessageContaining("reset");
        }
    }

    // ---- control

    @Test
    void whoIsToldMoreThanItReadsIsClosed() throws Exception {
        String secret = "another-token-0123456789";
        putRooms(secret, RouterHarness.READ_WRITE);
        TestClient deaf = harness.dialSlow();
        deaf.hello(secret, new String[0]);
        for (int i = 0; harness.closes(CloseCode.SLOW_RECEIVER) == 0; i++) {
            assertThat(i).as("changes told to a client that reads nothing").isLessThan(1000);
            putRooms(secret, i % 2 == 0 ? Set.of(Right.READ) : RouterHarness.READ_WRITE);
            harness.refreshToken("other");
        }
        assertEnds(deaf);
    }

    /** A token that joins a hundred rooms. */
    private void putRooms(String secret, Set<Right> may) {
        List<Grant> grants = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            grants.add(new Grant(RouterHarness.ACCOUNT, "r".repeat(60) + i, false, may, true));
        }
        harness.put(secret, new TokenState("other", RouterHarness.ACCOUNT, grants, 10, null, false));
    }
}
