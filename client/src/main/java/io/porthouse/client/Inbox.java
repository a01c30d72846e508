package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one room, to be taken one by one instead of by callback.
 *
 * <pre>{@code
 * try (Inbox inbox = connection.messages("lobby")) {
 *     for (Message message : inbox) {
 *         System.out.println(message.text());
 *     }
 * }
 * }</pre>
 *
 * Holds at most {@value #CAPACITY} messages; a taker that falls behind slows its own connection. Thread-safe; not to be
 * waited on by a handler of the same connection.
 */
public final class Inbox implements Iterable<Message>, AutoCloseable {

    /** How many messages wait here before the connection does. */
    static final int CAPACITY = 1024;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Message> messages = new ArrayDeque<>();
    private final MessageHandler handler = this::put;
    private final Consumer<Inbox> whenClosed;
    private boolean closed;
    private @Nullable PorthouseException failure;

    Inbox(Consumer<Inbox> whenClosed) {
        this.whenClosed = whenClosed;
    }

    /**
     * Takes the next message, waiting for it.
     *
     * @param limit how long to wait; zero: only look
     * @return empty when the time is over, or the inbox or its connection was closed here
     * @throws PorthouseException if the connection ended otherwise and nothing is left, or the wait was interrupted
     */
    public Optional<Message> next(Duration limit) {
        return Optional.ofNullable(take(limit.toNanos(), false));
    }

    /**
     * Returns an iterator that waits for each message, and ends when the inbox or its connection is closed here. Its methods
     * throw {@link PorthouseException} like {@link #next}.
     */
    @Override
    public Iterator<Message> iterator() {
        return new Iterator<>() {
            private @Nullable Message ahead;

            @Override
            public boolean hasNext() {
                if (ahead == null) {
                    ahead = take(0, true);
                }
                return ahead != null;
            }

            @Override
            public Message next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                Message next = ahead;
                ahead = null;
                if (next == null) {
                    throw new NoSuchElementException();
                }
                return next;
            }
        };
    }

    /** Takes no more messages and wakes who waits. The room stays joined. Idempotent. */
    @Override
    public void close() {
        end(null);
        whenClosed.accept(this);
    }

    /** What fills it; always the same. */
    MessageHandler handler() {
        return handler;
    }

    boolean isFull() {
        lock.lock();
        try {
            return messages.size() >= CAPACITY;
        } finally {
            lock.unlock();
        }
    }

    /** Called by the connection's handler thread: waits while the inbox is full. */
    private void put(Message message) {
        lock.lock();
        try {
            while (!closed && isFull()) {
                changed.awaitUninterruptibly();
            }
            if (!closed) {
                messages.add(message);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    void end(@Nullable PorthouseException cause) {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                failure = cause;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Message take(long nanos, boolean forever) {
        lock.lock();
        try {
            long left = nanos;
            while (messages.isEmpty() && !closed) {
                if (!forever && left <= 0) {
                    return null;
                }
                left = forever ? changed.awaitNanos(Long.MAX_VALUE) : changed.awaitNanos(left);
            }
            Message next = messages.poll();
            if (next == null && failure != null) {
                throw failure.again();
            }
            changed.signalAll();
            return next;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PorthouseException(Kind.INTERRUPTED, "interrupted while waiting for a message", e);
        } finally {
            lock.unlock();
        }
    }
}
