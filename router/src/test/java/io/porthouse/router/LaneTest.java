package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.porthouse.testkit.Seeds;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A lane against a queue of what was put into it: order and bytes, what is charged, and who holds references. */
@SuppressWarnings("ReferenceEquality") // It asks for the very buffer.
final class LaneTest {

    private static final int LARGEST_BLOCK = 16 << 10;

    /** What the lane holds at one place, as the test saw it go in. */
    private static final class Parcel {
        final ByteBuf buffer;
        final boolean isControl;

        /** What a slice pins; null for a block. */
        final ByteBuf readBuffer;

        final List<byte[]> bytes = new ArrayList<>();

        Parcel(ByteBuf buffer, boolean isControl, ByteBuf readBuffer) {
            this.buffer = buffer;
            this.isControl = isControl;
            this.readBuffer = readBuffer;
        }

        int size() {
            return bytes.stream().mapToInt(part -> part.length).sum();
        }
    }

    private final ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
    private final Charge charge = new Charge();
    private final Lane lane = new Lane(allocator, charge);
    private final Deque<Parcel> parcels = new ArrayDeque<>();
    private final List<ByteBuf> readBuffers = new ArrayList<>();

    @Test
    void itIsAQueueThatKnowsWhatItHolds() throws Exception {
        Seeds.forEach(random -> {
            LaneTest test = new LaneTest();
            for (int i = 0; i < 4; i++) {
                int bytes = 100 << random.nextInt(10);
                test.readBuffers.add(test.allocator.directBuffer(bytes).writeZero(bytes));
            }
            for (int step = 0; step < 400; step++) {
                test.step(random, random.nextInt(100));
                test.checkCharges();
            }
            test.lane.clear();
            test.parcels.clear();
            test.checkCharges();
            assertThat(test.lane.isEmpty()).isTrue();
            for (ByteBuf readBuffer : test.readBuffers) {
                assertThat(readBuffer.release()).as("no slice is held any more").isTrue();
            }
        });
    }

    private void step(Random random, int choice) {
        if (choice < 45) {
            copy(
                    random,
                    random.nextInt(3) == 0,
                    random.nextInt(50) == 0 ? random.nextInt(40_000) : random.nextInt(300));
        } else if (choice < 70) {
            slice(random, readBuffers.get(random.nextInt(random.nextBoolean() ? 1 : readBuffers.size())));
        } else if (choice < 99 || parcels.isEmpty()) {
            int polled = random.nextInt(10) == 0 ? parcels.size() + 1 : random.nextInt(3);
            for (int i = 0; i < polled; i++) {
                poll();
            }
        } else {
            lane.clear();
            parcels.clear();
        }
    }

    private void copy(Random random, boolean isControl, int bytes) {
        Parcel last = parcels.peekLast();
        boolean fits = last != null
                && last.readBuffer == null
                && last.isControl == isControl
                && last.buffer.capacity() - last.size() >= bytes;
        ByteBuf block = lane.block(isControl, bytes);
        assertThat(last != null && last.buffer == block)
                .as("the block at the end is used")
                .isEqualTo(fits);
        if (!fits) {
            assertThat(block.capacity()).isBetween(bytes, Math.max(LARGEST_BLOCK, 2 * bytes));
            last = new Parcel(block, isControl, null);
            parcels.add(last);
        }
        byte[] copied = new byte[bytes];
        random.nextBytes(copied);
        block.writeBytes(copied);
        last.bytes.add(copied);
    }

    private void slice(Random random, ByteBuf readBuffer) {
        int start = random.nextInt(readBuffer.capacity());
        int bytes = random.nextInt(readBuffer.capacity() - start);
        ByteBuf slice = readBuffer.retainedSlice(start, bytes);
        lane.addSlice(slice, readBuffer);
        Parcel parcel = new Parcel(slice, false, readBuffer);
        parcel.bytes.add(new byte[bytes]);
        parcels.add(parcel);
    }

    private void poll() {
        ByteBuf polled = lane.poll();
        Parcel first = parcels.poll();
        if (first == null) {
            assertThat(polled).isNull();
            return;
        }
        assertThat(polled).isSameAs(first.buffer);
        byte[] expected = new byte[first.size()];
        int at = 0;
        for (byte[] part : first.bytes) {
            System.arraycopy(part, 0, expected, at, part.length);
            at += part.length;
        }
        assertThat(Arrays.equals(ByteBufUtil.getBytes(polled), expected)).isTrue();
        assertThat(polled.release()).as("the lane keeps no reference").isTrue();
    }

    /** Blocks count as they are; a read buffer counts once, whole, while any slice of it is queued. */
    private void checkCharges() {
        long control = 0;
        long payload = 0;
        Set<ByteBuf> pinned = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Parcel parcel : parcels) {
            if (parcel.readBuffer != null) {
                payload += pinned.add(parcel.readBuffer) ? parcel.readBuffer.capacity() : 0;
            } else if (parcel.isControl) {
                control += parcel.buffer.capacity();
            } else {
                payload += parcel.buffer.capacity();
            }
        }
        assertThat(charge.controlBytes()).isEqualTo(control);
        assertThat(charge.bytes()).isEqualTo(payload);
        assertThat(lane.isEmpty()).isEqualTo(parcels.isEmpty());
        assertThat(lane.pushed() - lane.polled()).isEqualTo(parcels.size());
        assertThat(lane.headBytes())
                .isEqualTo(parcels.isEmpty() ? 0 : parcels.getFirst().size());
    }
}
