package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/** Writes frames as the dumps of the documentation: offset, bytes, and what each field means. */
final class WorkedBytes {

    private static final int ROW_BYTES = 16;

    private final ByteBuf buf;
    private final int frameIndex;
    private final List<String> rows = new ArrayList<>();
    private int offset;

    private WorkedBytes(ByteBuf buf, int frameIndex) {
        this.buf = buf;
        this.frameIndex = frameIndex;
    }

    /** Returns the dump of a buffer of whole frames, a blank line between them. */
    static String render(ByteBuf buf) {
        StringJoiner frames = new StringJoiner("\n\n");
        int index = 0;
        while (index < buf.writerIndex()) {
            int bytes = FrameWalk.frameBytes(buf, index, buf.writerIndex(), Frame.LARGEST_MAX_FRAME_BYTES);
            if (bytes <= 0) {
                throw new IllegalArgumentException("no whole frame at " + index);
            }
            frames.add(new WorkedBytes(buf, index).frame(bytes));
            index += bytes;
        }
        return frames.toString();
    }

    private String frame(int bytes) {
        byte type = Frame.type(buf, frameIndex);
        row(4, "length " + Frame.length(buf, frameIndex) + ": the frame has " + bytes + " bytes");
        row(1, "type " + FrameType.name(type));
        row(1, "flags " + flags(Frame.flags(buf, frameIndex)));
        row(2, "node " + Frame.node(buf, frameIndex));
        row(4, "room " + Integer.toUnsignedString(Frame.room(buf, frameIndex)));
        row(4, "origin " + Integer.toUnsignedString(Frame.origin(buf, frameIndex)));
        row(8, "sequence " + Long.toUnsignedString(Frame.sequence(buf, frameIndex)));
        switch (type) {
            case FrameType.RECEIPT -> {
                row(8, "the last one covered is message " + u64());
                row(4, "which " + u32() + " members have queued");
            }
            case FrameType.GAP -> {
                row(8, "first " + u64());
                row(8, "last " + u64());
                row(8, "lost " + u64());
            }
            case FrameType.FLOW -> row(1, u8() == 1 ? "paused" : "go on");
            case FrameType.ENVELOPE -> envelope(bytes);
            default -> text(bytes - offset);
        }
        return String.join("\n", rows);
    }

    private void envelope(int bytes) {
        if ((Frame.flags(buf, frameIndex) & Flags.CHUNK) == 0) {
            text(bytes - offset);
            return;
        }
        row(4, "envelope " + u32());
        boolean cancel = Chunk.index(buf, frameIndex) == Chunk.CANCEL_INDEX;
        row(4, cancel ? "index 2^32-1: cancel" : "index " + u32());
        if (offset < bytes && Chunk.index(buf, frameIndex) == 0) {
            row(8, buf.getLong(frameIndex + offset) == Chunk.UNKNOWN_TOTAL ? "total unknown" : "total " + u64());
            row(2, "metadata: " + Chunk.metadataBytes(buf, frameIndex) + " bytes");
            text(Chunk.metadataBytes(buf, frameIndex));
        }
        text(Chunk.dataBytes(buf, frameIndex, bytes));
        if (offset < bytes) {
            row(4, "CRC-32");
        }
    }

    private void text(int bytes) {
        int left = bytes;
        while (left > 0) {
            int now = Math.min(left, ROW_BYTES);
            row(now, buf.toString(frameIndex + offset, now, StandardCharsets.US_ASCII));
            left -= now;
        }
    }

    private void row(int bytes, String meaning) {
        StringJoiner hex = new StringJoiner(" ");
        for (int i = 0; i < bytes; i++) {
            hex.add(String.format("%02x", buf.getByte(frameIndex + offset + i)));
        }
        rows.add(String.format("%04x  %-" + (3 * ROW_BYTES - 1) + "s  %s", offset, hex, meaning));
        offset += bytes;
    }

    private static String flags(byte flags) {
        StringJoiner names = new StringJoiner(" ");
        names.setEmptyValue("none");
        String[] all = {"CHUNK", "LAST", "RECEIPT", "TEXT"};
        for (int bit = 0; bit < all.length; bit++) {
            if ((flags & (1 << bit)) != 0) {
                names.add(all[bit]);
            }
        }
        return names.toString();
    }

    private int u8() {
        return buf.getUnsignedByte(frameIndex + offset);
    }

    private long u32() {
        return buf.getUnsignedInt(frameIndex + offset);
    }

    private String u64() {
        return Long.toUnsignedString(buf.getLong(frameIndex + offset));
    }
}
