package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of the run that a puddle is delivering, for the members that keep them instead of copying. The first of them
 * makes one slice; all then share its reference count, which only this loop touches, instead of the read buffer's, which
 * other loops touch too. One per puddle, reused; confined to its loop.
 */
final class SharedSlice {

    private @Nullable Run run;
    private @Nullable ByteBuf slice;

    /** Begins the delivery of a run. */
    void open(Run delivered) {
        run = delivered;
    }

    /** Returns the run's bytes, with a reference and indices of the caller's own. */
    ByteBuf take() {
        ByteBuf shared = slice;
        if (shared == null) {
            Run delivered = run;
            if (delivered == null) {
                throw new IllegalStateException("no run is being delivered");
            }
            shared = delivered.block.retainedSlice(delivered.start, delivered.bytes);
            slice = shared;
        }
        return shared.retainedDuplicate();
    }

    /** Ends the delivery. */
    void close() {
        ByteBuf shared = slice;
        if (shared != null) {
            shared.release();
            slice = null;
        }
        run = null;
    }
}
