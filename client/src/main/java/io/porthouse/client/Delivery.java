package io.porthouse.client;

import io.netty.buffer.ByteBuf;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ControlCodec;
import io.porthouse.protocol.EnvelopeAssembler;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeKey;
import io.porthouse.protocol.EnvelopeListener;
import io.porthouse.protocol.EnvelopeMetadata;
import io.porthouse.protocol.EnvelopeSink;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Gap;
import io.porthouse.protocol.MalformedBodyException;
import java.time.Duration;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what links receive to the user's handlers: a read's frames at a time, in order, on one thread at a time that may
 * block. What waits here is bounded by a {@link ReceiveSpace}: above it the link stops reading until some of it is handled.
 */
final class Delivery {

    /** Loaded by the first log line only: a logging framework costs a short-lived program more than its work. */
    private static final class Log {
        static final Logger LOG = LoggerFactory.getLogger(Delivery.class);
    }

    private record Batch(Link link, ByteBuf frames) {}

    private record LinkEnded(@Nullable PorthouseException cause) {}

    private record LinkLost(PorthouseException cause, Duration retryIn) {}

    private record Reconnected(Set<String> lostRooms) {}

    private record Dropped(PorthouseException cause, long count) {}

    private final Executor executor;
    private final Handlers handlers;
    private final ConnectionEvents events;
    private final Consumer<@Nullable PorthouseException> whenEnded;
    private final ReceiveSpace space;

    private final Queue<Object> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger scheduled = new AtomicInteger();
    private volatile boolean stopped;
    private volatile @Nullable Thread handlerThread;

    /** What the thread in {@link #drain} knows of the present link: handles to rooms, and open envelopes. */
    private final IntObjectMap<RoomView> rooms = new IntObjectHashMap<>();

    private final EnvelopeAssembler assembler;

    private record RoomView(String name, Handlers.OfRoom handlers) {}

    /**
     * @param executor runs one task at a time for this delivery
     * @param whenEnded called last, on the handlers' thread
     */
    Delivery(
            Executor executor,
            ConnectOptions options,
            Handlers handlers,
            Consumer<@Nullable PorthouseException> whenEnded) {
        this.executor = executor;
        this.handlers = handlers;
        this.events = options.events;
        this.whenEnded = whenEnded;
        this.space = new ReceiveSpace(options.receiveBufferBytes, this::isHandlerThread);
        this.assembler = new EnvelopeAssembler(options.maxIncomingEnvelopes, new Envelopes());
    }

    /**
     * Takes whole frames, which stay where they are: the caller never changes these bytes again. A link's event loop only.
     *
     * @param link told to go on if it must stop
     * @return whether the link must stop reading until it is told to go on
     */
    boolean offer(Link link, ByteBuf buffer, int index, int bytes) {
        if (stopped) {
            return false;
        }
        boolean full = space.received(link, bytes);
        enqueue(new Batch(link, buffer.retainedSlice(index, bytes)));
        return full;
    }

    /** The link is gone: what it gave before is still handled, then {@code whenEnded} is called. */
    void linkEnded(@Nullable PorthouseException cause) {
        enqueue(new LinkEnded(cause));
    }

    /** The link is gone, and another will follow it. */
    void linkLost(PorthouseException cause, Duration retryIn) {
        enqueue(new LinkLost(cause, retryIn));
    }

    /** A link has taken the place of the last one; these rooms did not come back with it. */
    void reconnected(Set<String> lostRooms) {
        enqueue(new Reconnected(lostRooms));
    }

    /** Messages without a receipt were never sent. */
    void dropped(PorthouseException cause, long count) {
        enqueue(new Dropped(cause, count));
    }

    /** Handles no more messages, and drops those that wait. A handler that is running goes on. Any thread. */
    void stop() {
        stopped = true;
        space.resume();
    }

    /** Whether much of what has come still waits to be taken. Any thread. */
    boolean isBehind() {
        return space.isBehind();
    }

