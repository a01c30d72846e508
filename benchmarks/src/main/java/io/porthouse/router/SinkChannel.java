package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A connection without a kernel: a flush releases everything at once, a read copies what the benchmark hands it. Pipeline,
 * outbound buffer and the order of calls are those of a socket's channel, so that what is measured is all of the data path
 * but system calls.
 */
final class SinkChannel extends AbstractChannel {

    private static final ChannelMetadata METADATA = new ChannelMetadata(false);

    private final ChannelConfig config = new DefaultChannelConfig(this);
    private boolean open = true;

    SinkChannel() {
        super(null);
    }

    /** Reads these bytes as the epoll transport reads a socket. On the channel's loop. */
    void read(ByteBuf bytes, int start, int length) {
        ExtendedHandle handle = (ExtendedHandle) unsafe().recvBufAllocHandle();
        handle.reset(config);
        ByteBuf in = handle.allocate(config.getAllocator());
        handle.attemptedBytesRead(in.writableBytes());
        in.writeBytes(bytes, start, length);
        handle.lastBytesRead(length);
        handle.incMessagesRead(1);
        pipeline().fireChannelRead(in);
        handle.readComplete();
        pipeline().fireChannelReadComplete();
    }

    Session session() {
        return pipeline().get(TcpIngress.class).session();
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer out) {
        while (out.current() != null) {
            out.remove();
        }
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new AbstractUnsafe() {
            @Override
            public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
                promise.setFailure(new UnsupportedOperationException("it is connected from the start"));
            }
        };
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return null;
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return null;
    }

    @Override
    protected void doBind(SocketAddress address) {
        throw new UnsupportedOperationException("it is connected from the start");
    }

    @Override
    protected void doDisconnect() {
        open = false;
    }

    @Override
    protected void doClose() {
        open = false;
    }

    @Override
    protected void doBeginRead() {}

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }
}
