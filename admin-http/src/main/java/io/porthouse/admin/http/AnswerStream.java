package io.porthouse.admin.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The body of an answer while it is made. Used by one thread, which blocks while the receiver takes nothing. */
final class AnswerStream extends OutputStream {

    private static final int BUFFER_BYTES = 16 << 10;

    private final Channel channel;
    private final AnswerHead head;
    private final long patienceNanos;
    private final Object writable = new Object();
    private byte[] buffer = new byte[BUFFER_BYTES];
    private int buffered;
    private volatile boolean hasBegun;

    AnswerStream(Channel channel, AnswerHead head, Duration patience) {
        this.channel = channel;
        this.head = head;
        this.patienceNanos = patience.toNanos();
    }

    /** Returns whether the head is on its way, so that there is no other answer any more. */
    boolean hasBegun() {
        return hasBegun;
    }

    /** Has the writer write everything; returns what went wrong. */
    @Nullable
    Throwable fill(Response.Writer writer) {
        try {
            writer.writeTo(this);
            send();
            awaitRoom();
            if (!channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT)
                    .awaitUninterruptibly(patienceNanos / 1_000_000)) {
                throw new IOException("the receiver does not take the end of the answer");
            }
            return null;
        } catch (IOException | RuntimeException e) {
            return e;
        }
    }

    @Override
    public void write(int single) throws IOException {
        if (buffered == buffer.length) {
            send();
        }
        buffer[buffered++] = (byte) single;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        int from = offset;
        int left = length;
        while (left > 0) {
            if (buffered == buffer.length) {
                send();
            }
            int taken = Math.min(left, buffer.length - buffered);
            System.arraycopy(bytes, from, buffer, buffered, taken);
            buffered += taken;
            from += taken;
            left -= taken;
        }
    }

    private void send() throws IOException {
        awaitRoom();
        if (!hasBegun) {
            hasBegun = true;
            Future<?> unused = channel.write(head.first());
        }
        if (buffered > 0) {
            // The written array is Netty's from here on.
            Future<?> unused =
                    channel.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(buffer, 0, buffered)));
            buffer = new byte[BUFFER_BYTES];
            buffered = 0;
        }
    }

    private void awaitRoom() throws IOException {
        long start = System.nanoTime();
        synchronized (writable) {
            while (channel.isActive() && !channel.isWritable()) {
                long leftMillis = (patienceNanos - (System.nanoTime() - start)) / 1_000_000;
                if (leftMillis <= 0) {
                    throw new IOException("the receiver takes nothing");
                }
                try {
                    writable.wait(leftMillis);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted", e);
                }
            }
        }
        if (!channel.isActive()) {
            throw new IOException("the receiver is gone");
        }
    }

    /** The channel may have become writable, or is gone. Any thread. */
    void wake() {
        synchronized (writable) {
            writable.notifyAll();
        }
    }
}