    /** Whether a handler of this connection is what runs on the present thread. */
    boolean isHandlerThread() {
        return Thread.currentThread().equals(handlerThread);
    }

    private void enqueue(Object item) {
        queue.add(item);
        if (scheduled.getAndIncrement() == 0) {
            try {
                executor.execute(this::drain);
            } catch (RuntimeException | Error noThread) {
                // Whatever comes next tries again, and finds this too.
                scheduled.set(0);
                throw noThread;
            }
        }
    }

    private void drain() {
        handlerThread = Thread.currentThread();
        int handled = scheduled.get();
        while (handled > 0) {
            for (Object item = queue.poll(); item != null; item = queue.poll()) {
                if (item instanceof Batch batch) {
                    handle(batch);
                } else {
                    tell(item);
                }
            }
            // Before the count says that another thread may begin, which then sets its own.
            handlerThread = null;
            handled = scheduled.addAndGet(-handled);
            if (handled > 0) {
                handlerThread = Thread.currentThread();
            }
        }
    }

    private void handle(Batch batch) {
        ByteBuf frames = batch.frames;
        int index = frames.readerIndex();
        int end = frames.writerIndex();
        long bytes = frames.readableBytes();
        try {
            while (index < end && !stopped) {
                int frameBytes = Frame.frameBytes(frames, index);
                handleFrame(frames, index, frameBytes);
                index += frameBytes;
            }
        } catch (Throwable t) {
            // Not a handler's fault, which costs one message, but ours, or no memory: going on would lose messages
            // unsaid.
            batch.link.cut(new PorthouseException(
                    Kind.LOST, "what was received could not be handled (" + t + "); connect again", t));
        } finally {
            frames.release();
            space.release(bytes);
        }
    }

    private void tell(Object what) {
        if (what instanceof LinkLost lost) {
            forgetLink(lost.cause);
            guarded(() -> events.onDisconnected(lost.cause, lost.retryIn));
        } else if (what instanceof Reconnected back) {
            back.lostRooms.forEach(room -> guarded(() -> events.onWithdrawn(room, "withdrawn")));
            guarded(events::onReconnected);
        } else if (what instanceof Dropped dropped) {
            guarded(() -> events.onDropped(dropped.cause, dropped.count));
        } else if (what instanceof LinkEnded end) {
            handle(end);
        }
    }

    private void forgetLink(@Nullable PorthouseException cause) {
        space.lost(cause);
        guarded(assembler::end);
        rooms.values().forEach(room -> handlers.forgetIfUnused(room.name));
        rooms.clear();
    }

    private void handle(LinkEnded end) {
        forgetLink(end.cause);
        guarded(() -> events.onEnded(end.cause));
        guarded(() -> whenEnded.accept(end.cause));
    }

    private void handleFrame(ByteBuf in, int index, int bytes) {
        int handle = Frame.room(in, index);
        switch (Frame.type(in, index)) {
            case FrameType.ENVELOPE -> onEnvelope(rooms.get(handle), in, index, bytes);
            case FrameType.GRANTED -> onGranted(handle, in, index, bytes);
            case FrameType.WITHDRAWN -> onWithdrawn(handle, in, index, bytes);
            case FrameType.GAP -> onGap(rooms.get(handle), in, index, bytes);
            case FrameType.FLOW -> onFlow(rooms.get(handle), in, index, bytes);
            case FrameType.ERROR -> onRejected(in, index, bytes);
            default -> {
                // The link has dealt with it.
            }
        }
    }

    private void onEnvelope(@Nullable RoomView room, ByteBuf in, int index, int bytes) {
        if (room == null) {
            return;
        }
        int flags = Frame.flags(in, index);
        if ((flags & Flags.CHUNK) != 0) {
            if (handlers.envelopes(room.handlers) != null) {
                guarded(() -> assembler.accept(in, index, bytes));
            }
            return;
        }
        MessageHandler handler = handlers.messages(room.handlers);
        if (handler == null) {
            return;
        }
        byte[] payload = new byte[bytes - Frame.HEADER_BYTES];
        in.getBytes(index + Frame.BODY_OFFSET, payload);
        Message message = new Message(
                room.name,
                Frame.sequence(in, index),
                Frame.node(in, index),
                Frame.origin(in, index),
                (flags & Flags.TEXT) != 0,
                payload);
        try {
            handler.onMessage(message);
        } catch (Throwable t) {
            handlerFailed(t);
        }
    }

