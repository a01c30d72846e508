package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A queue of buffers on their way to one socket, first in, first out. Small things are copied together into the block at its
 * end while that has not been fed to the socket; large ones are queued as slices. Confined to its session's loop.
 *
 * <p>What it holds counts in a {@link Charge}.
 */
final class Lane {

    private static final @Nullable ByteBuf[] NOTHING = {};
    private static final int FIRST_PARCELS = 4;
    private static final int KEPT_PARCELS = 64;
    private static final int SMALLEST_BLOCK = 256;
    private static final int LARGEST_BLOCK = 16 << 10;

    private final ByteBufAllocator allocator;
    private final Charge charge;

    /** Rings of equal, power-of-two length; null while the lane was never used or has been emptied after a crowd. */
    private ByteBuf @Nullable [] buffers;

    /** What each slice pins; null for a block. */
    private @Nullable ByteBuf[] readBuffers = NOTHING;

    /** Whether each is a block of control frames. */
    private boolean[] controls = {};

    private int head;
    private int size;

    private long pushed;

    /** The last buffer, while more may be copied into it. */
    private @Nullable ByteBuf openBlock;

    private boolean openIsControl;

    /** What the open block would have at least, however little was to be copied. */
    private int openLeastBytes;

    /** @param charge shared by lanes whose bytes count together; they may hold slices of the same read buffer */
    Lane(ByteBufAllocator allocator, Charge charge) {
        this.allocator = allocator;
        this.charge = charge;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Returns how many buffers are queued. */
    int size() {
        return size;
    }

    /** Returns how many buffers have been queued so far: what {@link #polled} is when all of them are on their way. */
    long pushed() {
        return pushed;
    }

    /** Returns how many buffers have left the lane so far. */
    long polled() {
        return pushed - size;
    }

    /**
     * Returns the block at the end, with place for {@code bytes} more of this kind; the caller appends to it at once. The
     * lane keeps the reference.
     */
    ByteBuf block(boolean isControl, int bytes) {
        ByteBuf block = openBlock;
        if (block != null && hasPlace(block, isControl, bytes)) {
            return block;
        }
        int least = leastBlockBytes(isControl);
        int capacity = blockBytes(least, bytes);
        ByteBuf fresh = allocator.directBuffer(capacity, capacity);
        push(fresh, null, isControl);
        charge.addBlock(capacity, isControl);
        openBlock = fresh;
        openIsControl = isControl;
        openLeastBytes = least;
        return fresh;
    }

    private boolean hasPlace(ByteBuf block, boolean isControl, int bytes) {
        return openIsControl == isControl && block.writableBytes() >= bytes;
    }

    /** Twice the last block if that is full; where something else follows each, large ones would stay nearly empty. */
    private int leastBlockBytes(boolean isControl) {
        boolean isFull = openBlock != null && openIsControl == isControl;
        return isFull ? Math.min(LARGEST_BLOCK, openLeastBytes * 2) : SMALLEST_BLOCK;
    }

    private static int blockBytes(int least, int bytes) {
        return Math.max(least, Integer.highestOneBit(Math.max(bytes, 2) - 1) << 1);
    }

    /** Returns how much more memory the lane will hold when so many bytes of payload are copied into it. */
    int growth(int bytes) {
        ByteBuf block = openBlock;
        return block != null && hasPlace(block, false, bytes) ? 0 : blockBytes(leastBlockBytes(false), bytes);
    }

    /** Appends a slice of a read buffer, and charges what it pins. Takes over the slice's reference. */
    void addSlice(ByteBuf slice, ByteBuf readBuffer) {
        push(slice, readBuffer, false);
        charge.pin(readBuffer);
        openBlock = null;
    }

    private void push(ByteBuf buffer, @Nullable ByteBuf readBuffer, boolean isControl) {
        ByteBuf[] ring = buffers;
        if (ring == null || size == ring.length) {
            ring = grow();
        }
        int at = (head + size) & (ring.length - 1);
        ring[at] = buffer;
        readBuffers[at] = readBuffer;
        controls[at] = isControl;
        size++;
        pushed++;
    }

    /** Returns what there is to send of the oldest buffer; 0 if there is none. */
    int headBytes() {
        ByteBuf[] ring = buffers;
        return size == 0 || ring == null ? 0 : ring[head].readableBytes();
    }

    /** Takes the oldest buffer, with its reference; null if there is none. */
    @Nullable
    ByteBuf poll() {
        ByteBuf[] ring = buffers;
        if (size == 0 || ring == null) {
            return null;
        }
        ByteBuf buffer = take(ring, head);
        head = (head + 1) & (ring.length - 1);
        if (size == 0) {
            becameEmpty(ring);
        }
        return buffer;
    }

    private ByteBuf take(ByteBuf[] ring, int at) {
        ByteBuf buffer = ring[at];
        ring[at] = null;
        size--;
        ByteBuf readBuffer = readBuffers[at];
        if (readBuffer != null) {
            readBuffers[at] = null;
            charge.unpin(readBuffer);
        } else {
            charge.removeBlock(buffer.capacity(), controls[at]);
        }
        return buffer;
    }

    private void becameEmpty(ByteBuf[] ring) {
        openBlock = null;
        if (ring.length > KEPT_PARCELS) {
            forgetRings();
        }
    }

    /** Releases all but the oldest buffer; what comes next does not join it. */
    void keepOldest() {
        ByteBuf[] ring = buffers;
        while (ring != null && size > 1) {
            take(ring, (head + size - 1) & (ring.length - 1)).release();
            pushed--;
        }
        openBlock = null;
    }

    private void forgetRings() {
        buffers = null;
        readBuffers = NOTHING;
        controls = new boolean[0];
    }

    /** Releases everything. */
    void clear() {
        for (ByteBuf buffer = poll(); buffer != null; buffer = poll()) {
            buffer.release();
        }
        forgetRings();
    }

    private ByteBuf[] grow() {
        ByteBuf[] old = buffers;
        int length = old == null ? FIRST_PARCELS : old.length * 2;
        ByteBuf[] ring = new ByteBuf[length];
        ByteBuf[] ringReadBuffers = new ByteBuf[length];
        boolean[] ringControls = new boolean[length];
        if (old != null) {
            int front = old.length - head;
            System.arraycopy(old, head, ring, 0, front);
            System.arraycopy(old, 0, ring, front, head);
            System.arraycopy(readBuffers, head, ringReadBuffers, 0, front);
            System.arraycopy(readBuffers, 0, ringReadBuffers, front, head);
            System.arraycopy(controls, head, ringControls, 0, front);
            System.arraycopy(controls, 0, ringControls, front, head);
            Arrays.fill(old, null);
        }
        buffers = ring;
        readBuffers = ringReadBuffers;
        controls = ringControls;
        head = 0;
        return ring;
    }
}
