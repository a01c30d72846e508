package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import io.porthouse.testkit.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a session that stops taking is still sent, what it loses and is told of, and what it may cost. */
final class OutboxTest {

    private static final List<String> ROOMS = List.of("x", "y");
    private static final RouterSettings TIGHT =
            new TestSettings().outboxBytes(64 << 10).build();

    /** Of the smallest outbox: messages, the read buffer that the last slice pins, and what Netty holds. */
    private static final long MOST_BYTES = (48 << 10) + ReadBlocks.BLOCK_BYTES + (64 << 10) + (20 << 10);

    private int gaps;

    /** One who takes or does not, and where it stands in each room. */
    private static final class Member {
        final ManualPeer peer;
        final Map<Integer, Long> cursors = new HashMap<>();
        boolean stalled;

        Member(ManualPeer peer) {
            this.peer = peer;
        }
    }

    @Test
    void whatIsNotSentIsToldExactly() throws Exception {
        Seeds.forEach(random -> {
            try (ManualRouter router = new ManualRouter(TIGHT, name -> RoomRules.DEFAULT)) {
                Shallow.run(() -> lose(router, random));
            }
        });
        assertThat(gaps).as("episodes of loss in all").isGreaterThan(25);
    }

    private void lose(ManualRouter router, Random random) {
        ManualPeer publisher = router.connect(0, "x", "y");
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            members.add(new Member(router.connect(i % 2, "x", "y")));
        }
        Map<Integer, Long> published = new HashMap<>();
        for (int step = 0; step < 100; step++) {
            Member member = members.get(random.nextInt(members.size()));
            if (random.nextInt(4) == 0) {
                member.stalled = !member.stalled;
                member.peer.stall(member.stalled);
            } else {
                int room = publisher.handle(ROOMS.get(random.nextInt(2)));
                byte[][] frames = new byte[1 + random.nextInt(6)][];
                for (int i = 0; i < frames.length; i++) {
                    byte[] body = new byte[random.nextInt(random.nextBoolean() ? 200 : 12_000)];
                    frames[i] = TestClient.frame(FrameType.ENVELOPE, 0, room, 0, body);
                    published.merge(room, 1L, Long::sum);
                }
                publisher.send(TestClient.concat(frames));
            }
            for (Member each : members) {
                take(each);
                assertThat(each.peer.session.outbox.lagBytes()).isLessThanOrEqualTo(MOST_BYTES);
            }
        }
        for (Member member : members) {
            member.peer.stall(false);
            take(member);
            assertThat(member.cursors).as("all is accounted for").isEqualTo(published);
        }
        long delivered = 0;
        long dropped = 0;
        for (Puddle puddle : router.node.puddles()) {
            delivered += puddle.stats.deliveredMessages.get();
            dropped += puddle.stats.droppedMessages.get();
            gaps += (int) puddle.stats.gaps.get();
        }
        long all = published.values().stream().mapToLong(Long::longValue).sum();
        assertThat(delivered + dropped).isEqualTo(members.size() * all);
    }

    /** Each message follows the one before it, or a GAP that leads from there to here. */
    private static void take(Member member) {
        for (Received frame : member.peer.take()) {
            long cursor = member.cursors.getOrDefault(frame.room(), 0L);
            if (frame.type() == FrameType.GAP) {
                ByteBuffer body = frame.buffer();
                assertThat(body.getLong()).isEqualTo(cursor + 1);
                long last = body.getLong();
                assertThat(body.getLong()).isEqualTo(last - cursor).isPositive();
                member.cursors.put(frame.room(), last);
            } else {
                assertThat(frame.type()).isEqualTo(FrameType.ENVELOPE);
                assertThat(frame.sequence()).isEqualTo(cursor + 1);
                member.cursors.put(frame.room(), frame.sequence());
            }
        }
    }

    @Test
    void whoTakesAllInTimeLosesNothingByATightBudget() {
        RoomRules strict = TestRules.with(rules -> {
            rules.overflow = Overflow.DISCONNECT;
            rules.envelopeOverflow = Overflow.DISCONNECT;
        });
        try (ManualRouter router = new ManualRouter(TIGHT, name -> strict)) {
            ManualPeer publisher = router.connect(0, "x");
            ManualPeer member = router.connect(1, "x");
            int room = publisher.handle("x");
            byte[][] frames = new byte[60][];
            for (int i = 0; i < 30; i++) {
                frames[2 * i] = TestClient.frame(FrameType.ENVELOPE, 0, room, 0, new byte[9_000]);
                frames[2 * i + 1] = TestClient.chunk(0, room, 0, 1, i, new byte[9_000]);
            }
            publisher.send(TestClient.concat(frames));
            assertThat(member.take()).hasSize(60).extracting(Received::type).containsOnly(FrameType.ENVELOPE);
        }
    }

    @Test
    void anEmptyOutboxTakesAnyOneRun() {
        try (ManualRouter router = new ManualRouter(TIGHT, name -> RoomRules.DEFAULT)) {
            ManualPeer publisher = router.connect(0, "x");
            ManualPeer member = router.connect(1, "x");
            member.stall(true);
            int room = publisher.handle("x");
            // The first goes to Netty, the second waits, the third does not fit any more.
            for (int i = 0; i < 3; i++) {
                publisher.send(TestClient.frame(FrameType.ENVELOPE, 0, room, 0, new byte[200_000]));
            }
            member.stall(false);
            List<Received> got = member.take();
            assertThat(got)
                    .extracting(Received::type)
                    .containsExactly(FrameType.ENVELOPE, FrameType.ENVELOPE, FrameType.GAP);
        }
    }

    @Test
    void answersOvertakeMessages() {
        try (ManualRouter router = new ManualRouter(RouterHarness.settings(), name -> RoomRules.DEFAULT)) {
            ManualPeer publisher = router.connect(0, "x");
            ManualPeer member = router.connect(1, "x");
            member.stall(true);
            int room = publisher.handle("x");
            for (int i = 0; i < 10; i++) {
                publisher.send(TestClient.frame(FrameType.ENVELOPE, 0, room, 0, new byte[60_000]));
            }
            member.send(TestClient.frame(FrameType.PING, 0, 0, 7, new byte[0]));
            member.stall(false);
            List<Received> got = member.take();
            int pong = got.stream().map(Received::type).toList().indexOf(FrameType.PONG);
            // Behind what Netty had taken, which is at most its high mark and one more.
            assertThat(pong).isBetween(0, 2);
            assertThat(got).hasSize(11);
        }
    }

    @Test
    void aBacklogOfChunksGoesInSharesWithTheMessagesOfOthersBetween() {
        try (ManualRouter router = new ManualRouter(RouterHarness.settings(), name -> RoomRules.DEFAULT)) {
            ManualPeer publisher = router.connect(1, "x", "y");
            ManualPeer member = router.connect(0, "x");
            ManualPeer neighbour = router.connect(0, "y");
            member.stall(true);
            for (int i = 0; i < 10; i++) {
                publisher.send(TestClient.chunk(0, publisher.handle("x"), 0, 1, i, new byte[100_000]));
            }
            member.takeOn();
            router.run(0);
            publisher.read(TestClient.message(publisher.handle("y"), "next door"));
            router.run(1);
            router.run(0);
            assertThat(neighbour.take()).extracting(Received::text).containsExactly("next door");
            // What Netty had, and a share each time: each ends with the buffer that exceeds it.
            int some = member.take().size();
            assertThat(some).isBetween(3, 6);
            router.run();
            assertThat(member.take()).hasSize(10 - some);
        }
    }

    @Test
    void whoDoesNotTakeItsAnswersIsNotReadUntilItDoes() {
        try (ManualRouter router = new ManualRouter(RouterHarness.settings(), name -> RoomRules.DEFAULT)) {
            ManualPeer peer = router.connect(0);
            peer.stall(true);
            int pieces = 30;
            // Of an unknown type: each is answered by a frame three times as long.
            byte[][] unknown = new byte[100][];
            Arrays.fill(unknown, TestClient.frame((byte) 0x7F, 0, 0, 1, new byte[0]));
            for (int i = 0; i < pieces; i++) {
                peer.send(TestClient.concat(unknown));
            }
            assertThat(peer.isRead()).isFalse();
            assertThat(peer.unread()).as("pieces left in the socket").isBetween(1, pieces - 5);
            assertThat(peer.session.outbox.lagBytes()).isLessThan(3 * Outbox.HIGH_CONTROL_BYTES);
            peer.stall(false);
            assertThat(peer.isRead()).isTrue();
            assertThat(peer.take())
                    .hasSize(100 * pieces)
                    .extracting(Received::type)
                    .containsOnly(FrameType.ERROR);
        }
    }

    // ---- envelopes that are cut short

    private static final RoomRules DROP_CHUNKS = TestRules.with(rules -> rules.envelopeOverflow = Overflow.DROP);

    /** A member that has stalled with its lane of chunks full, so that it loses each envelope that is begun now. */
    private static ManualPeer stallFull(ManualRouter router, ManualPeer publisher) {
        ManualPeer member = router.connect(1, "x");
        member.stall(true);
        int room = publisher.handle("x");
        for (int i = 0; i < 6; i++) {
            publisher.send(Chunks.last(room, 1, 0, 0, new byte[60_000], 0));
        }
        return member;
    }

    /** As many envelopes of one small chunk each, in one piece. */
    private static byte[] envelopes(int room, int firstId, int count, boolean sameId) {
        byte[][] frames = new byte[count][];
        for (int i = 0; i < count; i++) {
            frames[i] = Chunks.last(room, sameId ? firstId : firstId + i, 0, 0, new byte[9], 0);
        }
        return TestClient.concat(frames);
    }

    @Test
    void whoLosesWholeEnvelopesIsToldOfEachAsLongAsThatTakesLittle() {
        try (ManualRouter router = new ManualRouter(TIGHT, name -> DROP_CHUNKS)) {
            ManualPeer publisher = router.connect(0, "x");
            ManualPeer member = stallFull(router, publisher);
            int room = publisher.handle("x");
            // The last ones have the id of an envelope that is still queued, and come behind it.
            long before = member.session.outbox.lagBytes();
            publisher.send(envelopes(room, 100, 2_500, false), envelopes(room, 1, 50, true));
            // It did nothing to provoke that, so it is heard.
            member.send(TestClient.frame(FrameType.PING, 0, 0, 7, new byte[0]));
            assertThat(member.session.gate.isSuspended()).isFalse();
            assertThat(member.session.outbox.lagBytes()).isLessThan(before + (128 << 10));
            member.stall(false);
            Map<Integer, Integer> cancels = new HashMap<>();
            for (Received frame : member.take()) {
                if (Chunks.isCancel(frame)) {
                    cancels.merge(Chunks.envelope(frame), 1, Integer::sum);
                }
            }
            assertThat(cancels).as("envelopes told of").hasSize(2_501).containsEntry(500, 1);
            assertThat(cancels.get(1)).isBetween(50, 56);
            assertThat(router.node.puddles()[1].stats.cancelledEnvelopes.get()).isEqualTo(2_500 + cancels.get(1));
            assertThat(router.closes).isEmpty();
        }
    }

    @Test
    void whoLosesWholeEnvelopesWithoutEndIsClosed() throws Exception {
        for (boolean sameId : List.of(false, true)) {
            try (ManualRouter router = new ManualRouter(TIGHT, name -> DROP_CHUNKS)) {
                Shallow.run(() -> loseEnvelopes(router, sameId));
            }
        }
    }

    private static void loseEnvelopes(ManualRouter router, boolean sameId) {
        ManualPeer publisher = router.connect(0, "x");
        ManualPeer member = stallFull(router, publisher);
        long before = member.session.outbox.lagBytes();
        long most = 0;
        for (int i = 0; i < 40 && router.closes.isEmpty(); i++) {
            publisher.send(envelopes(publisher.handle("x"), sameId ? 1 : 1_000 * i + 10, 500, sameId));
            most = Math.max(most, member.session.outbox.lagBytes());
        }
        assertThat(router.closes).containsExactly(CloseCode.SLOW_RECEIVER);
        assertThat(most).isLessThan(before + 3 * Outbox.MAX_CONTROL_BYTES);
    }

    @Test
    void whatWholeEnvelopesThatAreLostCostStaysSmallWhileMemoryIsShort() {
        RouterSettings settings = new TestSettings().memoryBytes(1 << 20).build();
        try (ManualRouter router = new ManualRouter(settings, name -> DROP_CHUNKS)) {
            ManualPeer publisher = router.connect(0, "x");
            ManualPeer member = stallFull(router, publisher);
            ByteBuf hog = router.node.memory.allocator().directBuffer(2 << 20);
            router.pass(Puddle.TICK_MILLIS);
            long before = router.node.memory.usedBytes();
            publisher.send(envelopes(publisher.handle("x"), 100, 500, false));
            assertThat(router.closes).containsExactly(CloseCode.SLOW_RECEIVER);
            assertThat(router.node.memory.usedBytes()).isLessThan(before + ReadBlocks.BLOCK_BYTES);
            assertThat(member.isOpen()).isTrue();
            hog.release();
        }
    }

    @Test
    void cancelsOfOneRoundCostWhoReadsNoWriteEach() {
        try (ManualRouter router = new ManualRouter(RouterHarness.settings(), name -> RoomRules.DEFAULT)) {
            ManualPeer publisher = router.connect(0, "x");
            ManualPeer member = router.connect(1, "x");
            int room = publisher.handle("x");
            byte[][] pairs = new byte[200][];
            for (int i = 0; i < pairs.length; i += 2) {
                pairs[i] = Chunks.first(room, i, new byte[9]);
                pairs[i + 1] = Chunks.cancel(room, i);
            }
            int before = member.writes();
            publisher.send(TestClient.concat(pairs));
            List<Received> frames = member.take();
            assertThat(frames).hasSize(200);
            assertThat(frames.stream().filter(Chunks::isCancel)).hasSize(100);
            assertThat(member.writes() - before).as("writes").isLessThan(5);
            assertThat(router.node.puddles()[1].stats.deliveredChunkRuns.get()).isEqualTo(100);
            assertThat(router.node.puddles()[1].stats.cancelledEnvelopes.get()).isEqualTo(100);
        }
    }

    @Test
    void aRoomGoesOnWhenNothingOfItIsQueuedThoughTheMemberTakesNothing() {
        try (ManualRouter router = new ManualRouter(TIGHT, name -> RoomRules.DEFAULT)) {
            ManualPeer first = router.connect(0, "x");
            ManualPeer second = router.connect(0, "x");
            ManualPeer member = router.connect(1, "x");
            member.stall(true);
            int room = first.handle("x");
            for (int i = 0; i < 6; i++) {
                byte[] data = new byte[60_000];
                first.send(i == 0 ? Chunks.first(room, 1, data) : Chunks.next(room, 1, i, data));
            }
            second.send(Chunks.first(room, 2, new byte[9]), Chunks.next(room, 2, 1, new byte[9]));
            assertThat(second.isRead()).as("the second publisher is read").isFalse();
            first.breakOff();
            assertThat(second.isRead()).as("the second publisher is read").isTrue();
        }
    }
}
