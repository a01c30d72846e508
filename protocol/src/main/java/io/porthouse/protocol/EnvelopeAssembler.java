package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.zip.CRC32;

/**
 * The receiving side of the envelopes of one connection: sorts chunks by envelope, checks their order, length and CRC-32,
 * and hands their data on as it comes. It keeps a few dozen bytes for each open envelope and never its payload.
 *
 * <p>Robust against any bytes: whatever a frame holds, nothing is thrown but what a sink throws. An envelope that breaks a rule is reported once,
 * and the rest of it is ignored, as are the chunks of an envelope whose chunk 0 was not seen. Confined to one thread at a
 * time.
 */
public final class EnvelopeAssembler {

    private final int maxOpen;
    private final EnvelopeListener listener;
    private final Map<EnvelopeKey, Open> open = new HashMap<>();
    private long ignoredChunks;

    /**
     * @param maxOpen how many envelopes may be open at once, from all senders together, at least 1; further ones are
     *     refused
     * @throws IllegalArgumentException if {@code maxOpen} is less than 1
     */
    public EnvelopeAssembler(int maxOpen, EnvelopeListener listener) {
        if (maxOpen < 1) {
            throw new IllegalArgumentException("at least 1 envelope must be allowed, not " + maxOpen);
        }
        this.maxOpen = maxOpen;
        this.listener = listener;
    }

    /**
     * Takes the next frame of the connection that has type {@link FrameType#ENVELOPE} and the flag {@link Flags#CHUNK}.
     *
     * @param buf holds the frame; not released, and no index of it is moved
     * @param frameIndex where the frame starts
     * @param frameBytes bytes of the whole frame, as found by {@link FrameWalk}
     */
    public void accept(ByteBuf buf, int frameIndex, int frameBytes) {
        if (frameBytes < Frame.HEADER_BYTES + Chunk.HEADER_BYTES) {
            ignoredChunks++;
            return;
        }
        EnvelopeKey key = EnvelopeKey.of(buf, frameIndex);
        // Out of the map during the call: if a sink throws, its envelope is forgotten already.
        Open envelope = open.remove(key);
        if (Chunk.index(buf, frameIndex) == 0) {
            if (envelope != null) {
                envelope.sink.failed(EnvelopeFailure.INDEX_HOLE);
            }
            begin(key, buf, frameIndex, frameBytes);
        } else if (envelope == null) {
            ignoredChunks++;
        } else {
            goOn(key, envelope, buf, frameIndex, frameBytes);
        }
    }

    /** Fails what is open in a room, with {@link EnvelopeFailure#ROOM_LOST}: for WITHDRAWN. */
    public void endRoom(int room) {
        endWhere(key -> key.room() == room, EnvelopeFailure.ROOM_LOST);
    }

    /** Fails all that is open, with {@link EnvelopeFailure#CONNECTION_LOST}: for the end of the connection. */
    public void end() {
        endWhere(key -> true, EnvelopeFailure.CONNECTION_LOST);
    }

    /** How many envelopes are open. */
    public int openEnvelopes() {
        return open.size();
    }

    /** How many chunks belonged to no open envelope: of late joins, of failed envelopes, or nonsense. */
    public long ignoredChunks() {
        return ignoredChunks;
    }

    private void begin(EnvelopeKey key, ByteBuf buf, int frameIndex, int frameBytes) {
        int dataBytes = Chunk.dataBytes(buf, frameIndex, frameBytes);
        if (dataBytes < 0) {
            listener.refused(key, EnvelopeFailure.MALFORMED);
            return;
        }
        if (open.size() >= maxOpen) {
            listener.refused(key, EnvelopeFailure.TOO_MANY_OPEN);
            return;
        }
        int metadataBytes = Chunk.metadataBytes(buf, frameIndex);
        int metadataIndex = frameIndex + Frame.BODY_OFFSET + Chunk.FIRST_HEADER_BYTES;
        Optional<EnvelopeMetadata> metadata = EnvelopeMetadata.read(buf, metadataIndex, metadataBytes);
        if (metadata.isEmpty()) {
            listener.refused(key, EnvelopeFailure.MALFORMED);
            return;
        }
        long totalBytes = buf.getLong(frameIndex + Frame.BODY_OFFSET + Chunk.TOTAL_OFFSET);
        boolean text = (Frame.flags(buf, frameIndex) & Flags.TEXT) != 0;
        Open envelope = new Open(listener.begin(key, totalBytes, text, metadata.get()), totalBytes);
        take(key, envelope, buf, frameIndex, metadataIndex + metadataBytes, dataBytes);
    }

