package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;

/**
 * Takes one arriving envelope: its data in order, then exactly one of {@link #complete} and {@link #failed}. Called on the
 * thread that feeds the {@link EnvelopeAssembler}, which a sink must not call back. An exception that a sink throws passes
 * through to that thread; its envelope is forgotten first, without another call.
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
}
