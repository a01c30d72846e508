package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.OutOfDirectMemoryError;

/** Netty's pooled allocator, which on command fails as it does where no direct memory is left. */
final class EmptyableAllocator extends PooledByteBufAllocator {

    private boolean empty;

    EmptyableAllocator() {
        super(true);
    }

    /** Does something while there is no memory. */
    void whileEmpty(Runnable action) {
        empty = true;
        try {
            action.run();
        } catch (OutOfDirectMemoryError e) {
            throw new AssertionError("nobody has dealt with it", e);
        } finally {
            empty = false;
        }
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        // More than there is: what Netty does about that is what the router has to live with.
        return empty
                ? super.newDirectBuffer(Integer.MAX_VALUE, Integer.MAX_VALUE)
                : super.newDirectBuffer(initialCapacity, maxCapacity);
    }
}
