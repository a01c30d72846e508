package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The far side of a connection of a {@link ManualRouter}: each piece that it sends is one read of the router, of exactly
 * these bytes; what the router writes is taken when it is flushed, unless the peer is stalled.
 */
final class ManualPeer {

    final Session session;
    private final ManualRouter router;
    private final TcpIngress ingress;
    private final Pipe channel;
    private final Deque<byte[]> unread = new ArrayDeque<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Map<String, Integer> handles = new HashMap<>();
    private boolean endsInput;
    private boolean hungUp;
    private boolean stalled;
    private ByteBuf readInto;
    private int readAt;

    /** How many buffers it takes before it stalls; negative: no end. */
    private int buffersTaken = -1;

    private int writes;

    /** What came to the end of the pipeline as an exception: the router is to let nothing through. */
    private Throwable thrown;

    ManualPeer(ManualRouter router, Node node, Puddle puddle) {
        this.router = router;
        this.ingress = new TcpIngress(node, puddle);
        this.session = ingress.session();
        this.channel = new Pipe();
        channel.config().setAllocator(node.memory.allocator());
        channel.config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(32 << 10, 64 << 10));
        channel.pipeline().addLast(ingress, new LastResort());
        ingress.channelActive(channel.pipeline().context(ingress));
    }

    // ---- towards the router

    /** Sends pieces, each of which is read by itself, as soon as the router reads. */
    ManualPeer send(byte[]... pieces) {
        unread.addAll(Arrays.asList(pieces));
        router.run();
        return this;
    }

    /** Sends pieces that are read one after the other, without anything in between. */
    void sendAtOnce(byte[]... pieces) {
        read(pieces);
        router.run();
    }

    /** Has the router read these pieces, as far as it reads, and do nothing else: what follows from them waits. */
    void read(byte[]... pieces) {
        unread.addAll(Arrays.asList(pieces));
        while (!unread.isEmpty() && channel.isOpen() && channel.config().isAutoRead()) {
            read(ByteBuffer.wrap(unread.poll()));
        }
    }

    void hello(String fields) {
        send(TestClient.json(
                FrameType.HELLO, 0, 1, "{'version':1,'token':'" + RouterHarness.SECRET + "'," + fields + "}"));
        for (Received frame : take()) {
            if (frame.type() == FrameType.GRANTED) {
                handles.put(frame.json().get("room").asText(), frame.room());
            }
        }
    }

    int handle(String room) {
        Integer handle = handles.get(RouterHarness.ACCOUNT + "/" + room);
        assertThat(handle).as("the handle of %s; held are %s", room, handles).isNotNull();
        return handle;
    }

    /** Ends its own stream, behind what it has sent. */
    void endInput() {
        endsInput = true;
        router.run();
    }

    /** Ends its own stream as epoll tells of it: all that is there is read, even if the router does not want to read. */
    void hangUp() {
        hungUp = true;
        while (channel.isOpen() && !unread.isEmpty()) {
            read(ByteBuffer.wrap(unread.poll()));
        }
        channel.inputShut = true;
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
    }

    /** Has the router read what is there, if it does read; returns whether there was something. */
    boolean read() {
        boolean busy = channel.hasPendingTasks();
        channel.runPendingTasks();
        if (!channel.isOpen() || !channel.config().isAutoRead()) {
            return busy;
        }
        byte[] piece = unread.poll();
        if (piece != null) {
            read(ByteBuffer.wrap(piece));
            return true;
        }
        if (endsInput && !channel.inputShut) {
            channel.inputShut = true;
            channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            return true;
        }
        return busy;
    }

    /** As a channel of Netty reads: as often as the piece needs, of which more than one buffer may be. */
    private void read(ByteBuffer piece) {
        while (piece.hasRemaining() && channel.isOpen() && (channel.config().isAutoRead() || hungUp)) {
            beginRead();
            int count = Math.min(readInto.writableBytes(), piece.remaining());
            byte[] come = new byte[count];
            piece.get(come);
            endRead(come);
        }
        if (piece.hasRemaining()) {
            byte[] rest = new byte[piece.remaining()];
            piece.get(rest);
            unread.addFirst(rest);
        }
    }

    /** Asks the router where to read to. */
    void beginRead() {
        ingress.reset(channel.config());
        readInto = ingress.allocate(channel.alloc());
        readAt = readInto.writerIndex();
        assertThat(readInto.writableBytes()).as("what one read may bring").isBetween(1, TcpIngress.MAX_READ_BYTES);
    }

    /** The read that has begun brings this. */
    void endRead(byte[] come) {
        ByteBuf in = readInto;
        ingress.attemptedBytesRead(in.writableBytes());
        in.setBytes(readAt, come);
        in.writerIndex(in.writerIndex() + come.length);
        ingress.lastBytesRead(come.length);
        ingress.incMessagesRead(1);
        channel.pipeline().fireChannelRead(in);
        ingress.readComplete();
        channel.pipeline().fireChannelReadComplete();
    }

    // ---- from the router

    /** Takes nothing any more, or goes on. */
    void stall(boolean stops) {
        stalled = stops;
        if (!stops) {
            takeOn();
        }
        router.run();
    }

    /** Takes so many buffers, and then nothing any more. */
    void takeSome(int buffers) {
        buffersTaken = buffers;
        takeOn();
        stalled = true;
        buffersTaken = -1;
        router.run();
    }

    /** Goes on taking; what follows from that waits. */
    void takeOn() {
        stalled = false;
        channel.unsafe().flush();
    }

    /** Whether it takes nothing now. */
    boolean isStalled() {
        return stalled;
    }

    /** Returns the frames that came since the last call; they must be whole. */
    List<Received> take() {
        ByteBuffer in = ByteBuffer.wrap(bytes.toByteArray());
        bytes.reset();
        List<Received> frames = new ArrayList<>();
        while (in.hasRemaining()) {
            frames.add(frame(in));
        }
        return frames;
    }

    private static Received frame(ByteBuffer in) {
        int length = in.getInt();
        byte type = in.get();
        int flags = Byte.toUnsignedInt(in.get());
        int node = Short.toUnsignedInt(in.getShort());
        int room = in.getInt();
        int origin = in.getInt();
        long sequence = in.getLong();
        byte[] body = new byte[length - Frame.MIN_LENGTH];
        in.get(body);
        return new Received(type, flags, node, room, origin, sequence, body);
    }

    /** How often the router has written, or tried to: each would be a system call. */
    int writes() {
        return writes;
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    boolean isOutputShut() {
        return channel.outputShut;
    }

    /** Whether the router reads from it. */
    boolean isRead() {
        return channel.config().isAutoRead();
    }

    /** How many pieces the router has not read. */
    int unread() {
        return unread.size();
    }

    Throwable thrown() {
        return thrown;
    }

    /** Is gone without a word; what follows from that waits. */
    void hangUpAtOnce() {
        var unused = channel.close();
    }

    /** Is gone without a word. */
    void breakOff() {
        var unused = channel.close();
        router.forget(this);
        router.run();
        channel.finishAndReleaseAll();
    }

    private final class LastResort extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            thrown = cause;
        }
    }

    /** Netty's embedded channel, with two halves that end by themselves, and a far side that may take nothing. */
    private final class Pipe extends EmbeddedChannel implements DuplexChannel {
        private boolean inputShut;
        private boolean outputShut;

        @Override
        protected void doWrite(ChannelOutboundBuffer out) {
            writes++;
            for (Object message = out.current(); message != null && !stalled; message = out.current()) {
                stalled = --buffersTaken == 0;
                ByteBuf buffer = (ByteBuf) message;
                assertThat(outputShut).as("written behind the end").isFalse();
                byte[] copy = new byte[buffer.readableBytes()];
                buffer.readBytes(copy);
                bytes.writeBytes(copy);
                out.remove();
            }
        }

        @Override
        public ChannelFuture shutdownOutput() {
            outputShut = true;
            return newSucceededFuture();
        }

        @Override
        public boolean isInputShutdown() {
            return inputShut;
        }

        @Override
        public boolean isOutputShutdown() {
            return outputShut;
        }

        @Override
        public boolean isShutdown() {
            return inputShut && outputShut;
        }

        @Override
        public ChannelFuture shutdownOutput(ChannelPromise promise) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ChannelFuture shutdownInput() {
            throw new UnsupportedOperationException();
        }

        @Override
        public ChannelFuture shutdownInput(ChannelPromise promise) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ChannelFuture shutdown() {
            throw new UnsupportedOperationException();
        }

        @Override
        public ChannelFuture shutdown(ChannelPromise promise) {
            throw new UnsupportedOperationException();
        }
    }
}
