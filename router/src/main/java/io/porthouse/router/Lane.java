package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A queue of buffers on their way to one socket, first in, first out. Small things are copied together into the block at its
 * end while that has not been fed to the socket; large ones are queued as slices. Confined to its session's loop.
 *
 * <p>Each buffer carries a {@link Kind} and the bytes that it is charged with, so that the outbox knows what it holds.
 */
final class Lane {

    /** What a queued buffer counts as. */
    enum Kind {
        CONTROL(0),
        MESSAGES(1),
        CHUNKS(2);

        private final byte index;

        Kind(int index) {
            this.index = (byte) index;
        }
    }

    private static final int FIRST_PARCELS = 4;
    private static final int KEPT_PARCELS = 64;
    private static final int SMALLEST_BLOCK = 256;
    private static final int LARGEST_BLOCK = 16 << 10;
    private static final int KINDS = Kind.values().length;

    private final ByteBufAllocator allocator;

    /** Rings of equal, power-of-two length; null while the lane was never used or has been emptied after a crowd. */
    private ByteBuf @Nullable [] buffers;

    private int[] charges = {};
    private byte[] kinds = {};
    private int head;
    private int size;

    /** Bytes charged, by {@link Kind#index}. */
    private final long[] charged = new long[KINDS];

    /** The last buffer, while more may be copied into it. */
    private @Nullable ByteBuf openBlock;

    private Kind openKind = Kind.CONTROL;
    private int nextBlockBytes = SMALLEST_BLOCK;

    /** The read buffer that the last slice pins; null if the last one is not a slice. */
    private @Nullable ByteBuf pinned;

    Lane(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    boolean isEmpty() {
        return size == 0;
    }

    long chargedBytes(Kind kind) {
        return charged[kind.index];
    }

    long chargedBytes() {
        long sum = 0;
        for (long bytes : charged) {
            sum += bytes;
        }
        return sum;
    }

    /**
     * Returns the block at the end, with place for {@code bytes} more of this kind; the caller appends to it at once. The
     * lane keeps the reference.
     */
    ByteBuf block(Kind kind, int bytes) {
        ByteBuf block = openBlock;
        if (block != null && openKind == kind && block.writableBytes() >= bytes) {
            return block;
        }
        int capacity = Math.max(nextBlockBytes, Integer.highestOneBit(Math.max(bytes, 2) - 1) << 1);
        nextBlockBytes = Math.min(LARGEST_BLOCK, nextBlockBytes * 2);
        ByteBuf fresh = allocator.directBuffer(capacity, capacity);
        push(fresh, kind, capacity);
        openBlock = fresh;
        openKind = kind;
        return fresh;
    }

    /**
     * Appends a slice of a read buffer and charges what it pins: the whole read buffer, once for all slices of it that
     * stand one behind the other. Takes over the slice's reference.
     */
    void addSlice(ByteBuf slice, ByteBuf readBuffer, Kind kind) {
        int charge = readBuffer.capacity();
        if (isPinned(readBuffer) && size > 0) {
            int last = (head + size - 1) & (charges.length - 1);
            charged[kinds[last]] -= charges[last];
            charges[last] = 0;
        }
        push(slice, kind, charge);
        openBlock = null;
        pinned = readBuffer;
    }

    /** The same buffer, not one with equal bytes. */
    @SuppressWarnings("ReferenceEquality")
    private boolean isPinned(ByteBuf readBuffer) {
        return pinned == readBuffer;
    }

    private void push(ByteBuf buffer, Kind kind, int charge) {
        ByteBuf[] ring = buffers;
        if (ring == null || size == ring.length) {
            ring = grow();
        }
        int at = (head + size) & (ring.length - 1);
        ring[at] = buffer;
        charges[at] = charge;
        kinds[at] = kind.index;
        size++;
        charged[kind.index] += charge;
        pinned = null;
    }

    /** Takes the oldest buffer, with its reference; null if there is none. */
    @Nullable
    ByteBuf poll() {
        ByteBuf[] ring = buffers;
        if (size == 0 || ring == null) {
            return null;
        }
        ByteBuf buffer = ring[head];
        ring[head] = null;
        charged[kinds[head]] -= charges[head];
        head = (head + 1) & (ring.length - 1);
        if (--size == 0) {
            becameEmpty(ring);
        }
        return buffer;
    }

    private void becameEmpty(ByteBuf[] ring) {
        openBlock = null;
        pinned = null;
        nextBlockBytes = SMALLEST_BLOCK;
        if (ring.length > KEPT_PARCELS) {
            buffers = null;
        }
    }

    /** Releases everything. */
    void clear() {
        for (ByteBuf buffer = poll(); buffer != null; buffer = poll()) {
            buffer.release();
        }
        buffers = null;
    }

    private ByteBuf[] grow() {
        ByteBuf[] old = buffers;
        int length = old == null ? FIRST_PARCELS : old.length * 2;
        ByteBuf[] ring = new ByteBuf[length];
        int[] ringCharges = new int[length];
        byte[] ringKinds = new byte[length];
        if (old != null) {
            int front = old.length - head;
            System.arraycopy(old, head, ring, 0, front);
            System.arraycopy(old, 0, ring, front, head);
            System.arraycopy(charges, head, ringCharges, 0, front);
            System.arraycopy(charges, 0, ringCharges, front, head);
            System.arraycopy(kinds, head, ringKinds, 0, front);
            System.arraycopy(kinds, 0, ringKinds, front, head);
            Arrays.fill(old, null);
        }
        buffers = ring;
        charges = ringCharges;
        kinds = ringKinds;
        head = 0;
        return ring;
    }
}
