package io.porthouse.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ControlCodec;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What one link is about to send. Senders of any thread write their frames straight into the block being filled; the event
 * loop takes blocks while the socket takes bytes, so that whatever gathers in the meantime leaves with one write.
 *
 * <p>Bounded: a sender that finds it full waits, and gives up ({@link Kind#FULL}) when nothing moves for the send timeout.
 * The lock also orders correlation numbers like the wire.
 */
final class SendQueue {

    /** For what is sent while nothing else is: most connections never need more. */
    private static final int FIRST_BLOCK_BYTES = 16 << 10;

    /** Holds two chunks of the usual size. */
    private static final int BLOCK_BYTES = 256 << 10;

    /** Blocks handed to Netty at once. Bounds what tiny blocks can pin, and lets a block fill while others are written. */
    private static final int MAX_BLOCKS_IN_FLIGHT = 16;

    /** Written blocks that are kept to be filled again: a pool that is drained and filled all the time gives memory back. */
    private static final int MAX_SPARE_BLOCKS = 8;

    /** How far answers to the router's own PINGs may go over the limit before the link is given up. */
    private static final int CONTROL_RESERVE_BYTES = 64 << 10;

    private final Channel channel;
    private final EventLoop loop;
    private final ByteBufAllocator allocator;
    private final Receipts receipts;

    private final ReentrantLock lock = new ReentrantLock();
    private final SendSpace space;
    private final ArrayDeque<ByteBuf> sealed = new ArrayDeque<>();
    private final ArrayDeque<ByteBuf> spare = new ArrayDeque<>();
    private @Nullable ByteBuf open;
    private long lastCorrelation;
    private boolean drainScheduled;

    /** Nothing more leaves behind what is queued. */
    private boolean over;

    /** Event loop only. */
    private int blocksInFlight;

    /** Event loop only. */
    private boolean draining;

    /** @param isHandler whether the present thread is a handler's of this connection */
    SendQueue(Channel channel, Receipts receipts, ConnectOptions options, BooleanSupplier isHandler) {
        this.channel = channel;
        this.loop = channel.eventLoop();
        this.allocator = channel.alloc();
        this.receipts = receipts;
        this.space = new SendSpace(lock, loop, options, isHandler, channel.config()::isAutoRead);
    }

    /**
     * Queues a whole message; waits while the queue is full.
     *
     * @param receipt completed by the router's receipt; null for none
     * @throws PorthouseException if the link has ended, or the queue stays full
     */
    void message(Rooms.Held room, int flags, byte[] payload, @Nullable CompletableFuture<SendReceipt> receipt) {
        int frameBytes = Frame.HEADER_BYTES + payload.length;
        boolean wake;
        lock.lock();
        try {
            space.awaitSpace(frameBytes, receipt != null);
            ByteBuf block = blockFor(frameBytes);
            long correlation = 0;
            int allFlags = flags;
            if (receipt != null) {
                correlation = register(room, receipt);
                allFlags |= Flags.RECEIPT;
            }
            Frame.writeHeader(block, payload.length, FrameType.ENVELOPE, allFlags, 0, room.handle, 0, correlation);
            block.writeBytes(payload);
            wake = queued(frameBytes);
        } finally {
            lock.unlock();
        }
        drainIf(wake);
    }

    /** Makes a frame that may have to carry a correlation number. Called in the queue's lock. */
    @FunctionalInterface
    private interface FrameMaker {
        /** Returns a frame that the queue will release. */
        ByteBuf make(long correlation);
    }

    /** Writes a frame that may have to carry a correlation number. Called in the queue's lock. */
    @FunctionalInterface
    interface FrameWriter {
        void write(ByteBuf out, long correlation);
    }

    /**
     * Queues one chunk of an envelope, once its room is not paused, as {@link SendSpace#awaitChunk} sees it; waits while the
     * chunks' share of the queue is full, in turn with other envelopes.
     *
     * @param receipt with the last chunk: completed by the router's receipt; else null
     * @param writer writes just {@code frameBytes}, with the correlation, or 0 without a receipt
     * @throws PorthouseException if the link has ended, or the queue stays full
     */
    void chunk(Rooms.Held room, int frameBytes, @Nullable CompletableFuture<SendReceipt> receipt, FrameWriter writer) {
        boolean wake;
        lock.lock();
        try {
            space.awaitChunk(room, frameBytes, receipt != null);
            writer.write(blockFor(frameBytes), receipt == null ? 0 : lastCorrelation + 1);
            if (receipt != null) {
                long unused = register(room, receipt);
            }
            wake = queued(frameBytes);
        } finally {
            lock.unlock();
        }
        drainIf(wake);
    }

    /**
     * Queues a control frame that the router answers; waits while the queue is full.
     *
     * @param register called with the correlation before the frame is queued
     */
    void request(ControlBody body, LongConsumer register) {
        frame(
                correlation -> {
                    ByteBuf frame = allocator.buffer();
                    ControlCodec.encode(frame, body, 0, 0, correlation);
                    return frame;
                },
                register);
    }

    /** @throws PorthouseException if nothing is taken any more */
    void requireOpen() {
        lock.lock();
        try {
            space.requireOpen();
        } finally {
            lock.unlock();
        }
    }

    /** Queues LEAVE, whose room is in its header; otherwise like {@link #request}. */
    void leave(int room, LongConsumer register) {
        frame(correlation -> headerOnly(FrameType.LEAVE, room, correlation), register);
    }

    private void frame(FrameMaker maker, LongConsumer register) {
        boolean wake;
        lock.lock();
        try {
            space.awaitSpace(Frame.HEADER_BYTES, false);
            ByteBuf frame = maker.make(++lastCorrelation);
            register.accept(lastCorrelation);
            wake = append(frame);
        } finally {
            lock.unlock();
        }
        drainIf(wake);
    }

    /**
     * Queues what must not wait: a PONG, a PING, a cancel. Dropped behind the end.
     *
     * @param frame released by the queue
     * @return false if even the reserve is full: the router does not read
     */
    boolean control(ByteBuf frame) {
        boolean wake;
        lock.lock();
        try {
            boolean full = space.isOverBy(CONTROL_RESERVE_BYTES);
            if (over || full) {
                frame.release();
                return over;
            }
            wake = append(frame);
        } finally {
            lock.unlock();
        }
        drainIf(wake);
        return true;
    }

    /** A frame without a body. The caller releases it. */
    ByteBuf headerOnly(byte type, int room, long correlation) {
        ByteBuf frame = allocator.buffer(Frame.HEADER_BYTES);
        Frame.writeHeader(frame, 0, type, 0, 0, room, 0, correlation);
        return frame;
    }

    /** Refuses what is sent from now on, and whoever waits to send. What was queued before still leaves. */
    void refuse(PorthouseException cause) {
        lock.lock();
        try {
            space.refuse(cause);
        } finally {
            lock.unlock();
        }
    }

    /** Queues CLOSE 1000 as the last frame. */
    void finish() {
        ByteBuf frame = allocator.buffer();
        ControlCodec.encode(frame, new ControlBody.Close(CloseCode.DONE.number(), null, null), 0, 0, 0);
        lock.lock();
        try {
            // A full reserve drops the CLOSE: such a router does not read, and the close timeout ends the link.
            boolean unused = control(frame);
            over = true;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the queue and drops what is in it. Event loop only. */
    void end(PorthouseException cause) {
        lock.lock();
        try {
            space.refuse(cause);
            over = true;
            sealed.forEach(ByteBuf::release);
            sealed.clear();
            spare.forEach(ByteBuf::release);
            spare.clear();
            if (open != null) {
                open.release();
                open = null;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Some receipts have come, or failed. */
    void acknowledged(int count) {
        lock.lock();
        try {
            space.acknowledged(count);
        } finally {
            lock.unlock();
        }
    }

    /** Fails a receipt, whether or not what asks for it is queued yet. */
    void fail(CompletableFuture<SendReceipt> receipt, PorthouseException failure) {
        if (receipts.fail(receipt, failure)) {
            acknowledged(1);
        } else {
            receipt.completeExceptionally(failure);
        }
    }

    /** A room goes on or was lost, or nothing is read any more: whoever waits to send chunks looks again. */
    void flowChanged() {
        lock.lock();
        try {
            space.flowChanged();
        } finally {
            lock.unlock();
        }
    }

    /** Writes blocks for as long as the socket takes them. Event loop only. */
    void drain() {
        if (draining) {
            return;
        }
        draining = true;
        try {
            while (writeSome()) {
                channel.flush();
            }
        } finally {
            draining = false;
        }
    }

    private void drainIf(boolean wake) {
        if (wake) {
            try {
                loop.execute(this::drain);
            } catch (RejectedExecutionException e) {
                // The loops end behind the last link, which failed everything outstanding.
                assert over;
            }
        }
    }

    private boolean writeSome() {
        boolean wrote = false;
        for (ByteBuf block = take(); block != null; block = take()) {
            ByteBuf written = block;
            int bytes = block.readableBytes();
            blocksInFlight++;
            // One reference more than Netty releases, so that it can be filled again.
            ChannelFuture writing = channel.write(block.retain());
            writing.addListener(done -> onWritten(written, bytes));
            wrote = true;
        }
        return wrote;
    }

    /** The next block; null if there is none (then the next sender schedules a drain) or the socket is full. */
    private @Nullable ByteBuf take() {
        if (!channel.isWritable() || blocksInFlight >= MAX_BLOCKS_IN_FLIGHT) {
            return null;
        }
        lock.lock();
        try {
            ByteBuf block = sealed.poll();
            if (block == null) {
                block = open;
                open = null;
            }
            if (block == null) {
                drainScheduled = false;
            }
            return block;
        } finally {
            lock.unlock();
        }
    }

    private void onWritten(ByteBuf block, int bytes) {
        blocksInFlight--;
        lock.lock();
        try {
            space.written(bytes);
            keepOrRelease(block);
        } finally {
            lock.unlock();
        }
        drain();
    }

    private void keepOrRelease(ByteBuf block) {
        boolean kept = !over && block.capacity() == BLOCK_BYTES && spare.size() < MAX_SPARE_BLOCKS;
        if (kept) {
            spare.push(block.clear());
        } else {
            block.release();
        }
        if (space.isEmpty()) {
            // Idle, as far as is known: many connections are, and hold next to nothing then.
            spare.forEach(ByteBuf::release);
            spare.clear();
        }
    }

    private long register(Rooms.Held room, CompletableFuture<SendReceipt> receipt) {
        long correlation = ++lastCorrelation;
        space.receiptAwaited();
        receipts.add(room.handle, correlation, receipt);
        return correlation;
    }

    /** Takes over a whole frame; returns whether a drain must be scheduled. */
    private boolean append(ByteBuf frame) {
        int bytes = frame.readableBytes();
        if (bytes <= BLOCK_BYTES / 2) {
            blockFor(bytes).writeBytes(frame);
            frame.release();
        } else {
            seal();
            sealed.add(frame);
        }
        return queued(bytes);
    }

    private boolean queued(int frameBytes) {
        space.queued(frameBytes);
        boolean wake = !drainScheduled;
        drainScheduled = true;
        return wake;
    }

    private ByteBuf blockFor(int frameBytes) {
        ByteBuf block = open;
        if (block != null && block.writableBytes() >= frameBytes) {
            return block;
        }
        seal();
        int capacity = Math.max(space.isEmpty() ? FIRST_BLOCK_BYTES : BLOCK_BYTES, frameBytes);
        ByteBuf kept = capacity == BLOCK_BYTES ? spare.poll() : null;
        ByteBuf fresh = kept == null ? allocator.directBuffer(capacity, capacity) : kept;
        open = fresh;
        return fresh;
    }

    private void seal() {
        if (open != null) {
            sealed.add(open);
            open = null;
        }
    }
}
