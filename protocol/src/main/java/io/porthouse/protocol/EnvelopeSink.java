package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;
import java.util.function.LongConsumer;

/**
 * Takes one arriving envelope: its data in order, then one of {@link #complete} and {@link #failed}. Called on the
 * thread that feeds the {@link EnvelopeAssembler}, which a sink must not call back. An exception that a sink throws passes
 * through to that thread; its envelope is forgotten first, and one that {@link #data} threw is its end: {@link #failed}
 * follows with {@link EnvelopeFailure#RECEIVER_FAILED}.
 */
public interface EnvelopeSink {

    /**
     * The next stretch of the payload; at least one byte. It is not verified before {@link #complete}.
     *
     * @param data its readable bytes; valid during this call only, and not to be released. Who keeps it must copy it or
     *     retain it
     */
    void data(ByteBuf data);

    /** The payload is whole: its length and CRC-32 are right. */
    void complete();

    /** The envelope is lost; nothing of it follows. */
    void failed(EnvelopeFailure reason);

    /**
     * Returns a sink that does the same and counts.
     *
     * @param bytesSoFar takes, behind each stretch of data, how many bytes of the payload have come
     */
    default EnvelopeSink withProgress(LongConsumer bytesSoFar) {
        EnvelopeSink inner = this;
        return new EnvelopeSink() {
            private long received;

            @Override
            public void data(ByteBuf data) {
                received += data.readableBytes();
                inner.data(data);
                bytesSoFar.accept(received);
            }

            @Override
            public void complete() {
                inner.complete();
            }

            @Override
            public void failed(EnvelopeFailure reason) {
                inner.failed(reason);
            }
        };
    }
}
