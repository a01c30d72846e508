package io.porthouse.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.EnvelopeChunk;
import io.porthouse.protocol.EnvelopeChunks;
import io.porthouse.protocol.Frame;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The envelopes that one link is sending. Chunks are pulled by the thread that sends, one at a time and no sooner than the
 * {@link SendQueue} takes them, so that an envelope of any size costs a chunk of memory. Thread-safe; one envelope is sent by
 * one thread at a time.
 */
final class OutgoingEnvelopes {

    /** Small enough to stay in a processor's cache on its way, and for messages to pass soon. */
    private static final int CHUNK_KIB = 124;

    private static final class Open {
        final int id;
        final Rooms.Held room;
        final CompletableFuture<SendReceipt> receipt;
        final boolean whole;

        /** Whether chunk 0 is on its way, so that giving up means a cancel. */
        boolean begun;

        boolean hasPlace = true;

        Open(int id, Rooms.Held room, CompletableFuture<SendReceipt> receipt, boolean whole) {
            this.id = id;
            this.room = room;
            this.receipt = receipt;
            this.whole = whole;
        }
    }

    private final ByteBufAllocator allocator;
    private final SendQueue queue;
    private final EnvelopePlaces places;
    private final Supplier<CompletableFuture<SendReceipt>> newReceipt;

    /** By identity: a walk over an envelope's chunks is what is open, not the envelope, which may be sent twice at once. */
    private final IdentityHashMap<EnvelopeChunks, Open> open = new IdentityHashMap<>();

    /** By id: those without a receipt, which may still be refused when all of their chunks are queued. */
    private final Map<Integer, Open> unanswered = new HashMap<>();

    private int lastId;
    private volatile int maxFrameBytes;
    private @Nullable PorthouseException ended;

    OutgoingEnvelopes(
            ByteBufAllocator allocator,
            SendQueue queue,
            EnvelopePlaces places,
            Supplier<CompletableFuture<SendReceipt>> newReceipt) {
        this.allocator = allocator;
        this.queue = queue;
        this.places = places;
        this.newReceipt = newReceipt;
    }

    void limits(int maxFrame, int maxOpenEnvelopes) {
        maxFrameBytes = maxFrame;
        places.most(maxOpenEnvelopes);
    }

    /** The largest frame that the router takes. */
    int maxFrameBytes() {
        return maxFrameBytes;
    }

    /**
     * Sends a whole envelope, once the router allows one more to be open; returns when its last chunk is queued.
     *
     * @return completed by the receipt
     * @throws PorthouseException if the payload cannot be read, or the link ends; receivers are then told to forget it
     */
    CompletableFuture<SendReceipt> send(Rooms.Held room, Envelope envelope) {
        try (EnvelopeChunks chunks = cut(envelope)) {
            return send(room, chunks);
        }
    }

    /** Sends what the caller cut, who closes it; otherwise like {@link #send(Rooms.Held, Envelope)}. */
    CompletableFuture<SendReceipt> send(Rooms.Held room, EnvelopeChunks chunks) {
        // Before anything is read: who waits for a place holds no chunk.
        return walk(begin(room, chunks, true), chunks);
    }

    private CompletableFuture<SendReceipt> walk(Open envelope, EnvelopeChunks chunks) {
        try {
            Iterator<EnvelopeChunk> walk = chunks.iterator();
            while (walk.hasNext() && !envelope.receipt.isDone()) {
                queue(envelope, walk.next());
            }
            return envelope.receipt;
        } catch (UncheckedIOException e) {
            throw new PorthouseException(
                    Kind.SOURCE, "the payload could not be read (" + e.getMessage() + "); it was given up", e);
        }
    }

    /**
     * Sends one chunk; the chunks of an envelope in their order. If they are closed before the last one is queued, receivers
     * are told to forget the envelope.
     *
     * @return completed by the envelope's receipt, the same for each of its chunks
     * @throws PorthouseException if the link ends, or the chunk cannot be sent; receivers are then told to forget it
     */
    CompletableFuture<SendReceipt> send(Rooms.Held room, EnvelopeChunk chunk) {
        Open envelope = chunk.index() == 0 ? begin(room, chunk.chunks(), false) : going(room, chunk);
        if (!envelope.receipt.isDone()) {
            queue(envelope, chunk);
        } else if (chunk.isLast()) {
            giveUp(chunk.chunks(), unfinished());
        }
        return envelope.receipt;
    }

    /** The router refused an envelope, whose sender may be at any chunk, or behind the last. */
    void fail(int id, PorthouseException refusal) {
        Open refused;
        synchronized (this) {
            refused = unanswered.get(id);
        }
        if (refused != null) {
            // First, so that who sees the failure finds it ended.
            giveBack(refused);
            // Whatever the last chunk is answered, if it is on its way, only says that the envelope is not open.
            queue.fail(refused.receipt, refusal);
        }
    }

    /** A room was left or withdrawn. */
    void failRoom(Rooms.Held room) {
        PorthouseException failure = new PorthouseException(
                Kind.REJECTED,
                "room " + room.name + " was left or withdrawn while an envelope was being sent there; join it again");
        matching(envelope -> envelope.room == room).forEach(envelope -> fail(envelope, failure));
    }

