package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;

/**
 * The layout of a PH/1 frame: one offset per header field, and absolute reads and writes of each.
 *
 * <p>Every frame is a header of {@value #HEADER_BYTES} bytes and a body. Integers are big-endian. No method moves a
 * reader or writer index except {@link #writeHeader}; none changes a reference count.
 *
 * <pre>
 *   0               4     5     6     8            12            16                     24
 *   +---------------+-----+-----+-----+-------------+-------------+----------------------+------
 *   | length        |type |flags|node | room        | origin      | sequence             | body
 *   +---------------+-----+-----+-----+-------------+-------------+----------------------+------
 * </pre>
 */
public final class Frame {

    /** u32: bytes of the frame after this field, from {@link #MIN_LENGTH} to {@code maxFrame - 4}. */
    public static final int LENGTH_OFFSET = 0;

    /** u8: one of {@link FrameType}. */
    public static final int TYPE_OFFSET = 4;

    /** u8: {@link Flags} of an ENVELOPE, else 0. */
    public static final int FLAGS_OFFSET = 5;

    /** u16: the number of the node that took a message in; 0 without a mesh. */
    public static final int NODE_OFFSET = 6;

    /** u32: a room's handle as told by GRANTED; from a client, 0 means its default room. */
    public static final int ROOM_OFFSET = 8;

    /** u32: the sender's session handle on its node; 0 from clients and for the API. */
    public static final int ORIGIN_OFFSET = 12;

    /**
     * u64: from a client its correlation number (0 = none); from the router a whole message's number in its room, 0 for
     * a chunk, and in replies the correlation that they answer.
     */
    public static final int SEQUENCE_OFFSET = 16;

    /** Where the body starts. */
    public static final int BODY_OFFSET = 24;

    /** Bytes before the body; always the same. */
    public static final int HEADER_BYTES = BODY_OFFSET;

    /** Bytes of the length field, which does not count itself. */
    public static final int LENGTH_FIELD_BYTES = 4;

    /** The smallest valid value of the length field: a header without a body. */
    public static final int MIN_LENGTH = HEADER_BYTES - LENGTH_FIELD_BYTES;

    /** The largest whole frame that a router takes unless it is configured otherwise: 2 MiB. */
    public static final int DEFAULT_MAX_FRAME_BYTES = 2 << 20;

    /** The largest whole frame that can be configured: below 16 MiB, so that a frame's first byte is always 0. */
    public static final int LARGEST_MAX_FRAME_BYTES = 16 << 20;

    /** The largest HELLO frame, and so the most that a router holds for a connection without a token: 16 KiB. */
    public static final int MAX_HELLO_FRAME_BYTES = 16 << 10;

    private Frame() {}

    /** Returns the frame's length field as sent, unsigned: bytes after the field, not checked against any bound. */
    public static long length(ByteBuf buf, int frameIndex) {
        return buf.getUnsignedInt(frameIndex + LENGTH_OFFSET);
    }

    /** Returns the bytes of the whole frame, given that its length was found valid by {@link FrameWalk}. */
    public static int frameBytes(ByteBuf buf, int frameIndex) {
        return buf.getInt(frameIndex + LENGTH_OFFSET) + LENGTH_FIELD_BYTES;
    }

    /** Returns the {@link FrameType} byte. */
    public static byte type(ByteBuf buf, int frameIndex) {
        return buf.getByte(frameIndex + TYPE_OFFSET);
    }

    /** Returns the {@link Flags} byte. */
    public static byte flags(ByteBuf buf, int frameIndex) {
        return buf.getByte(frameIndex + FLAGS_OFFSET);
    }

    /** Returns the node number, 0 to 65535. */
    public static int node(ByteBuf buf, int frameIndex) {
        return buf.getUnsignedShort(frameIndex + NODE_OFFSET);
    }

    /** Returns the room handle, to be read as unsigned. */
    public static int room(ByteBuf buf, int frameIndex) {
        return buf.getInt(frameIndex + ROOM_OFFSET);
    }

    /** Returns the sender's session handle, to be read as unsigned. */
    public static int origin(ByteBuf buf, int frameIndex) {
        return buf.getInt(frameIndex + ORIGIN_OFFSET);
    }

    /** Returns the sequence or correlation number, to be read as unsigned. */
    public static long sequence(ByteBuf buf, int frameIndex) {
        return buf.getLong(frameIndex + SEQUENCE_OFFSET);
    }

    /** Overwrites the sequence field. */
    public static void setSequence(ByteBuf buf, int frameIndex, long sequence) {
        buf.setLong(frameIndex + SEQUENCE_OFFSET, sequence);
    }

    /**
     * Appends a header to {@code out} and moves its writer index behind it. The body is to be appended by the caller.
     *
     * @param bodyBytes bytes of the body that will follow, at least 0
     */
    public static void writeHeader(
            ByteBuf out, int bodyBytes, byte type, int flags, int node, int room, int origin, long sequence) {
        out.writeInt(MIN_LENGTH + bodyBytes);
        out.writeByte(type);
        out.writeByte(flags);
        out.writeShort(node);
        out.writeInt(room);
        out.writeInt(origin);
        out.writeLong(sequence);
    }
}
