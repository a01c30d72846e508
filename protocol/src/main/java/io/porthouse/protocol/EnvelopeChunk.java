package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * One chunk of an envelope that is being sent. It knows its data; the connection that sends it adds the room's handle, the
 * envelope's id and the correlation, which nobody else knows.
 *
 * <p>Its data lies in the memory of its {@link EnvelopeChunks}, so it is valid until the next chunk is asked for, and
 * confined to the same thread. It needs no release.
 */
public final class EnvelopeChunk {

    private final EnvelopeChunks chunks;
    private final int index;
    private final int dataBytes;
    private final boolean last;

    EnvelopeChunk(EnvelopeChunks chunks, int index, int dataBytes, boolean last) {
        this.chunks = chunks;
        this.index = index;
        this.dataBytes = dataBytes;
        this.last = last;
    }

    /** The chunks that this is one of: by its identity a connection knows which of its open envelopes goes on. */
    public EnvelopeChunks chunks() {
        return chunks;
    }

    /** Its number in the envelope from 0, to be read as unsigned. */
    public int index() {
        return index;
    }

    /** Whether it is the envelope's last one: the only one that may carry a correlation. */
    public boolean isLast() {
        return last;
    }

    /** How much of the payload it carries, bytes. */
    public int dataBytes() {
        return dataBytes;
    }

    /** The size of the frame that {@link #frame} makes, bytes. */
    public int frameBytes() {
        int fields = index == 0 ? Chunk.FIRST_HEADER_BYTES + chunks.metadataBytes() : Chunk.HEADER_BYTES;
        return Frame.HEADER_BYTES + fields + dataBytes + (last ? Chunk.CRC_BYTES : 0);
    }

    /**
     * Makes the whole frame. May be called more than once.
     *
     * @param room the room's handle, or 0 for the default room
     * @param envelopeId unique among the connection's open envelopes, and the same for each of their chunks
     * @param correlation on the last chunk a number that asks for a RECEIPT, or 0 for none; else 0
     * @return a new buffer with just this frame; the caller releases it
     * @throws IllegalArgumentException if there is a correlation on a chunk that is not the last
     * @throws IllegalStateException if another chunk was asked for since
     */
    public ByteBuf frame(ByteBufAllocator allocator, int room, int envelopeId, long correlation) {
        requireLast(correlation);
        chunks.requireCurrent(this);
        ByteBuf out = allocator.ioBuffer(frameBytes());
        chunks.write(this, out, room, envelopeId, correlation);
        return out;
    }

    /** Writes the whole frame, {@link #frameBytes} bytes, behind what is there; otherwise like {@link #frame}. */
    public void write(ByteBuf out, int room, int envelopeId, long correlation) {
        requireLast(correlation);
        chunks.write(this, out, room, envelopeId, correlation);
    }

    /**
     * Tells who watches the envelope ({@link Envelope#withProgress}) that this chunk is on its way: for the connection that
     * sends it.
     */
    public void sent() {
        chunks.sent(this);
    }

    private void requireLast(long correlation) {
        if (correlation != 0 && !last) {
            throw new IllegalArgumentException("only an envelope's last chunk may carry a correlation");
        }
    }
}
