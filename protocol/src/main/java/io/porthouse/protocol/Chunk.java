package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;

/**
 * The layout of a chunk, the body of an ENVELOPE frame that carries {@link Flags#CHUNK}. Offsets count from the start of
 * the body.
 *
 * <pre>
 *   every chunk:   u32 envelope id | u32 index | …
 *   chunk 0:       … | u64 total payload bytes | u16 metadata bytes | metadata JSON | data
 *   later chunks:  … | data
 *   the LAST one:  … data | u32 CRC-32 of the whole payload
 *   a cancel:      CHUNK|LAST, index 2³²−1, nothing behind it
 * </pre>
 */
public final class Chunk {

    /** u32: unique among the sender's open envelopes. */
    public static final int ENVELOPE_ID_OFFSET = 0;

    /** u32: from 0, without holes; {@link #CANCEL_INDEX} gives the envelope up. */
    public static final int INDEX_OFFSET = 4;

    /** Bytes of the header that every chunk has. */
    public static final int HEADER_BYTES = 8;

    /** u64, chunk 0 only: payload bytes of the whole envelope, or {@link #UNKNOWN_TOTAL}. */
    public static final int TOTAL_OFFSET = 8;

    /** u16, chunk 0 only: bytes of the metadata that follows. */
    public static final int METADATA_LENGTH_OFFSET = 16;

    /** Bytes before the metadata of chunk 0. */
    public static final int FIRST_HEADER_BYTES = 18;

    /** Bytes of the CRC-32 (as in zlib) that ends the last chunk. */
    public static final int CRC_BYTES = 4;

    /** The index that cancels an envelope: 2³²−1. */
    public static final int CANCEL_INDEX = -1;

    /** The total of an envelope whose length its sender does not know: 2⁶⁴−1. */
    public static final long UNKNOWN_TOTAL = -1L;

    /** The most metadata that chunk 0 can carry. */
    public static final int MAX_METADATA_BYTES = 0xFFFF;

    /** Bytes of a whole cancel frame. */
    public static final int CANCEL_FRAME_BYTES = Frame.HEADER_BYTES + HEADER_BYTES;

    private Chunk() {}

    /** Returns the envelope id of the chunk frame at {@code frameIndex}, to be read as unsigned. */
    public static int envelopeId(ByteBuf buf, int frameIndex) {
        return buf.getInt(frameIndex + Frame.BODY_OFFSET + ENVELOPE_ID_OFFSET);
    }

    /** Returns the index of the chunk frame at {@code frameIndex}, to be read as unsigned. */
    public static int index(ByteBuf buf, int frameIndex) {
        return buf.getInt(frameIndex + Frame.BODY_OFFSET + INDEX_OFFSET);
    }

    /** Returns the metadata length of the chunk-0 frame at {@code frameIndex}. */
    public static int metadataBytes(ByteBuf buf, int frameIndex) {
        return buf.getUnsignedShort(frameIndex + Frame.BODY_OFFSET + METADATA_LENGTH_OFFSET);
    }

    /** Appends a whole cancel frame to {@code out}; node, room and origin as in {@link Frame}. */
    public static void writeCancel(ByteBuf out, int node, int room, int origin, int envelopeId) {
        Frame.writeHeader(out, HEADER_BYTES, FrameType.ENVELOPE, Flags.CHUNK | Flags.LAST, node, room, origin, 0);
        out.writeInt(envelopeId);
        out.writeInt(CANCEL_INDEX);
    }

    /**
     * Returns the payload bytes of a chunk frame, without headers, metadata and CRC; negative if the frame is too short
     * for the fields that its index and flags call for, or is a cancel with data (a protocol error either way).
     */
    public static int dataBytes(ByteBuf buf, int frameIndex, int frameBytes) {
        int body = frameBytes - Frame.HEADER_BYTES;
        if (body < HEADER_BYTES) {
            return -1;
        }
        boolean last = (Frame.flags(buf, frameIndex) & Flags.LAST) != 0;
        int index = index(buf, frameIndex);
        if (index == CANCEL_INDEX) {
            return last && body == HEADER_BYTES ? 0 : -1;
        }
        int fields = last ? CRC_BYTES : 0;
        if (index != 0) {
            return body - HEADER_BYTES - fields;
        }
        if (body < FIRST_HEADER_BYTES) {
            return -1;
        }
        return body - FIRST_HEADER_BYTES - metadataBytes(buf, frameIndex) - fields;
    }
}
