package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;

/** Makes chunk frames with pieces of any size, as a router would send them. Buffers are on the heap and need no release. */
final class ChunkFrames {

    private ChunkFrames() {}

    /** Returns the frames of a whole envelope, in pieces of random sizes, some of them empty. */
    static List<ByteBuf> envelope(EnvelopeKey key, byte[] payload, boolean totalKnown, String metadata, Random random) {
        List<ByteBuf> frames = new ArrayList<>();
        int from = 0;
        boolean last;
        do {
            int bytes = random.nextInt(payload.length - from + 1);
            last = from + bytes == payload.length && random.nextBoolean();
            frames.add(chunk(key, frames.size(), payload, from, bytes, last, totalKnown, metadata));
            from += bytes;
        } while (!last);
        return frames;
    }

    /** Returns a chunk that carries {@code payload} and is the only one. */
    static ByteBuf single(EnvelopeKey key, byte[] payload) {
        return chunk(key, 0, payload, 0, payload.length, true, true, "");
    }

    /** Returns one chunk of a payload; if it is the last, with the payload's CRC-32. */
    static ByteBuf chunk(
            EnvelopeKey key,
            int index,
            byte[] payload,
            int from,
            int bytes,
            boolean last,
            boolean totalKnown,
            String metadata) {
        ByteBuf body = Unpooled.buffer().writeInt(key.envelopeId()).writeInt(index);
        if (index == 0) {
            byte[] utf8 = EnvelopeMetadata.of(metadata).utf8();
            body.writeLong(totalKnown ? payload.length : Chunk.UNKNOWN_TOTAL)
                    .writeShort(utf8.length)
                    .writeBytes(utf8);
        }
        body.writeBytes(payload, from, bytes);
        if (last) {
            CRC32 crc = new CRC32();
            crc.update(payload);
            body.writeInt((int) crc.getValue());
        }
        ByteBuf frame = Unpooled.buffer(Frame.HEADER_BYTES + body.readableBytes());
        Frame.writeHeader(
                frame,
                body.readableBytes(),
                FrameType.ENVELOPE,
                last ? Flags.CHUNK | Flags.LAST : Flags.CHUNK,
                key.node(),
                key.room(),
                key.origin(),
                0);
        return frame.writeBytes(body);
    }

    /** Returns a cancel. */
    static ByteBuf cancel(EnvelopeKey key) {
        ByteBuf frame = Unpooled.buffer();
        Chunk.writeCancel(frame, key.node(), key.room(), key.origin(), key.envelopeId());
        return frame;
    }
}