    private void goOn(EnvelopeKey key, Open envelope, ByteBuf buf, int frameIndex, int frameBytes) {
        int index = Chunk.index(buf, frameIndex);
        int dataBytes = Chunk.dataBytes(buf, frameIndex, frameBytes);
        if (dataBytes < 0) {
            envelope.sink.failed(EnvelopeFailure.MALFORMED);
        } else if (index == Chunk.CANCEL_INDEX) {
            envelope.sink.failed(EnvelopeFailure.CANCELLED);
        } else if (index != envelope.nextIndex) {
            envelope.sink.failed(EnvelopeFailure.INDEX_HOLE);
        } else {
            envelope.nextIndex++;
            take(key, envelope, buf, frameIndex, frameIndex + Frame.BODY_OFFSET + Chunk.HEADER_BYTES, dataBytes);
        }
    }

    private void take(EnvelopeKey key, Open envelope, ByteBuf buf, int frameIndex, int dataIndex, int dataBytes) {
        envelope.receivedBytes += dataBytes;
        boolean last = (Frame.flags(buf, frameIndex) & Flags.LAST) != 0;
        if (!envelope.lengthAllowed(last)) {
            envelope.sink.failed(EnvelopeFailure.WRONG_TOTAL);
            return;
        }
        if (dataBytes > 0) {
            ByteBuf data = buf.slice(dataIndex, dataBytes);
            for (ByteBuffer stretch : data.nioBuffers()) {
                envelope.crc.update(stretch);
            }
            feed(envelope.sink, data);
        }
        if (!last) {
            open.put(key, envelope);
        } else if (buf.getInt(dataIndex + dataBytes) == (int) envelope.crc.getValue()) {
            envelope.sink.complete();
        } else {
            envelope.sink.failed(EnvelopeFailure.BAD_CHECKSUM);
        }
    }

    private static void feed(EnvelopeSink sink, ByteBuf data) {
        try {
            sink.data(data);
        } catch (RuntimeException | Error failure) {
            try {
                sink.failed(EnvelopeFailure.RECEIVER_FAILED);
            } catch (RuntimeException | Error another) {
                addTo(failure, another);
            }
            throw failure;
        }
    }

    /** Tells every sink, whatever one of them throws; the first failure passes through behind the last call. */
    private void endWhere(Predicate<EnvelopeKey> which, EnvelopeFailure reason) {
        Throwable first = null;
        Iterator<Map.Entry<EnvelopeKey, Open>> all = open.entrySet().iterator();
        while (all.hasNext()) {
            Map.Entry<EnvelopeKey, Open> entry = all.next();
            if (which.test(entry.getKey())) {
                all.remove();
                try {
                    entry.getValue().sink.failed(reason);
                } catch (RuntimeException | Error failure) {
                    first = first == null ? failure : addTo(first, failure);
                }
            }
        }
        if (first instanceof Error error) {
            throw error;
        }
        if (first instanceof RuntimeException failure) {
            throw failure;
        }
    }

    private static Throwable addTo(Throwable first, Throwable another) {
        if (another != first) {
            first.addSuppressed(another);
        }
        return first;
    }

    private static final class Open {
        final EnvelopeSink sink;
        final long totalBytes;
        final CRC32 crc = new CRC32();
        long receivedBytes;
        int nextIndex = 1;

        Open(EnvelopeSink sink, long totalBytes) {
            this.sink = sink;
            this.totalBytes = totalBytes;
        }

        boolean lengthAllowed(boolean last) {
            if (totalBytes == Chunk.UNKNOWN_TOTAL) {
                return true;
            }
            return last ? receivedBytes == totalBytes : Long.compareUnsigned(receivedBytes, totalBytes) <= 0;
        }
    }
}
