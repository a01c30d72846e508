package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How chunks share one connection: with messages, among rooms, and among the envelopes of a room. */
final class ChunkLaneTest {

    private static final int CHUNK_BYTES = 16 << 10;

    private ManualRouter router;
    private ManualPeer reader;
    private ManualPeer sender;

    @BeforeEach
    void start() {
        router = new ManualRouter(new TestSettings().outboxBytes(256L << 20).build(), name -> RoomRules.DEFAULT);
        reader = router.connect(0, "one", "two");
        sender = router.connect(0, "one", "two");
    }

    @AfterEach
    void stop() {
        router.close();
    }

    /** Sends so many chunks of an envelope, to a reader that takes none of them yet. */
    private void queue(ManualPeer from, String room, int envelope, int chunks, int chunkBytes) {
        reader.stall(true);
        int handle = from.handle(room);
        for (int i = 0; i < chunks; i++) {
            byte[] data = new byte[chunkBytes];
            from.send(i == 0 ? Chunks.first(handle, envelope, data) : Chunks.next(handle, envelope, i, data));
        }
    }

    private List<Received> takeAll() {
        reader.stall(false);
        router.run();
        return reader.take();
    }

    /** By key, how many bytes of the others had come when the last of it came. */
    private static Map<Object, Integer> ends(List<Received> frames, java.util.function.Function<Received, Object> key) {
        Map<Object, Integer> ends = new HashMap<>();
        int bytes = 0;
        for (Received frame : frames) {
            bytes += frame.body().length;
            ends.put(key.apply(frame), bytes);
        }
        return ends;
    }

    private static void assertEndTogether(Map<Object, Integer> ends, int count) {
        assertThat(ends).hasSize(count);
        int last = ends.values().stream().mapToInt(Integer::intValue).max().orElseThrow();
        assertThat(ends.values()).allSatisfy(end -> assertThat(end).isGreaterThan(last / 10 * 9));
    }

    @Test
    void equalEnvelopesEndTogetherHoweverTheyCame() {
        for (int envelope = 1; envelope <= 8; envelope++) {
            queue(sender, "one", envelope, 256, CHUNK_BYTES);
        }
        assertEndTogether(ends(takeAll(), Chunks::envelope), 8);
    }

    /** Here the lane alone: all runs of an envelope are the same bytes, so that 64 MiB cost one. */
    @Test
    void sixtyFourEqualEnvelopesEndTogether() {
        int envelopes = 64;
        ChunkLane lane = new ChunkLane(router.node.memory.allocator());
        Membership member = reader.session.rooms.resolve(reader.handle("one"));
        ByteBuf block = router.node.memory.allocator().directBuffer(envelopes * CHUNK_BYTES);
        block.writeZero(block.capacity());
        SharedSlice slice = new SharedSlice();
        for (int envelope = 0; envelope < envelopes; envelope++) {
            int start = envelope * CHUNK_BYTES;
            block.setInt(start, envelope);
            for (int i = 0; i < 64; i++) {
                Run run = Run.ofChunks(block, start, CHUNK_BYTES, sender.session, envelope, i == 0, i == 63);
                slice.open(run);
                lane.add(member, run, false, slice, 0);
                slice.close();
                run.discard();
            }
        }
        Map<Object, Integer> ends = new HashMap<>();
        for (int sent = 1; !lane.isEmpty(); sent++) {
            ByteBuf chunk = lane.poll(0);
            ends.put(chunk.getInt(chunk.readerIndex()), sent);
            chunk.release();
        }
        assertEndTogether(ends, envelopes);
        block.release();
    }

    @Test
    void smallChunksGetAsManyBytesAsLargeOnes() {
        queue(sender, "one", 1, 16, 256 << 10);
        queue(sender, "one", 2, 1024, 4 << 10);
        assertEndTogether(ends(takeAll(), Chunks::envelope), 2);
    }

    @Test
    void roomsShareHoweverManyEnvelopesEachHas() {
        for (int envelope = 1; envelope <= 16; envelope++) {
            queue(sender, "one", envelope, 16, CHUNK_BYTES);
        }
        queue(sender, "two", 99, 256, CHUNK_BYTES);
        assertEndTogether(ends(takeAll(), Received::room), 2);
    }

