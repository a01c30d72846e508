package io.porthouse.router;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;

/**
 * The node's buffers and the limit over all of them. What is in use is asked of the allocator, which counts each buffer
 * once however many inboxes and outboxes hold slices of it.
 *
 * <p>Thread-safe. {@link #check} costs a walk over the allocator's chunks, so puddles call it once a tick and once per few
 * megabytes read, not per message.
 */
final class Memory {

    /** The smallest budget that an outbox keeps when memory is short. */
    static final long MIN_OUTBOX_BYTES = 64 << 10;

    /** A puddle checks the limit again after having read this much, so that a tick's delay cannot cost a gigabyte. */
    static final long CHECK_EVERY_BYTES = 4 << 20;

    private final PooledByteBufAllocator allocator;
    private final long limitBytes;
    private volatile boolean exceeded;

    Memory(long limitBytes, int loops) {
        this.limitBytes = limitBytes;
        // Pooled and direct, an arena per loop: Netty 4.2's adaptive default shares one counter among slices of a
        // buffer,
        // and drops its thread-local arenas on small heaps.
        this.allocator = new PooledByteBufAllocator(
                true,
                0,
                loops,
                PooledByteBufAllocator.defaultPageSize(),
                PooledByteBufAllocator.defaultMaxOrder(),
                PooledByteBufAllocator.defaultSmallCacheSize(),
                PooledByteBufAllocator.defaultNormalCacheSize(),
                false);
    }

    /** Returns half of the direct memory that Netty may use in this process: the default limit. */
    static long halfOfDirectMemory() {
        return Math.max(1 << 20, PlatformDependent.maxDirectMemory() / 2);
    }

    ByteBufAllocator allocator() {
        return allocator;
    }

    /** Returns the bytes of all buffers in use. */
    long usedBytes() {
        return allocator.pinnedDirectMemory();
    }

    long limitBytes() {
        return limitBytes;
    }

    /** Compares use and limit anew. */
    void check() {
        exceeded = usedBytes() > limitBytes;
    }

    /** Returns whether the last {@link #check} found more in use than allowed. */
    boolean isExceeded() {
        return exceeded;
    }
}