    /** The link has ended. */
    void end(PorthouseException cause) {
        synchronized (this) {
            ended = cause;
        }
        places.end(cause);
        PorthouseException failure = brokenOff(cause);
        matching(envelope -> true).forEach(envelope -> fail(envelope, failure));
    }

    private static PorthouseException brokenOff(PorthouseException end) {
        return end.with("the connection ended while an envelope was being sent, which its receivers are told to forget;"
                + " send it again from its first chunk (" + end.getMessage() + ")");
    }

    private void fail(Open envelope, PorthouseException failure) {
        giveBack(envelope);
        envelope.receipt.completeExceptionally(failure);
    }

    private EnvelopeChunks cut(Envelope envelope) {
        int overhead = Frame.HEADER_BYTES
                + Chunk.FIRST_HEADER_BYTES
                + envelope.metadata().json().getBytes(StandardCharsets.UTF_8).length
                + Chunk.CRC_BYTES;
        int kib = Math.max(1, Math.min(CHUNK_KIB, (maxFrameBytes - overhead) >> 10));
        try {
            return envelope.chunks(kib, maxFrameBytes);
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new PorthouseException(Kind.USAGE, "the envelope cannot be sent: " + e.getMessage(), e);
        }
    }

    private Open begin(Rooms.Held room, EnvelopeChunks chunks, boolean whole) {
        try {
            chunks.requireFits(maxFrameBytes);
        } catch (IllegalArgumentException e) {
            throw new PorthouseException(Kind.USAGE, e.getMessage() + "; cut it into smaller chunks", e);
        }
        places.take(whole);
        try {
            Open begun = open(room, chunks, whole);
            chunks.whenClosed(() -> giveUp(chunks, unfinished()));
            return begun;
        } catch (PorthouseException e) {
            places.giveBack(whole);
            throw e;
        }
    }

    private synchronized Open open(Rooms.Held room, EnvelopeChunks chunks, boolean whole) {
        if (ended != null) {
            throw ended.again();
        }
        Open begun = new Open(++lastId, room, newReceipt.get(), whole);
        if (open.putIfAbsent(chunks, begun) != null) {
            throw new PorthouseException(Kind.USAGE, "chunk 0 of this envelope was sent before; cut it again");
        }
        unanswered.put(begun.id, begun);
        var unused = begun.receipt.whenComplete((receipt, failed) -> answered(begun));
        return begun;
    }

    private static PorthouseException unfinished() {
        return new PorthouseException(
                Kind.SOURCE, "the envelope was closed before its last chunk, and given up; send it again");
    }

    private void queue(Open envelope, EnvelopeChunk chunk) {
        try {
            queue.chunk(
                    envelope.room,
                    chunk.frameBytes(),
                    chunk.isLast() ? envelope.receipt : null,
                    (out, correlation) -> chunk.write(out, envelope.room.handle, envelope.id, correlation));
        } catch (PorthouseException e) {
            boolean linkEnded = e.kind() != Kind.FULL && e.kind() != Kind.INTERRUPTED;
            PorthouseException failure = linkEnded ? brokenOff(e) : e;
            giveUp(chunk.chunks(), failure);
            throw failure;
        }
        envelope.begun = true;
        if (chunk.isLast()) {
            remove(chunk.chunks());
            giveBack(envelope);
        }
        chunk.sent();
    }

    private synchronized Open going(Rooms.Held room, EnvelopeChunk chunk) {
        Open envelope = open.get(chunk.chunks());
        if (envelope == null || envelope.room != room) {
            throw new PorthouseException(
                    Kind.USAGE,
                    "chunk " + Integer.toUnsignedString(chunk.index())
                            + " belongs to no envelope being sent to this room; send its chunks in order, from the first"
                            + " (and again from there when the connection was lost meanwhile)");
        }
        return envelope;
    }

    /** Behind the last chunk nothing is left to be given up. */
    private void giveUp(EnvelopeChunks chunks, PorthouseException failure) {
        Open envelope = remove(chunks);
        if (envelope == null) {
            return;
        }
        envelope.receipt.completeExceptionally(failure);
        if (envelope.begun && hasPlace(envelope)) {
            ByteBuf frame = allocator.buffer(Chunk.CANCEL_FRAME_BYTES);
            Chunk.writeCancel(frame, 0, envelope.room.handle, 0, envelope.id);
            // A full reserve drops the cancel: then the link is about to be given up, which cancels too.
            boolean unused = queue.control(frame);
        }
        // Behind the cancel: to the router the next envelope would be one too many.
        giveBack(envelope);
    }

    private synchronized @Nullable Open remove(EnvelopeChunks chunks) {
        return open.remove(chunks);
    }

    private synchronized void answered(Open envelope) {
        unanswered.remove(envelope.id);
    }

    /** Whether the router has it open: it ends what it refuses, and what is sent to a room that is lost. */
    private synchronized boolean hasPlace(Open envelope) {
        return envelope.hasPlace;
    }

    private void giveBack(Open envelope) {
        boolean had;
        synchronized (this) {
            had = envelope.hasPlace;
            envelope.hasPlace = false;
        }
        if (had) {
            places.giveBack(envelope.whole);
        }
    }

    private synchronized List<Open> matching(Predicate<Open> which) {
        List<Open> found = new ArrayList<>(open.values());
        found.removeIf(which.negate());
        return found;
    }
}
