package io.porthouse.router;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;

/** The kernel interface under the sockets. */
public enum Transport {
    /** Linux epoll, by Netty's native library: the default where it loads. */
    EPOLL(EpollServerSocketChannel.class),
    /** Linux io_uring: by setting only, because it measured no better. */
    IO_URING(IoUringServerSocketChannel.class),
    /** The JDK's own selectors: everywhere. */
    NIO(NioServerSocketChannel.class);

    private static final long UNSENT_BYTES = 128 << 10;

    private final Class<? extends ServerChannel> serverChannel;

    Transport(Class<? extends ServerChannel> serverChannel) {
        this.serverChannel = serverChannel;
    }

    /** Returns {@link #EPOLL} where its native library loads, else {@link #NIO}. */
    public static Transport best() {
        return EPOLL.isAvailable() ? EPOLL : NIO;
    }

    /** Returns whether this machine can do it. */
    public boolean isAvailable() {
        return switch (this) {
            case EPOLL -> Epoll.isAvailable();
            case IO_URING -> IoUring.isAvailable();
            case NIO -> true;
        };
    }

    /**
     * Has the kernel hoard little for a connection whose peer does not take it: what lies there can't be overtaken any more,
     * and a full send buffer of megabytes, which is writable again only when a third of it is free, looks for a long time
     * like a peer that takes nothing.
     */
    void limitUnsent(ServerBootstrap bootstrap) {
        if (this == EPOLL) {
            bootstrap.childOption(EpollChannelOption.TCP_NOTSENT_LOWAT, UNSENT_BYTES);
        }
    }

    IoHandlerFactory newHandlerFactory() {
        return switch (this) {
            case EPOLL -> SteadyEpoll.newFactory();
            case IO_URING -> IoUringIoHandler.newFactory();
            case NIO -> NioIoHandler.newFactory();
        };
    }

    Class<? extends ServerChannel> serverChannel() {
        return serverChannel;
    }
}
