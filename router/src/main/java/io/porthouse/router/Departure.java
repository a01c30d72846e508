package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.porthouse.protocol.ControlBody.Close;
import io.porthouse.protocol.ControlCodec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a connection ends without losing its last words. A socket that is closed while it has unread input resets the
 * connection, and the peer may never see what was sent last (RFC 2525 §2.17); so the router says CLOSE, shuts its output,
 * and discards input for a while before it closes. Every step has a deadline, watched by the puddle's tick. Confined to the
 * session's loop.
 */
final class Departure {

    /** How long queued messages and receipts may take. */
    static final long DRAIN_NANOS = 5_000_000_000L;

    /** How long CLOSE may take, with what Netty holds before it. */
    static final long FAREWELL_NANOS = 100_000_000L;

    /** How long input is discarded after output was shut. */
    static final long LINGER_NANOS = 1_000_000_000L;

    private static final int CLOSE_FRAME_BYTES = 128;

    private static final Logger LOG = LoggerFactory.getLogger(Departure.class);

    private enum Step {
        DRAIN,
        FAREWELL,
        LINGER,
        OVER
    }

    private final Session session;
    private final @Nullable Close farewell;
    private Step step;
    private long deadlineNanos;
    private boolean inputEnded;

    private Departure(Session session, @Nullable Close farewell, Step step, long allowedNanos, boolean inputEnded) {
        this.session = session;
        this.farewell = farewell;
        this.step = step;
        this.inputEnded = inputEnded;
        allow(allowedNanos);
    }

    /** The router closes: at once, or behind what is queued. */
    static Departure byRouter(Session session, Close farewell, boolean drainFirst, boolean inputEnded) {
        Departure departure = new Departure(session, farewell, Step.DRAIN, DRAIN_NANOS, inputEnded);
        if (!drainFirst) {
            departure.sayFarewell(farewell);
        }
        return departure;
    }

    /** The client is done: what it asked for is answered, then output is shut. */
    static Departure byClient(Session session, boolean inputEnded) {
        return new Departure(session, null, Step.DRAIN, DRAIN_NANOS, inputEnded);
    }

    private void allow(long nanos) {
        deadlineNanos = session.node.nanoTime.getAsLong() + nanos;
    }

    /** Goes on if what it waited for has happened. */
    void advance() {
        if (step == Step.DRAIN && session.isSettled()) {
            if (farewell == null) {
                linger();
            } else {
                sayFarewell(farewell);
            }
        }
    }

    private void sayFarewell(Close body) {
        step = Step.FAREWELL;
        allow(FAREWELL_NANOS);
        ByteBuf frame = session.node.memory.allocator().directBuffer(CLOSE_FRAME_BYTES);
        ControlCodec.encode(frame, body, 0, 0, 0);
        ChannelFuture written = session.ingress.writeLast(frame);
        written.addListener(done -> {
            if (step == Step.FAREWELL && done.isSuccess()) {
                linger();
            }
        });
    }

    private void linger() {
        step = Step.LINGER;
        allow(LINGER_NANOS);
        // What is published from now on can't be sent: to write it would break the connection off, and it must
        // not count as queued.
        session.outbox.shut();
        session.ingress.shutOutput();
        if (inputEnded) {
            close();
        }
    }

    /** The peer sends no more, so nothing can be unread. */
    void inputEnded() {
        inputEnded = true;
        if (step == Step.LINGER) {
            close();
        }
    }

    private void close() {
        step = Step.OVER;
        // Not at once: this may be inside the walk over what was read.
        session.puddle.execute(session.ingress::close);
    }

    /** Ends without a goodbye, because not even that could be said. */
    void fail(Throwable cause) {
        LOG.error("session {} could not be closed in order and is reset", session.handle, cause);
        step = Step.OVER;
        session.ingress.reset();
    }

    /** Returns whether there is nothing left to watch; ends what took too long. */
    boolean isOver(long nowNanos) {
        if (!session.isDeparting(this)) {
            return true;
        }
        advance();
        if (step != Step.OVER && nowNanos - deadlineNanos >= 0) {
            if (step == Step.LINGER) {
                close();
            } else {
                step = Step.OVER;
                session.ingress.reset();
            }
        }
        return step == Step.OVER;
    }
}
