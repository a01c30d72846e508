package io.porthouse.router;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;

/**
 * The node's buffers and the limit over all of them. What is in use is asked of the allocator, which counts each buffer
 * once however many inboxes and outboxes hold slices of it.
 *
 * <p>From three quarters of the limit on, outboxes share it; above it, each keeps the least. So what slow members hold comes
 * to rest below the limit, however many they are.
 *
 * <p>Thread-safe. {@link #check} costs a walk over the allocator's chunks, so puddles call it once a tick and once per few
 * megabytes, not per message.
 */
final class Memory {

    /** The smallest budget that an outbox keeps; an empty lane takes any one run all the same. */
    static final long MIN_OUTBOX_BYTES = 4 << 10;

    private static final long MOST_BETWEEN_CHECKS = 8 << 20;
    private static final long LEAST_BETWEEN_CHECKS = 256 << 10;

    private final PooledByteBufAllocator allocator;
    private final long limitBytes;
    private volatile long lastUsedBytes;

    Memory(long limitBytes, int loops) {
        this(limitBytes, newAllocator(loops));
    }

    Memory(long limitBytes, PooledByteBufAllocator allocator) {
        this.limitBytes = limitBytes;
        this.allocator = allocator;
    }

    private static PooledByteBufAllocator newAllocator(int loops) {
        // Pooled and direct, an arena per loop: Netty 4.2's adaptive default shares one counter among slices of one
        // buffer, and drops its thread-local arenas on small heaps.
        return new PooledByteBufAllocator(
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

    /** Returns after how many bytes taken a puddle checks again, so that a tick's delay cannot cost a gigabyte. */
    long checkEveryBytes() {
        return Math.max(LEAST_BETWEEN_CHECKS, Math.min(MOST_BETWEEN_CHECKS, limitBytes / 64));
    }

    /** Looks anew what is in use. */
    void check() {
        lastUsedBytes = usedBytes();
    }

    /** Returns whether the last {@link #check} found more in use than allowed. */
    boolean isExceeded() {
        return lastUsedBytes > limitBytes;
    }

    /** Returns whether the last {@link #check} found so much in use that outboxes have to share what is left. */
    boolean isShort() {
        return lastUsedBytes > limitBytes / 4 * 3;
    }

    /**
     * Returns what one outbox may hold while memory is short.
     *
     * @param configuredBytes what it may hold while there is enough
     * @param lagging how many hold anything, at least 1
     */
    long outboxBudgetBytes(long configuredBytes, long lagging) {
        long share = isExceeded() ? 0 : limitBytes / lagging;
        return Math.max(MIN_OUTBOX_BYTES, Math.min(configuredBytes, share));
    }
}