    @Test
    void messagesOvertakeChunksButDoNotStopThem() {
        queue(sender, "one", 1, 64, CHUNK_BYTES);
        byte[] message = TestClient.frame(FrameType.ENVELOPE, 0, sender.handle("one"), 0, new byte[CHUNK_BYTES]);
        for (int i = 0; i < 200; i++) {
            sender.send(message);
        }
        List<Received> frames = takeAll();
        assertThat(frames).hasSize(264);
        List<Integer> chunksAt = new ArrayList<>();
        int lastMessage = 0;
        for (int i = 0; i < frames.size(); i++) {
            if (Chunks.isChunk(frames.get(i))) {
                chunksAt.add(i);
            } else {
                lastMessage = i;
            }
        }
        int messagesEnd = lastMessage;
        long between = chunksAt.stream().filter(at -> at < messagesEnd).count();
        assertThat(between).as("chunks before the last of 200 messages").isBetween(20L, 40L);
    }

    @Test
    void theCancelTakesThePlaceOfWhatIsQueued() {
        queue(sender, "one", 1, 100, CHUNK_BYTES);
        queue(sender, "one", 2, 10, CHUNK_BYTES);
        long before = router.node.memory.usedBytes();
        sender.send(Chunks.cancel(sender.handle("one"), 1));
        assertThat(router.node.memory.usedBytes()).as("given back").isLessThan(before - 60 * CHUNK_BYTES);
        List<Received> first =
                takeAll().stream().filter(frame -> Chunks.envelope(frame) == 1).toList();
        assertThat(Chunks.isCancel(first.get(first.size() - 1))).isTrue();
        for (int i = 0; i < first.size() - 1; i++) {
            assertThat(Chunks.index(first.get(i))).isEqualTo(i);
        }
    }

    @Test
    void whoWasSentNothingOfAnEnvelopeGetsItsBeginningBeforeTheCancel() {
        queue(sender, "one", 1, 20, CHUNK_BYTES);
        queue(sender, "one", 2, 10, CHUNK_BYTES);
        sender.send(Chunks.cancel(sender.handle("one"), 2));
        List<Received> second =
                takeAll().stream().filter(frame -> Chunks.envelope(frame) == 2).toList();
        assertThat(second).extracting(Chunks::index).containsExactly(0, Chunks.CANCEL_INDEX);
    }

    @Test
    void anIdThatIsUsedAgainComesBehindItsLastUse() {
        int room = sender.handle("one");
        queue(sender, "one", 1, 20, CHUNK_BYTES);
        sender.send(Chunks.last(room, 1, 20, 0, new byte[1], new byte[1]));
        sender.send(Chunks.first(room, 1, new byte[1]), Chunks.cancel(room, 1));
        sender.send(Chunks.last(room, 1, 0, 0, new byte[1], new byte[1]));
        List<Received> frames = takeAll();
        List<Integer> indices = frames.stream().map(Chunks::index).toList();
        assertThat(indices.subList(0, 21)).isSorted();
        assertThat(indices.subList(21, indices.size())).containsExactly(0, Chunks.CANCEL_INDEX, 0);
        assertThat(frames)
                .filteredOn(frame -> Chunks.isLast(frame) && !Chunks.isCancel(frame))
                .hasSize(2);
    }

    @Test
    void withTheRoomGoesWhatIsQueuedOfIt() {
        queue(sender, "one", 1, 40, CHUNK_BYTES);
        queue(sender, "two", 2, 40, CHUNK_BYTES);
        long before = router.node.memory.usedBytes();
        reader.send(TestClient.frame(FrameType.LEAVE, 0, reader.handle("one"), 9, new byte[0]));
        assertThat(router.node.memory.usedBytes()).as("given back").isLessThan(before - 20 * CHUNK_BYTES);
        List<Received> frames = takeAll();
        List<Received> one = frames.stream()
                .filter(frame -> frame.room() == reader.handle("one"))
                .toList();
        assertThat(one.get(one.size() - 1).type()).isEqualTo(FrameType.WITHDRAWN);
        assertThat(Chunks.isCancel(one.get(one.size() - 2))).isTrue();
        assertThat(frames.stream().filter(frame -> frame.room() == reader.handle("two")))
                .hasSize(40);
    }

