package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The read buffers of one loop, lent from session to session: what one has read into is shared by the next, so that little
 * reads do not each pin a buffer of their own. Confined to the loop.
 */
final class ReadBlocks {

    /** The size of a shared read buffer; also the most that one read takes, for who sends no large frames. */
    static final int BLOCK_BYTES = 64 << 10;

    /** A read buffer with less place than this is not read into any more. */
    static final int MIN_READ_BYTES = 16 << 10;

    /** A larger read buffer is not kept: whoever reads into it next would pin all of it. */
    private static final int MAX_SPARE_BYTES = 1 << 20;

    private final ByteBufAllocator allocator;
    private @Nullable ByteBuf spare;
    private @Nullable ByteBuf largeSpare;
    private boolean largeSpareIsUsed;

    ReadBlocks(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /**
     * Lends a read buffer with at least {@code minBytes} of place; its indices stand behind what was read into it before. The
     * caller gives it back or releases it.
     *
     * @param preferredBytes the size of a new one; above {@link #BLOCK_BYTES} for who sends large frames
     */
    ByteBuf take(int preferredBytes, int minBytes) {
        ByteBuf kept;
        if (preferredBytes > BLOCK_BYTES) {
            kept = largeSpare;
            largeSpare = null;
            largeSpareIsUsed = true;
        } else {
            kept = spare;
            spare = null;
        }
        if (kept != null) {
            // Nobody else holds it: what was read into it has been delivered and written.
            if (kept.refCnt() == 1) {
                kept.clear();
            }
            if (kept.writableBytes() >= minBytes) {
                return kept;
            }
            kept.release();
        }
        return allocator.directBuffer(preferredBytes, preferredBytes);
    }

    /** Takes a read buffer back, to lend it to the next session that reads; what is unread in it is forgotten. */
    void giveBack(ByteBuf block) {
        block.writerIndex(block.readerIndex());
        if (block.capacity() == BLOCK_BYTES && spare == null) {
            spare = block;
        } else if (block.capacity() > BLOCK_BYTES && block.capacity() <= MAX_SPARE_BYTES && largeSpare == null) {
            largeSpare = block;
        } else {
            block.release();
        }
    }

    /** Lets go of a large buffer that nobody has asked for since the last call. */
    void releaseUnused() {
        ByteBuf kept = largeSpare;
        if (kept != null && !largeSpareIsUsed) {
            largeSpare = null;
            kept.release();
        }
        largeSpareIsUsed = false;
    }

    /** Lets go of all. */
    void releaseAll() {
        largeSpareIsUsed = false;
        releaseUnused();
        ByteBuf kept = spare;
        spare = null;
        if (kept != null) {
            kept.release();
        }
    }
}
