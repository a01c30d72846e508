package io.porthouse.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeSink;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The payload of an envelope that is arriving. Its end ({@code -1}) says that all of it is right, its checksum too; until
 * then nothing that was read is verified. If it does not arrive whole, reading throws {@link EnvelopeException}, at once.
 *
 * <p>What is received and not read stays in memory up to the connection's {@link
 * ConnectOptions.Builder#receiveBufferBytes}; then the connection reads no further, and the senders wait. So a stream that
 * nobody reads slows all that its connection receives, and in the end holds it up, until the router closes the connection
 * as too slow ({@code 3001}). That may befall a reader of some hundred kilobytes a second too, because the systems' socket
 * buffers pass on what was read in steps of megabytes. Who wants no more of a stream closes it: the rest flows by.
 *
 * <p>Read by one thread at a time, not by a handler of the same connection; may be closed by any.
 */
public final class EnvelopeStream extends InputStream {

    /** Loaded by the first log line only. */
    private static final class Log {
        static final Logger LOG = LoggerFactory.getLogger(EnvelopeStream.class);
    }

    /** Less is copied: a few bytes must not keep a whole read buffer. */
    private static final int LEAST_KEPT_BYTES = 64 << 10;

    /** What a stream is charged with between its payload's end and its close, so that small ones have a bound too. */
    private static final int ENDED_BYTES = 16 << 10;

    private final IncomingEnvelope envelope;
    private final ReceiveSpace space;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>();
    private boolean ended;
    private boolean closed;
    private @Nullable EnvelopeFailure failure;
    private @Nullable PorthouseException loss;

    private EnvelopeStream(IncomingEnvelope envelope) {
        this.envelope = envelope;
        this.space = envelope.space();
    }

    /** Begins to read an envelope on a thread of its own; returns what feeds it. */
    static EnvelopeSink begin(IncomingEnvelope envelope, EnvelopeReader reader) {
        EnvelopeStream stream = new EnvelopeStream(envelope);
        SharedThreads.HANDLERS.execute(() -> stream.run(reader));
        return stream.new Feed();
    }

    /** What it is that arrives. */
    public IncomingEnvelope envelope() {
        return envelope;
    }

    /** Reads one byte; otherwise like {@link #read(byte[], int, int)}. */
    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    /**
     * Reads what has arrived, at least one byte; waits for it.
     *
     * @return how many bytes; -1: that was all, and it is right
     * @throws EnvelopeException if it will not arrive whole
     * @throws InterruptedIOException if the thread was interrupted; its interrupt flag is set
     * @throws IOException if the stream is closed
     */
    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, into.length);
        if (length == 0) {
            return 0;
        }
        int freed = 0;
        lock.lock();
        try {
            ByteBuf head = awaitData();
            if (head == null) {
                return -1;
            }
            int read = Math.min(length, head.readableBytes());
            int wholeBytes = head.writerIndex();
            head.readBytes(into, offset, read);
            if (!head.isReadable()) {
                freed = wholeBytes;
                waiting.remove();
                head.release();
            }
            return read;
        } finally {
            lock.unlock();
            if (freed > 0) {
                space.release(freed);
            }
        }
    }

    /** How many bytes can be read without waiting. */
    @Override
    public int available() {
        lock.lock();
        try {
            return waiting.stream().mapToInt(ByteBuf::readableBytes).sum();
        } finally {
            lock.unlock();
        }
    }

    /** Gives up what was not read: the rest of the envelope flows by. Idempotent; wakes who reads. */
    @Override
    public void close() {
        int freed;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            freed = drop() + (ended ? ENDED_BYTES : 0);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        space.release(freed);
    }

    private void run(EnvelopeReader reader) {
        try (this) {
            reader.read(this);
        } catch (EnvelopeException e) {
            Log.LOG.warn("{}", e.getMessage());
        } catch (Throwable t) {
            Log.LOG.error("a reader of the application failed; the connection goes on", t);
        }
    }

    /** Returns what is to be read next; null at the end. Needs the lock. */
    private @Nullable ByteBuf awaitData() throws IOException {
        while (waiting.isEmpty() && !ended && !closed) {
            if (space.isHandlerThread()) {
                throw new PorthouseException(
                        Kind.USAGE,
                        "a handler cannot wait for a stream of its own connection, which would wait for the handler;"
                                + " read it on another thread");
            }
            try {
                changed.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                InterruptedIOException told = new InterruptedIOException("interrupted while waiting for an envelope");
                told.initCause(e);
                throw told;
            }
        }
        if (closed) {
            throw new IOException("the stream is closed");
        }
        if (failure != null) {
            throw new EnvelopeException(envelope, failure, loss);
        }
        return waiting.peek();
    }

    /** Forgets what was not read; returns how much that was. Needs the lock. */
    private int drop() {
        int bytes = waiting.stream().mapToInt(ByteBuf::writerIndex).sum();
        waiting.forEach(ByteBuf::release);
        waiting.clear();
        return bytes;
    }

    private void put(ByteBuf data) {
        int bytes = data.readableBytes();
        lock.lock();
        try {
            if (closed) {
                return;
            }
            // Charged by the writer index, so its bytes begin at 0.
            waiting.add(bytes < LEAST_KEPT_BYTES ? Unpooled.copiedBuffer(data) : data.retainedSlice());
            space.hold(bytes);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void end(@Nullable EnvelopeFailure reason) {
        int freed = 0;
        lock.lock();
        try {
            ended = true;
            if (closed) {
                return;
            }
            space.hold(ENDED_BYTES);
            failure = reason;
            if (reason != null) {
                loss = space.loss(reason);
                freed = drop();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        space.release(freed);
    }

    /** Takes what arrives, on the thread of the handlers. */
    private final class Feed implements EnvelopeSink {
        @Override
        public void data(ByteBuf data) {
            put(data);
        }

        @Override
        public void complete() {
            end(null);
        }

        @Override
        public void failed(EnvelopeFailure reason) {
            end(reason);
        }
    }
}