    private void onGranted(int handle, ByteBuf in, int index, int bytes) {
        ControlBody.Granted body = decode(ControlBody.Granted.class, in, index, bytes);
        if (body != null) {
            rooms.put(handle, new RoomView(body.room(), handlers.ofRoom(body.room())));
            guarded(() -> events.onGranted(RoomGrant.of(body)));
        }
    }

    private void onWithdrawn(int handle, ByteBuf in, int index, int bytes) {
        RoomView room = rooms.remove(handle);
        guarded(() -> assembler.endRoom(handle));
        ControlBody.Withdrawn body = decode(ControlBody.Withdrawn.class, in, index, bytes);
        if (room != null) {
            handlers.forgetIfUnused(room.name);
        }
        if (room != null && body != null) {
            guarded(() -> events.onWithdrawn(room.name, body.reason()));
        }
    }

    private void onGap(@Nullable RoomView room, ByteBuf in, int index, int bytes) {
        if (room == null) {
            return;
        }
        try {
            Gap gap = Gap.decode(in, index, bytes);
            guarded(() -> events.onGap(room.name, gap));
        } catch (MalformedBodyException e) {
            Log.LOG.warn("ignored a GAP that cannot be read: {}", e.getMessage());
        }
    }

    private void onFlow(@Nullable RoomView room, ByteBuf in, int index, int bytes) {
        if (room != null && bytes > Frame.HEADER_BYTES) {
            boolean paused = in.getByte(index + Frame.BODY_OFFSET) == 1;
            guarded(() -> events.onFlow(room.name, paused));
        }
    }

    /** Of refusals, only those that no future stands for get here. */
    private void onRejected(ByteBuf in, int index, int bytes) {
        ControlBody.Refusal body = decode(ControlBody.Refusal.class, in, index, bytes);
        if (body != null && Frame.sequence(in, index) == 0 && body.envelope() == null) {
            long count = body.count() == null ? 1 : body.count();
            guarded(() -> events.onRejected(PorthouseException.rejected(body), count));
        }
    }

    /** The link decoded the same body before, and would have ended; so a failure here is of no consequence. */
    private static <T extends ControlBody> @Nullable T decode(Class<T> type, ByteBuf in, int index, int bytes) {
        try {
            return ControlCodec.decode(type, in, index, bytes);
        } catch (MalformedBodyException e) {
            return null;
        }
    }

    private static void guarded(Runnable call) {
        try {
            call.run();
        } catch (Throwable t) {
            handlerFailed(t);
        }
    }

    /** One failing call must not cost the others: the next message follows. */
    private static void handlerFailed(Throwable failure) {
        Log.LOG.error("a handler of the application failed; the connection goes on", failure);
    }

    /** Finds the user's handler for envelopes that begin. */
    private final class Envelopes implements EnvelopeListener {
        @Override
        public EnvelopeSink begin(EnvelopeKey key, long totalBytes, boolean text, EnvelopeMetadata metadata) {
            RoomView room = rooms.get(key.room());
            EnvelopeHandler handler = room == null ? null : handlers.envelopes(room.handlers);
            if (room == null || handler == null) {
                throw new IllegalStateException("chunks without a handler are not fed");
            }
            return handler.onEnvelope(
                    new IncomingEnvelope(room.name, key.node(), key.origin(), totalBytes, text, metadata, space));
        }

        @Override
        public void refused(EnvelopeKey key, EnvelopeFailure reason) {
            RoomView room = rooms.get(key.room());
            if (room != null) {
                events.onEnvelopeRefused(room.name, reason);
            }
        }
    }
}
