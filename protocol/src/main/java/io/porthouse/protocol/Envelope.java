package io.porthouse.protocol;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A payload that travels in chunks: too large for one message, or not worth holding in memory. An envelope describes what
 * to send; it reads nothing before its {@link #chunks} are walked, and then holds one chunk at a time.
 *
 * <pre>{@code
 * Envelope envelope = Envelope.of(Path.of("film.mkv")).to("films").withType("video/x-matroska");
 * try (EnvelopeChunks chunks = envelope.chunks(1024)) {
 *     for (EnvelopeChunk chunk : chunks) {
 *         connection.send(chunk);
 *     }
 * }
 * }</pre>
 *
 * Immutable, and safe for use by several threads.
 */
public final class Envelope {

    private final Source source;
    private final boolean text;
    private final EnvelopeMetadata metadata;
    private final @Nullable String room;
    private final EnvelopeProgress progress;

    private Envelope(Source source, boolean text, EnvelopeMetadata metadata) {
        this(source, text, metadata, null, EnvelopeProgress.NONE);
    }

    private Envelope(
            Source source, boolean text, EnvelopeMetadata metadata, @Nullable String room, EnvelopeProgress progress) {
        this.source = source;
        this.text = text;
        this.metadata = metadata;
        this.room = room;
        this.progress = progress;
    }

    /**
     * Describes bytes in memory.
     *
     * @param payload not copied, so not to be changed until it is sent
     */
    public static Envelope of(byte[] payload) {
        return new Envelope(Source.bytes(payload), false, EnvelopeMetadata.NONE);
    }

    /** Describes a text, sent as UTF-8 and marked as text. */
    public static Envelope of(String text) {
        return new Envelope(Source.bytes(text.getBytes(StandardCharsets.UTF_8)), true, EnvelopeMetadata.NONE);
    }

    /**
     * Describes a file, whose {@code name} in the metadata is that of the path's last element. It is opened, and its size
     * taken, when the first chunk is asked for.
     */
    public static Envelope of(Path file) {
        Path last = file.getFileName();
        EnvelopeMetadata metadata =
                last == null ? EnvelopeMetadata.NONE : EnvelopeMetadata.NONE.withName(last.toString());
        return new Envelope(Source.file(file), false, metadata);
    }

    /**
     * Describes what a stream gives until its end, which need not be known in advance. Such an envelope can be sent once.
     *
     * @param payload the envelope's from here on: closed behind its last byte, on an error, and by {@link
     *     EnvelopeChunks#close}
     */
    public static Envelope of(InputStream payload) {
        return new Envelope(Source.once(payload, Chunk.UNKNOWN_TOTAL), false, EnvelopeMetadata.NONE);
    }

    /**
     * Describes a stream of a known length, which receivers are told in advance.
     *
     * @param payload as for {@link #of(InputStream)}
     * @param totalBytes what the stream gives until its end; another length fails the sending
     * @throws IllegalArgumentException if {@code totalBytes} is negative
     */
    public static Envelope of(InputStream payload, long totalBytes) {
        if (totalBytes < 0) {
            throw new IllegalArgumentException("a payload has at least 0 bytes, not " + totalBytes);
        }
        return new Envelope(Source.once(payload, totalBytes), false, EnvelopeMetadata.NONE);
    }

    /**
     * Returns the same payload with a name for receivers, such as a file's.
     *
     * @throws IllegalArgumentException if the metadata grows beyond {@link Chunk#MAX_METADATA_BYTES}
     */
    public Envelope withName(String name) {
        return withMetadata(metadata.withName(name));
    }

    /**
     * Returns the same payload with a media type for receivers.
     *
     * @throws IllegalArgumentException if the metadata grows beyond {@link Chunk#MAX_METADATA_BYTES}
     */
    public Envelope withType(String type) {
        return withMetadata(metadata.withType(type));
    }

    /** Returns the same payload with all of its metadata replaced. */
    public Envelope withMetadata(EnvelopeMetadata replacement) {
        return new Envelope(source, text, replacement, room, progress);
    }

    /**
     * Returns the same payload for a room, so that sending it need not name one.
     *
     * @param room its name: {@code account/name}, or {@code name} in the sender's own account; checked when it is sent
     */
    public Envelope to(String room) {
        return new Envelope(source, text, metadata, room, progress);
    }

    /** Returns the same payload with somebody who is told, chunk by chunk, how far each sending of it is. */
    public Envelope withProgress(EnvelopeProgress listener) {
        return new Envelope(source, text, metadata, room, listener);
    }

    /** The room that it is for; empty: the sender's default room, or one named with the sending. */
    public Optional<String> room() {
        return Optional.ofNullable(room);
    }

    /** What receivers are told about the payload. */
    public EnvelopeMetadata metadata() {
        return metadata;
    }

    /** Whether the payload is marked as UTF-8 text. */
    public boolean isText() {
        return text;
    }

    /** Whether {@link #chunks} can be called again: true but for streams. */
    public boolean isRepeatable() {
        return source.repeatable();
    }

    /**
     * Cuts the payload into chunks for a router of unknown limits: any that {@link Frame#LARGEST_MAX_FRAME_BYTES} allows.
     *
     * @see #chunks(int, int)
     */
    public EnvelopeChunks chunks(int kib) {
        return chunks(kib, Frame.LARGEST_MAX_FRAME_BYTES);
    }

    /**
     * Cuts the payload into chunks, lazily.
     *
     * @param kib payload of each chunk but the last, KiB, at least 1
     * @param maxFrameBytes the largest whole frame that the router takes, as its WELCOME says
     * @return to be walked once, and closed unless it was walked to its end
     * @throws IllegalArgumentException if {@code kib} is less than 1, or so large that a frame with it (and with this
     *     metadata) could be larger than {@code maxFrameBytes}
     * @throws IllegalStateException if the payload is a stream and was cut before
     */
    public EnvelopeChunks chunks(int kib, int maxFrameBytes) {
        if (kib < 1) {
            throw new IllegalArgumentException("a chunk carries at least 1 KiB, not " + kib);
        }
        byte[] metadataUtf8 = metadata.utf8();
        EnvelopeChunks.requireFits(EnvelopeChunks.largestFrameBytes(kib, metadataUtf8.length), maxFrameBytes);
        source.claim();
        return new EnvelopeChunks(source, kib << 10, metadataUtf8, text, room, progress);
    }

    /** Where a payload's bytes come from. */
    abstract static class Source {

        /** Called once for each cutting, before {@link #open}. */
        void claim() {}

        boolean repeatable() {
            return true;
        }

        /** Called instead of {@link #open} if a cutting was given up before its first chunk. */
        void discard() throws IOException {}

        /** The bytes, from the first; closed by the caller. */
        abstract InputStream open() throws IOException;

        /** How many there will be, or {@link Chunk#UNKNOWN_TOTAL}. */
        abstract long totalBytes() throws IOException;

        static Source bytes(byte[] payload) {
            return new Source() {
                @Override
                InputStream open() {
                    return new ByteArrayInputStream(payload);
                }

                @Override
                long totalBytes() {
                    return payload.length;
                }
            };
        }

        static Source file(Path file) {
            return new Source() {
                @Override
                InputStream open() throws IOException {
                    return Files.newInputStream(file);
                }

                @Override
                long totalBytes() throws IOException {
                    return Files.size(file);
                }
            };
        }

        static Source once(InputStream payload, long totalBytes) {
            AtomicBoolean claimed = new AtomicBoolean();
            return new Source() {
                @Override
                void claim() {
                    if (!claimed.compareAndSet(false, true)) {
                        throw new IllegalStateException("a stream can be sent once, and this one was");
                    }
                }

                @Override
                boolean repeatable() {
                    return false;
                }

                @Override
                void discard() throws IOException {
                    payload.close();
                }

                @Override
                InputStream open() {
                    return payload;
                }

                @Override
                long totalBytes() {
                    return totalBytes;
                }
            };
        }
    }
}