    @Test
    void eachCancelThatIsToldIsCounted() {
        int room = sender.handle("one");
        queue(sender, "one", 1, 6, CHUNK_BYTES);
        sender.send(Chunks.last(room, 1, 6, 0, new byte[1], 0));
        queue(sender, "one", 2, 6, CHUNK_BYTES);
        queue(sender, "one", 3, 6, CHUNK_BYTES);
        sender.send(Chunks.cancel(room, 3));
        reader.send(TestClient.frame(FrameType.LEAVE, 0, reader.handle("one"), 9, new byte[0]));
        List<Received> cancels = takeAll().stream()
                .filter(frame -> Chunks.isChunk(frame) && Chunks.isCancel(frame))
                .toList();
        assertThat(cancels).extracting(Chunks::envelope).containsExactly(1);
        // The third's was queued too, until it was given up with the rest.
        assertThat(router.node.puddles()[0].stats.cancelledEnvelopes.get()).isEqualTo(2);
    }

    @Test
    void manySmallEnvelopesAreChargedWithWhatTheyKeepOnTheHeap() {
        ChunkLane lane = new ChunkLane(router.node.memory.allocator());
        Membership member = reader.session.rooms.resolve(reader.handle("one"));
        ByteBuf block = router.node.memory.allocator().directBuffer(60).writeZero(60);
        for (int id = 0; id < 100; id++) {
            Run run = Run.ofChunks(block, 0, 60, sender.session, id, true, true);
            lane.add(member, run, true, router.node.puddles()[0].sharedSlice, 0);
            run.discard();
        }
        assertThat(lane.chargedBytes()).isGreaterThan(100 * (256 + 256));
        for (int sent = 0; sent < 50; sent++) {
            lane.poll(0).release();
        }
        assertThat(lane.chargedBytes()).isGreaterThan(50 * (256 + 256));
        lane.clear();
        assertThat(lane.chargedBytes()).isZero();
        block.release();
    }

    @Test
    void whoIsSentAwayIsSentItsChunksFirst() {
        queue(sender, "one", 1, 20, CHUNK_BYTES);
        var unused = router.node.puddles()[0].sessions.sendAway(0);
        router.run();
        List<Received> frames = takeAll();
        assertThat(frames.subList(0, 20)).extracting(Chunks::index).isSorted();
        assertThat(frames.get(20).type()).isEqualTo(FrameType.CLOSE);
    }

    @Test
    void whoIsDoneIsSentWholeEnvelopesAndTheCancelOfAnother() {
        int room = sender.handle("one");
        queue(sender, "one", 1, 20, CHUNK_BYTES);
        sender.send(Chunks.last(room, 1, 20, 0, new byte[1], new byte[1]));
        queue(sender, "one", 2, 20, CHUNK_BYTES);
        reader.endInput();
        List<Received> frames = takeAll();
        assertThat(frames.stream().filter(frame -> Chunks.envelope(frame) == 1)).hasSize(21);
        assertThat(frames.stream().filter(frame -> Chunks.envelope(frame) == 2).map(Chunks::index))
                .last()
                .isEqualTo(Chunks.CANCEL_INDEX);
    }

