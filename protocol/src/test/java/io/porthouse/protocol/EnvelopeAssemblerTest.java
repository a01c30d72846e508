package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.porthouse.testkit.Seeds;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvelopeAssemblerTest {

    private static final EnvelopeKey KEY = new EnvelopeKey(-1, 65535, -2, -3);
    private static final byte[] ABC = "abcdef".getBytes(StandardCharsets.US_ASCII);

    private final Events events = new Events();
    private final EnvelopeAssembler assembler = new EnvelopeAssembler(3, events);

    @Test
    void atLeastOneEnvelopeMustBeAllowed() {
        assertThatIllegalArgumentException().isThrownBy(() -> new EnvelopeAssembler(0, events));
    }

    @Test
    void theFrameMayLieAnywhereInABufferOfManyParts() {
        ByteBuf frame = ChunkFrames.single(KEY, ABC);
        int bytes = frame.readableBytes();
        for (int cut = 0; cut <= bytes; cut++) {
            CompositeByteBuf parts = PooledByteBufAllocator.DEFAULT.compositeBuffer();
            parts.addComponent(true, Unpooled.buffer().writeZero(7));
            parts.addComponent(true, Unpooled.directBuffer().writeBytes(frame, 0, cut));
            parts.addComponent(true, Unpooled.buffer().writeBytes(frame, cut, bytes - cut));
            assembler.accept(parts, 7, bytes);
            assertThat(parts.readerIndex()).isZero();
            assertThat(parts.refCnt()).isEqualTo(1);
            parts.release();
        }
        assertThat(events.all).hasSize(2 * (bytes + 1)).contains(new Events.Complete(KEY, ByteBuffer.wrap(ABC)));
        assertThat(events.all).noneMatch(event -> event instanceof Events.Failed);
    }

    @Test
    void aSinkMayRetainItsData() {
        List<ByteBuf> kept = new ArrayList<>();
        EnvelopeAssembler keeping = new EnvelopeAssembler(1, listener(data -> kept.add(data.retain())));
        ByteBuf frame = PooledByteBufAllocator.DEFAULT.buffer().writeBytes(ChunkFrames.single(KEY, ABC));
        keeping.accept(frame, 0, frame.readableBytes());
        assertThat(frame.refCnt()).isEqualTo(2);
        frame.release();
        assertThat(kept.get(0).toString(StandardCharsets.US_ASCII)).isEqualTo("abcdef");
        kept.get(0).release();
        assertThat(frame.refCnt()).isZero();
    }

    /** A sink whose methods fail as a test wants, behind writing down how it ended. */
    private record Failing(boolean atData, boolean atEnd, List<EnvelopeFailure> ends) implements EnvelopeSink {
        @Override
        public void data(ByteBuf data) {
            if (atData) {
                throw new IllegalStateException("disk full");
            }
        }

        @Override
        public void complete() {}

        @Override
        public void failed(EnvelopeFailure reason) {
            ends.add(reason);
            if (atEnd) {
                throw new AssertionError("end " + ends.size());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatASinkThrowsComesThroughAndItsEnvelopeHasFailed(boolean again) {
        List<EnvelopeFailure> ends = new ArrayList<>();
        EnvelopeAssembler throwing = new EnvelopeAssembler(1, sinks(new Failing(true, again, ends)));
        ByteBuf first = ChunkFrames.chunk(KEY, 0, ABC, 0, 3, false, true, "");
        ByteBuf second = ChunkFrames.chunk(KEY, 1, ABC, 3, 3, true, true, "");
        assertThatIllegalStateException()
                .isThrownBy(() -> throwing.accept(first, 0, first.readableBytes()))
                .satisfies(failure -> assertThat(failure.getSuppressed()).hasSize(again ? 1 : 0));
        assertThat(ends).containsExactly(EnvelopeFailure.RECEIVER_FAILED);
        assertThat(throwing.openEnvelopes()).isZero();
        throwing.accept(second, 0, second.readableBytes());
        assertThat(throwing.ignoredChunks()).isEqualTo(1);
        assertThat(ends).hasSize(1);
    }

    @Test
    void aProgressThatFailsIsTheEndOfItsEnvelope() {
        List<EnvelopeFailure> ends = new ArrayList<>();
        EnvelopeSink counted = new Failing(false, false, ends).withProgress(bytes -> {
            throw new IllegalStateException("as the test wants it");
        });
        EnvelopeAssembler counting = new EnvelopeAssembler(1, sinks(counted));
        ByteBuf first = ChunkFrames.chunk(KEY, 0, ABC, 0, 3, false, true, "");
        assertThatIllegalStateException().isThrownBy(() -> counting.accept(first, 0, first.readableBytes()));
        assertThat(ends).containsExactly(EnvelopeFailure.RECEIVER_FAILED);
    }

    @Test
    void everyEnvelopeIsToldOfTheEndWhateverOthersThrow() {
        List<EnvelopeFailure> ends = new ArrayList<>();
        EnvelopeAssembler throwing = new EnvelopeAssembler(3, sinks(new Failing(false, true, ends)));
        for (int id = 1; id <= 3; id++) {
            ByteBuf first = ChunkFrames.chunk(new EnvelopeKey(1, 0, 1, id), 0, ABC, 0, 3, false, true, "");
            throwing.accept(first, 0, first.readableBytes());
        }
        assertThatThrownBy(throwing::end)
                .isInstanceOf(AssertionError.class)
                .hasMessage("end 1")
                .satisfies(failure -> assertThat(failure.getSuppressed())
                        .extracting(Throwable::getMessage)
                        .containsExactly("end 2", "end 3"));
        assertThat(ends).hasSize(3).containsOnly(EnvelopeFailure.CONNECTION_LOST);
        assertThat(throwing.openEnvelopes()).isZero();
    }

    @Test
    void withdrawnRoomsFailTheirEnvelopesOnly() {
        EnvelopeKey other = new EnvelopeKey(2, 0, 1, 1);
        take(ChunkFrames.chunk(KEY, 0, ABC, 0, 3, false, true, ""));
        take(ChunkFrames.chunk(other, 0, ABC, 0, 2, false, true, ""));
        assembler.endRoom(KEY.room());
        assertThat(events.all).endsWith(new Events.Failed(KEY, EnvelopeFailure.ROOM_LOST, 3));
        assertThat(assembler.openEnvelopes()).isEqualTo(1);
        take(ChunkFrames.chunk(KEY, 1, ABC, 3, 3, true, true, ""));
        assertThat(assembler.ignoredChunks()).isEqualTo(1);
        assembler.end();
        assertThat(events.all).hasSize(4).endsWith(new Events.Failed(other, EnvelopeFailure.CONNECTION_LOST, 2));
        assembler.end();
        assertThat(events.all).hasSize(4);
    }

    @Test
    void payloadsArriveWholeHoweverTheyWereCutAndMixed() throws Exception {
        Seeds.forEach(random -> {
            Events seen = new Events();
            EnvelopeAssembler all = new EnvelopeAssembler(20, seen);
            Map<EnvelopeKey, byte[]> sent = new HashMap<>();
            List<List<ByteBuf>> senders = new ArrayList<>();
            int envelopes = 1 + random.nextInt(20);
            for (int i = 0; i < envelopes; i++) {
                EnvelopeKey key = new EnvelopeKey(random.nextInt(3), random.nextInt(2), random.nextInt(3), i);
                byte[] payload = new byte[random.nextInt(5000)];
                random.nextBytes(payload);
                sent.put(key, payload);
                senders.add(ChunkFrames.envelope(key, payload, random.nextBoolean(), "", random));
            }
            for (ByteBuf frame : mix(senders, random)) {
                all.accept(frame, 0, frame.readableBytes());
            }
            assertThat(all.openEnvelopes()).isZero();
            assertThat(all.ignoredChunks()).isZero();
            Map<EnvelopeKey, byte[]> received = new HashMap<>();
            for (Events.Event event : seen.all) {
                if (event instanceof Events.Complete complete) {
                    received.put(complete.key(), complete.payload().array());
                }
            }
            assertThat(received.keySet()).isEqualTo(sent.keySet());
            received.forEach((key, payload) -> assertThat(payload).isEqualTo(sent.get(key)));
        });
    }

    /** Frames lost, doubled, swapped and with bytes changed: never an exception, and never a wrong payload taken for whole. */
    @Test
    void damageIsNeverTakenForAPayload() throws Exception {
        Seeds.forEach(random -> {
            Events seen = new Events();
            EnvelopeAssembler all = new EnvelopeAssembler(4, seen);
            Set<ByteBuffer> sent = new HashSet<>();
            List<List<ByteBuf>> senders = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                byte[] payload = new byte[random.nextInt(200)];
                random.nextBytes(payload);
                sent.add(ByteBuffer.wrap(payload));
                EnvelopeKey key = new EnvelopeKey(1, 0, random.nextInt(3), random.nextInt(3));
                senders.add(ChunkFrames.envelope(key, payload, random.nextBoolean(), "{\"name\":\"a\"}", random));
            }
            List<ByteBuf> frames = mix(senders, random);
            for (int i = 0; i < 40; i++) {
                damage(frames, random);
            }
            for (ByteBuf frame : frames) {
                all.accept(frame, 0, frame.readableBytes());
                assertThat(all.openEnvelopes()).isEqualTo(seen.open.size()).isLessThanOrEqualTo(4);
            }
            for (Events.Event event : seen.all) {
                if (event instanceof Events.Complete complete) {
                    assertThat(sent).contains(complete.payload());
                }
            }
            all.end();
            assertThat(seen.open).isEmpty();
        });
    }

    @ParameterizedTest
    @EnumSource(EnvelopeFailure.class)
    void collectorPassesFailuresOn(EnvelopeFailure reason) {
        List<Object> ends = new ArrayList<>();
        EnvelopeCollector collector = new EnvelopeCollector(10, ends::add, ends::add);
        collector.data(Unpooled.wrappedBuffer(ABC));
        collector.failed(reason);
        assertThat(ends).containsExactly(reason);
    }

    @Test
    void collectorCollectsUpToItsLimit() {
        List<Object> ends = new ArrayList<>();
        EnvelopeCollector collector = new EnvelopeCollector(12, ends::add, ends::add);
        ByteBuf data = Unpooled.wrappedBuffer(ABC);
        collector.data(data);
        collector.data(data);
        assertThat(ends).isEmpty();
        collector.complete();
        assertThat(ends).containsExactly("abcdefabcdef".getBytes(StandardCharsets.US_ASCII));
        assertThat(data.readableBytes()).isEqualTo(6);
    }

    @Test
    void collectorReportsOnceThatItIsTooMuch() {
        List<Object> ends = new ArrayList<>();
        EnvelopeCollector collector = new EnvelopeCollector(11, ends::add, ends::add);
        collector.data(Unpooled.wrappedBuffer(ABC));
        collector.data(Unpooled.wrappedBuffer(ABC));
        collector.data(Unpooled.wrappedBuffer(ABC));
        collector.complete();
        assertThat(ends).containsExactly(EnvelopeFailure.TOO_LARGE);
    }

    @Test
    void collectorOfNothing() {
        List<byte[]> whole = new ArrayList<>();
        EnvelopeCollector collector = new EnvelopeCollector(0, whole::add, reason -> {});
        collector.complete();
        assertThat(whole).containsExactly(new byte[0]);
    }

    private void take(ByteBuf frame) {
        assembler.accept(frame, 0, frame.readableBytes());
    }

    private interface DataHandler {
        void data(ByteBuf data);
    }

    private static EnvelopeListener listener(DataHandler handler) {
        return sinks(new EnvelopeSink() {
            @Override
            public void data(ByteBuf data) {
                handler.data(data);
            }

            @Override
            public void complete() {}

            @Override
            public void failed(EnvelopeFailure reason) {
                throw new AssertionError(reason);
            }
        });
    }

    /** Feeds every envelope to the same sink. */
    private static EnvelopeListener sinks(EnvelopeSink sink) {
        return new EnvelopeListener() {
            @Override
            public EnvelopeSink begin(EnvelopeKey key, long totalBytes, boolean text, EnvelopeMetadata metadata) {
                return sink;
            }

            @Override
            public void refused(EnvelopeKey key, EnvelopeFailure reason) {
                throw new AssertionError(reason);
            }
        };
    }

    /** The frames of all senders in one order, which keeps that of each. */
    private static List<ByteBuf> mix(List<List<ByteBuf>> senders, Random random) {
        List<Integer> turns = new ArrayList<>();
        for (int i = 0; i < senders.size(); i++) {
            turns.addAll(Collections.nCopies(senders.get(i).size(), i));
        }
        Collections.shuffle(turns, random);
        int[] next = new int[senders.size()];
        List<ByteBuf> mixed = new ArrayList<>();
        for (int sender : turns) {
            mixed.add(senders.get(sender).get(next[sender]++));
        }
        return mixed;
    }

    private static void damage(List<ByteBuf> frames, Random random) {
        int at = random.nextInt(frames.size());
        int other = random.nextInt(frames.size());
        ByteBuf frame = frames.get(at);
        switch (random.nextInt(6)) {
            case 0 -> frames.remove(at);
            case 1 -> frames.add(other, frame);
            case 2 -> Collections.swap(frames, at, other);
            case 3 -> {
                ByteBuf changed = frame.copy();
                int index = Frame.FLAGS_OFFSET + random.nextInt(frame.readableBytes() - Frame.FLAGS_OFFSET);
                changed.setByte(index, changed.getByte(index) ^ (1 << random.nextInt(8)));
                frames.set(at, changed);
            }
            case 4 -> {
                int kept = Frame.HEADER_BYTES + random.nextInt(frame.readableBytes() - Frame.HEADER_BYTES + 1);
                frames.set(at, frame.copy(0, kept).setInt(0, kept - Frame.LENGTH_FIELD_BYTES));
            }
            default ->
                frames.add(other, ChunkFrames.cancel(new EnvelopeKey(1, 0, random.nextInt(3), random.nextInt(3))));
        }
    }
}
