package io.porthouse.client;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The threads of all connections of the process: a few event loops, and a thread for each connection whose handlers are
 * running at the moment. They start with the first connection and end with the last, so that a program with a thousand
 * connections has no thousand loops, and one without any has no threads. Thread-safe.
 */
final class SharedThreads {

    /** Uses epoll where its native library loads. */
    static final SharedThreads NATIVE = new SharedThreads(true);

    /** Uses the JDK's selectors, which start sooner. */
    static final SharedThreads PLAIN = new SharedThreads(false);

    /**
     * For handlers, and for what a connection sends when it is back: bounded by the number of connections, each of which
     * has at most one task of each here at a time. Daemons,
     * because their connection's loop is what keeps the program running; idle threads end.
     */
    static final Executor HANDLERS = new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            5,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            new DefaultThreadFactory("porthouse-handlers", true));

    private static final int MAX_LOOPS = 4;

    /**
     * @param loops not daemons: an open connection keeps its program running
     */
    record Threads(EventLoopGroup loops, Class<? extends Channel> channel) {}

    private final boolean wantsNative;
    private @Nullable Threads threads;
    private int users;

    private SharedThreads(boolean wantsNative) {
        this.wantsNative = wantsNative;
    }

    /** Counts one connection more; each call needs one {@link #release}. */
    synchronized Threads acquire() {
        Threads present = threads;
        if (present == null) {
            present = start();
            threads = present;
        }
        users++;
        return present;
    }

    /** Counts one connection less, and ends the threads after the last. Does not wait for them. */
    synchronized void release() {
        users--;
        Threads present = threads;
        if (users == 0 && present != null) {
            threads = null;
            var unused = present.loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    private Threads start() {
        boolean epoll = wantsNative && Epoll.isAvailable();
        int count = Math.max(1, Math.min(MAX_LOOPS, Runtime.getRuntime().availableProcessors()));
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                count,
                new DefaultThreadFactory("porthouse-client", false),
                epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
        return new Threads(loops, epoll ? EpollSocketChannel.class : NioSocketChannel.class);
    }
}
