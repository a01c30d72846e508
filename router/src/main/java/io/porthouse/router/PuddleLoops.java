package io.porthouse.router;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.RejectedExecutionHandlers;
import io.netty.util.concurrent.ThreadPerTaskExecutor;
import java.util.concurrent.Executor;

/** The router's event loops, one per puddle. */
final class PuddleLoops extends MultiThreadIoEventLoopGroup {

    /** Netty 4.2 runs tasks for up to a second before it looks at sockets again, unless told otherwise. */
    private static final long MAX_TASK_MILLIS = 1;

    PuddleLoops(int loops, Transport transport) {
        super(loops, new ThreadPerTaskExecutor(new DefaultThreadFactory("puddle")), transport.newHandlerFactory());
    }

    @Override
    protected IoEventLoop newChild(Executor executor, IoHandlerFactory handlers, Object... arguments) {
        return new SingleThreadIoEventLoop(
                this, executor, handlers, Integer.MAX_VALUE, RejectedExecutionHandlers.reject(), MAX_TASK_MILLIS);
    }
}
