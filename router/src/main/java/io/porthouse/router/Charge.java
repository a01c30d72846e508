package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What queued messages or chunks keep in memory: the blocks that they were copied into, and the read buffers that slices pin;
 * blocks of control frames apart. A read buffer counts once, and whole, however many slices of it are queued and in whatever
 * order. There are few of these, since they are large, and mostly the last one is asked for when a slice comes, the first one
 * when it goes. Confined to one loop.
 */
final class Charge {

    private static final int FIRST_PLACES = 4;
    private static final @Nullable ByteBuf[] NO_BUFFERS = {};
    private static final int[] NO_SLICES = {};

    private @Nullable ByteBuf[] buffers = NO_BUFFERS;
    private int[] slices = NO_SLICES;
    private int count;
    private long bytes;
    private long controlBytes;

    /** Returns what all but control frames keep. */
    long bytes() {
        return bytes;
    }

    /** Returns the bytes of blocks with control frames. */
    long controlBytes() {
        return controlBytes;
    }

    void addBlock(int capacity, boolean isControl) {
        if (isControl) {
            controlBytes += capacity;
        } else {
            bytes += capacity;
        }
    }

    void removeBlock(int capacity, boolean isControl) {
        addBlock(-capacity, isControl);
    }

    /** Counts what is kept on the heap beside the buffers, where that may be more than they are. */
    void addHeap(int objectBytes) {
        bytes += objectBytes;
    }

    void removeHeap(int objectBytes) {
        bytes -= objectBytes;
    }

    /** A slice of this buffer is queued. */
    void pin(ByteBuf readBuffer) {
        int at = count - 1;
        while (at >= 0 && isNot(readBuffer, at)) {
            at--;
        }
        if (at >= 0) {
            slices[at]++;
            return;
        }
        if (count == buffers.length) {
            int places = Math.max(FIRST_PLACES, count * 2);
            buffers = Arrays.copyOf(buffers, places);
            slices = Arrays.copyOf(slices, places);
        }
        buffers[count] = readBuffer;
        slices[count++] = 1;
        bytes += readBuffer.capacity();
    }

    /** A slice of this buffer is queued no longer. */
    void unpin(ByteBuf readBuffer) {
        int at = 0;
        while (isNot(readBuffer, at)) {
            at++;
        }
        if (--slices[at] > 0) {
            return;
        }
        bytes -= readBuffer.capacity();
        count--;
        System.arraycopy(buffers, at + 1, buffers, at, count - at);
        System.arraycopy(slices, at + 1, slices, at, count - at);
        buffers[count] = null;
    }

    /** The same buffer counts, not one with equal bytes. */
    @SuppressWarnings("ReferenceEquality")
    private boolean isNot(ByteBuf readBuffer, int at) {
        return buffers[at] != readBuffer;
    }
}
