package io.porthouse.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Where one connection's bytes are read to. It tells Netty the place, so that frames are not put together by copying: the
 * next bytes land behind an unfinished frame, and only where a block ends is its unfinished rest moved. Blocks grow with
 * bytes received, never with bytes announced; an idle connection holds none. What was handed on as slices is neither moved
 * nor overwritten. Confined to the event loop.
 */
final class ReadBuffer extends DefaultMaxMessagesRecvByteBufAllocator {

    private static final int SMALLEST_BYTES = 4 << 10;
    private static final int LARGEST_BYTES = 256 << 10;

    /** What is read before the handlers and other connections have their turn. */
    private static final int READS_PER_EVENT = 4;

    /** Less room than this part of a block is not worth a system call. */
    private static final int LEAST_PART = 8;

    private @Nullable ByteBuf block;
    private int preferredBytes = SMALLEST_BYTES;

    ReadBuffer() {
        super(READS_PER_EVENT);
    }

    /** What has been read into; its readable bytes are the caller's to take. Null before the first read. */
    @Nullable
    ByteBuf block() {
        return block;
    }

    /** Nothing more is there to be read: an empty block that nobody else uses is given back. */
    void readComplete() {
        ByteBuf present = block;
        if (present != null && !present.isReadable() && present.refCnt() == 1) {
            release();
        }
    }

    void release() {
        ByteBuf present = block;
        block = null;
        if (present != null) {
            present.release();
        }
    }

    @Override
    public ExtendedHandle newHandle() {
        return new MaxMessageHandle() {
            @Override
            public int guess() {
                return preferredBytes;
            }

            @Override
            public ByteBuf allocate(ByteBufAllocator allocator) {
                return place(allocator).retain();
            }

            @Override
            public void lastBytesRead(int bytes) {
                super.lastBytesRead(bytes);
                adapt(bytes, attemptedBytesRead());
            }
        };
    }

    /** Reads that fill what they are given get twice as much, those that leave most of a block empty half. */
    private void adapt(int bytes, int attempted) {
        if (bytes == attempted) {
            preferredBytes = Math.min(LARGEST_BYTES, 2 * preferredBytes);
        } else if (bytes < preferredBytes / LEAST_PART) {
            preferredBytes = Math.max(SMALLEST_BYTES, preferredBytes / 2);
        }
    }

    /** Returns a block with room behind what is unread. */
    private ByteBuf place(ByteBufAllocator allocator) {
        ByteBuf present = block;
        if (present == null) {
            ByteBuf first = allocator.directBuffer(preferredBytes);
            block = first;
            return first;
        }
        boolean free = present.refCnt() == 1 && !present.isReadable();
        if (free && present.capacity() >= preferredBytes) {
            return present.clear();
        }
        if (!free && present.writableBytes() >= present.capacity() / LEAST_PART) {
            return present;
        }
        int unread = present.readableBytes();
        int needed = unread > present.capacity() / 2 ? 2 * present.capacity() : present.capacity();
        ByteBuf next = allocator.directBuffer(Math.max(needed, preferredBytes));
        next.writeBytes(present);
        present.release();
        block = next;
        return next;
    }
}
