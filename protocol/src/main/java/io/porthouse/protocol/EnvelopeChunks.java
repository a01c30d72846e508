package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of one envelope, read as they are asked for. Only one is in memory at a time: asking for the next overwrites
 * it.
 *
 * <p>Walked once. Behind the last chunk the source is closed; who stops earlier must {@link #close}. If the source fails or
 * has not the length it announced, {@code next} throws {@link UncheckedIOException}. In both cases who sends owes the
 * receivers a cancel ({@link Chunk#writeCancel}) if chunk 0 is out; a connection sends it by itself ({@link #whenClosed}).
 * Confined to one thread at a time; {@code next} blocks for as long as the source does.
 */
public final class EnvelopeChunks implements Iterable<EnvelopeChunk>, AutoCloseable {

    private static final byte[] NOTHING = new byte[0];

    private final Envelope.Source source;
    private final int chunkBytes;
    private final byte[] metadata;
    private final boolean text;
    private final @Nullable String room;
    private final EnvelopeProgress progress;
    private final CRC32 crc = new CRC32();

    /** One byte more than a chunk: whether that byte exists says whether a chunk is the last. */
    private byte[] data = NOTHING;

    private final List<Runnable> whenClosed = new ArrayList<>(1);

    private @Nullable InputStream in;
    private long totalBytes = Chunk.UNKNOWN_TOTAL;
    private long readBytes;
    private int nextIndex;
    private @Nullable EnvelopeChunk current;
    private boolean walked;
    private boolean done;
    private boolean closed;

    EnvelopeChunks(
            Envelope.Source source,
            int chunkBytes,
            byte[] metadata,
            boolean text,
            @Nullable String room,
            EnvelopeProgress progress) {
        this.source = source;
        this.chunkBytes = chunkBytes;
        this.metadata = metadata;
        this.text = text;
        this.room = room;
        this.progress = progress;
    }

    /** The room that the envelope was made for ({@link Envelope#to}), if it was. */
    public Optional<String> room() {
        return Optional.ofNullable(room);
    }

    /** The largest frame that chunks of this size can make, bytes. */
    static long largestFrameBytes(int kib, int metadataBytes) {
        return Frame.HEADER_BYTES + Chunk.FIRST_HEADER_BYTES + metadataBytes + kib * 1024L + Chunk.CRC_BYTES;
    }

    static void requireFits(long largestFrameBytes, int maxFrameBytes) {
        if (largestFrameBytes > maxFrameBytes) {
            throw new IllegalArgumentException("chunks of this size make frames of " + largestFrameBytes
                    + " bytes, and the largest frame allowed (maxFrame) has " + maxFrameBytes);
        }
    }

    /**
     * Checks against a limit that was not known when the envelope was cut.
     *
     * @param maxFrameBytes the largest whole frame that the router takes, as its WELCOME says
     * @throws IllegalArgumentException if a frame could be larger; the message names the limit
     */
    public void requireFits(int maxFrameBytes) {
        requireFits(largestFrameBytes(chunkBytes >> 10, metadata.length), maxFrameBytes);
    }

    /**
     * Returns the only walk over the chunks. Its {@code next} throws {@link UncheckedIOException} if the source fails, and
     * closes it then.
     *
     * @throws IllegalStateException if called twice
     */
    @Override
    public Iterator<EnvelopeChunk> iterator() {
        if (walked) {
            throw new IllegalStateException("the chunks were walked before; cut the envelope again");
        }
        walked = true;
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return !done;
            }

            @Override
            public EnvelopeChunk next() {
                if (done) {
                    throw new NoSuchElementException();
                }
                return EnvelopeChunks.this.next();
            }
        };
    }

    /**
     * Has something done when this is closed, or when the source fails, which closes it; at once if that was before. For
     * connections, which owe the receivers a cancel if the last chunk is not on its way by then.
     *
     * @param action must not throw
     */
    public void whenClosed(Runnable action) {
        if (done && current == null) {
            action.run();
        } else {
            whenClosed.add(action);
        }
    }

    /**
     * Closes the source and ends the walk; the present chunk becomes invalid. What was sent of the envelope before its last
     * chunk is given up, and its receivers are told. Idempotent; never throws.
     */
    @Override
    public void close() {
        done = true;
        current = null;
        data = NOTHING;
        closeSource();
        List<Runnable> due = List.copyOf(whenClosed);
        whenClosed.clear();
        due.forEach(Runnable::run);
    }

    void sent(EnvelopeChunk chunk) {
        requireCurrent(chunk);
        progress.sent(readBytes, totalBytes);
    }

    int metadataBytes() {
        return metadata.length;
    }

    void requireCurrent(EnvelopeChunk chunk) {
        if (chunk != current) {
            throw new IllegalStateException("a chunk is valid until the next one is asked for");
        }
    }

    void write(EnvelopeChunk chunk, ByteBuf out, int room, int envelopeId, long correlation) {
        requireCurrent(chunk);
        int frameBytes = chunk.frameBytes();
        int flags = Flags.CHUNK
                | (text ? Flags.TEXT : 0)
                | (chunk.isLast() ? Flags.LAST : 0)
                | (correlation == 0 ? 0 : Flags.RECEIPT);
        Frame.writeHeader(out, frameBytes - Frame.HEADER_BYTES, FrameType.ENVELOPE, flags, 0, room, 0, correlation);
        out.writeInt(envelopeId);
        out.writeInt(chunk.index());
        if (chunk.index() == 0) {
            out.writeLong(totalBytes);
            out.writeShort(metadata.length);
            out.writeBytes(metadata);
        }
        out.writeBytes(data, 0, chunk.dataBytes());
        if (chunk.isLast()) {
            out.writeInt((int) crc.getValue());
        }
    }

    private EnvelopeChunk next() {
        EnvelopeChunk chunk = null;
        try {
            chunk = read(in == null ? open() : in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            if (chunk == null) {
                close();
            }
        }
        current = chunk;
        if (chunk.isLast()) {
            done = true;
            closeSource();
        }
        return chunk;
    }

    private InputStream open() throws IOException {
        InputStream opened = source.open();
        in = opened;
        totalBytes = source.totalBytes();
        boolean oneChunk = totalBytes != Chunk.UNKNOWN_TOTAL && totalBytes < chunkBytes;
        data = new byte[1 + (oneChunk ? (int) totalBytes : chunkBytes)];
        return opened;
    }

    private EnvelopeChunk read(InputStream from) throws IOException {
        if (nextIndex == Chunk.CANCEL_INDEX) {
            throw new IOException("an envelope has less than 2^32 chunks; this one needs larger ones");
        }
        int wanted = data.length - 1;
        if (nextIndex != 0) {
            data[0] = data[wanted];
        }
        int carried = nextIndex == 0 ? 0 : 1;
        int held = carried + from.readNBytes(data, carried, data.length - carried);
        boolean last = held <= wanted;
        int dataBytes = Math.min(held, wanted);
        readBytes += dataBytes;
        if (totalBytes != Chunk.UNKNOWN_TOTAL && (last ? readBytes != totalBytes : readBytes >= totalBytes)) {
            throw new IOException("the payload was to have " + totalBytes + " bytes, but has "
                    + (last ? String.valueOf(readBytes) : "more"));
        }
        crc.update(data, 0, dataBytes);
        return new EnvelopeChunk(this, nextIndex++, dataBytes, last);
    }

    private void closeSource() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (in == null) {
                source.discard();
            } else {
                in.close();
            }
        } catch (IOException ignored) {
            // What was to be read has been read, or has failed with a better reason.
        }
    }
}