    @Test
    void theLossOfAnEnvelopeLeavesTheLastUseOfItsIdAlone() {
        router.close();
        router = new ManualRouter(
                new TestSettings().outboxBytes(1 << 20).build(),
                name -> TestRules.with(rules -> rules.envelopeOverflow = Overflow.DROP));
        reader = router.connect(0, "one");
        sender = router.connect(0, "one");
        int room = sender.handle("one");
        queue(sender, "one", 1, 8, CHUNK_BYTES);
        sender.send(Chunks.last(room, 1, 8, 0, new byte[1], new byte[1]));
        queue(sender, "one", 2, 20, CHUNK_BYTES);
        sender.send(Chunks.first(room, 1, new byte[128 << 10]));
        List<Integer> first = takeAll().stream()
                .filter(frame -> Chunks.envelope(frame) == 1)
                .map(Chunks::index)
                .toList();
        assertThat(first).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, Chunks.CANCEL_INDEX);
    }

    @Test
    void aRoomDoesNotWaitForWhatAnotherQueuesForTheSameMember() {
        long mark = 4 << 20;
        router.close();
        router = new ManualRouter(new TestSettings().outboxBytes(4 * mark).build(), name -> RoomRules.DEFAULT);
        reader = router.connect(0, "one", "two");
        sender = router.connect(0, "one");
        ManualPeer steady = router.connect(0, "two");
        queue(sender, "one", 1, 400, CHUNK_BYTES);
        assertThat(sender.isRead()).as("the first sender is read").isFalse();
        int before = sender.unread();
        int sent = 0;
        for (int i = 0; i < 1000 && sender.unread() == before; i++) {
            byte[] data = new byte[CHUNK_BYTES];
            int room = steady.handle("two");
            while (router.node.puddles()[0].stats.chunkLagBytes.get() < mark / 8 * 7) {
                steady.send(sent == 0 ? Chunks.first(room, 2, data) : Chunks.next(room, 2, sent, data));
                sent++;
            }
            reader.takeSome(1);
        }
        assertThat(steady.isRead()).as("the steady sender is read").isTrue();
        assertThat(sender.unread()).as("what the first sender waits with").isLessThan(before);
        reader.stall(false);
    }

    @Test
    void aReadBufferThatManyEnvelopesPinCountsOnce() {
        Charge charge = new Charge();
        ByteBuf first = router.node.memory.allocator().directBuffer(1000);
        ByteBuf second = router.node.memory.allocator().directBuffer(500);
        charge.pin(first);
        charge.pin(second);
        charge.pin(first);
        assertThat(charge.bytes()).isEqualTo(first.capacity() + second.capacity());
        charge.unpin(first);
        charge.unpin(second);
        assertThat(charge.bytes()).isEqualTo(first.capacity());
        charge.unpin(first);
        assertThat(charge.bytes()).isZero();
        first.release();
        second.release();
    }

    /** Gives out buffers that count how often anybody has looked at what is in them. */
    private static final class Looks extends AbstractByteBufAllocator {
        private long count;

        @Override
        protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
            throw new UnsupportedOperationException();
        }

        @Override
        protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
            return new UnpooledDirectByteBuf(this, initialCapacity, maxCapacity) {
                @Override
                public int readableBytes() {
                    count++;
                    return super.readableBytes();
                }
            };
        }

        @Override
        public boolean isDirectBufferPooled() {
            return false;
        }
    }

    @Test
    void manyUsesOfOneIdAreSentWithoutLookingThroughThem() {
        int uses = 2_000;
        Looks looks = new Looks();
        ChunkLane lane = new ChunkLane(looks);
        Membership member = reader.session.rooms.resolve(reader.handle("one"));
        ByteBuf block = router.node.memory.allocator().directBuffer(60).writeZero(60);
        Run run = Run.ofChunks(block, 0, 60, sender.session, 1, true, true);
        for (int i = 0; i < uses; i++) {
            lane.add(member, run, true, router.node.puddles()[0].sharedSlice, 0);
        }
        looks.count = 0;
        for (int i = 0; i < uses; i++) {
            lane.poll(0).release();
        }
        assertThat(lane.isEmpty()).isTrue();
        assertThat(looks.count).isLessThan(20L * uses);
        run.discard();
        block.release();
    }

    @Test
    void theEnvelopesOfOneIdTogetherGetNoLessThanAnotherEnvelope() {
        queue(sender, "one", 1, 64, CHUNK_BYTES);
        int room = sender.handle("one");
        for (int i = 0; i < 64; i++) {
            sender.send(Chunks.last(room, 2, 0, 0, new byte[CHUNK_BYTES], 0));
        }
        assertEndTogether(ends(takeAll(), Chunks::envelope), 2);
    }
}
