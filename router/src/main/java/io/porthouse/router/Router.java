package io.porthouse.router;

import io.micrometer.core.instrument.MeterRegistry;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.concurrent.EventExecutor;
import io.porthouse.protocol.RoomName;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data plane of one node: listens, and routes what members of rooms send to all other members. All methods are
 * thread-safe; none but {@link #start} and {@link #close} blocks.
 */
public final class Router implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Router.class);

    /** How long queued messages may take when the router stops. */
    private static final long DRAIN_MILLIS = 4_000;

    private static final long LOOPS_STOP_MILLIS = 1_000;

    /** What clients are told to wait before they come back, with jitter of their own. */
    private static final long COME_BACK_MILLIS = 1_000;

    private static final int BACKLOG = 4096;

    /** What Netty holds of one session before the outbox keeps the rest: enough for one good write. */
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(32 << 10, 64 << 10);

    private final Node node;
    private final EventLoopGroup loops;
    private final Channel server;
    private final ApiPublisher publisher;

    private Router(Node node, EventLoopGroup loops, Channel server) {
        this.node = node;
        this.loops = loops;
        this.server = server;
        this.publisher = new ApiPublisher(node);
    }

    /**
     * Starts a router.
     *
     * @param tokens what it asks for tokens and rooms
     * @param metrics where it registers its meters
     * @param clock what tokens' expiry is measured by
     * @throws IOException if it can't listen, such as {@link java.net.BindException} if the port is taken
     * @throws IllegalArgumentException if this machine has not the transport of the settings
     */
    public static Router start(RouterSettings settings, TokenSource tokens, MeterRegistry metrics, Clock clock)
            throws IOException {
        return start(settings, tokens, metrics, clock, System::nanoTime);
    }

    /** Starts a router whose deadlines follow {@code nanoTime}, as tests need. */
    static Router start(
            RouterSettings settings, TokenSource tokens, MeterRegistry metrics, Clock clock, LongSupplier nanoTime)
            throws IOException {
        if (!settings.transport().isAvailable()) {
            throw new IllegalArgumentException("this machine has no " + settings.transport());
        }
        EventLoopGroup loops = new PuddleLoops(settings.loops(), settings.transport());
        List<EventLoop> each = new ArrayList<>();
        for (EventExecutor loop : loops) {
            each.add((EventLoop) loop);
        }
        RouterMetrics meters = new RouterMetrics(metrics);
        Memory memory = new Memory(settings.limits().memoryBytes(), settings.loops());
        Node node = new Node(settings, tokens, meters, clock, nanoTime, each, memory);
        meters.bind(node);
        ChannelFuture bound = bootstrap(node, loops).bind(settings.listen()).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            stopLoops(loops);
            Throwable cause = bound.cause();
            throw cause instanceof IOException e ? e : new IOException("can't listen", cause);
        }
        for (Puddle puddle : node.puddles()) {
            puddle.start();
        }
        return new Router(node, loops, bound.channel());
    }

    private static ServerBootstrap bootstrap(Node node, EventLoopGroup loops) {
        Map<EventLoop, Puddle> puddles = new HashMap<>();
        for (Puddle puddle : node.puddles()) {
            puddles.put(puddle.loop(), puddle);
        }
        ServerBootstrap bootstrap = new ServerBootstrap();
        node.settings.transport().limitUnsent(bootstrap);
        return bootstrap
                .group(loops)
                .channel(node.settings.transport().serverChannel())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.ALLOCATOR, node.memory.allocator())
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        Puddle puddle = puddles.get(channel.eventLoop());
                        if (puddle == null) {
                            throw new IllegalStateException("a connection on a loop without a puddle");
                        }
                        channel.pipeline().addLast(new TcpIngress(node, puddle));
                    }
                });
    }

    /** Returns where the router listens. */
    public InetSocketAddress address() {
        return (InetSocketAddress) server.localAddress();
    }

    /**
     * Has tokens read again, because they were changed, deleted or rotated. Completes when every session of theirs acts by
     * what was read: what was granted is joined, what was withdrawn is left, and a session of a token that is gone routes and
     * receives nothing any more.
     *
     * @param ids the tokens' ids, never their secrets
     */
    public CompletionStage<Refreshed> refreshTokens(Set<String> ids) {
        return node.tokens.refreshTokens(ids);
    }

    /** Has every token of an account, and then the rules of its rooms, read again; see {@link #refreshTokens}. */
    public CompletionStage<Refreshed> refreshAccount(String account) {
        return node.tokens
                .refreshAccount(account)
                .thenCompose(tokens -> node.rooms.refreshAccount(account).thenApply(tokens::plus));
    }

    /**
     * Has the rules of rooms read again, because they were changed, or a room was deleted. Completes when every member is
     * treated by the new rules, or has been told that the room is gone.
     */
    public CompletionStage<Refreshed> refreshRooms(Collection<RoomName> rooms) {
        return node.rooms.refresh(rooms);
    }

    /**
     * Has every room and then every token in use read again, because nobody knows what was changed. What is read from now on
     * counts even if the source's numbers have fallen.
     */
    public CompletionStage<Refreshed> refreshAll() {
        node.source.startNumbersAnew();
        return node.rooms
                .refreshAll()
                .thenCompose(rooms -> node.tokens.refreshAll().thenApply(rooms::plus));
    }

    /** Describes a live room; empty where nobody of this node holds it. */
    public Optional<RoomInfo> room(RoomName name) {
        return Optional.ofNullable(node.rooms.find(name)).map(Room::info);
    }

    /**
     * Describes the live sessions, without holding a loop up for long.
     *
     * @param wanted which tokens' sessions; called on event loops, so it must be quick
     */
    public CompletionStage<List<SessionInfo>> sessions(Predicate<TokenState> wanted) {
        CompletableFuture<List<SessionInfo>> all = CompletableFuture.completedFuture(List.of());
        for (Puddle puddle : node.puddles()) {
            all = all.thenCombine(puddle.sessions.describe(wanted), Router::joined);
        }
        return all;
    }

    private static List<SessionInfo> joined(List<SessionInfo> some, List<SessionInfo> more) {
        List<SessionInfo> both = new ArrayList<>(some);
        both.addAll(more);
        return both;
    }

    /**
     * Closes a session with 3507.
     *
     * @param id as in {@link SessionInfo#id}
     * @param permitted whose sessions the caller may close; of others it does not learn that they exist
     * @return whether there was such a session
     */
    public CompletionStage<Boolean> disconnect(String id, Predicate<TokenState> permitted) {
        int handle;
        try {
            handle = Integer.parseUnsignedInt(id);
        } catch (NumberFormatException e) {
            return CompletableFuture.completedFuture(false);
        }
        CompletableFuture<Boolean> closed = CompletableFuture.completedFuture(false);
        for (Puddle puddle : node.puddles()) {
            closed = closed.thenCombine(puddle.sessions.disconnect(handle, permitted), Boolean::logicalOr);
        }
        return closed;
    }

    /**
     * Publishes a message that no session sends; its origin is 0. It takes its place in the room's order, and the answer comes
     * when every member has it queued.
     *
     * @param isText whether the payload is UTF-8, to be flagged as text
     * @param payload copied before this returns
     */
    public CompletionStage<Published> publish(RoomName room, boolean isText, byte[] payload) {
        return publisher.publish(room, isText, payload);
    }

    /** Returns the bytes of all buffers in use, each counted once. */
    public long usedBytes() {
        return node.memory.usedBytes();
    }

    /**
     * Stops in order: no new connections; every session gets what is queued for it, then CLOSE 3000; then the loops end. Takes
     * 5 s at most. A second call does nothing.
     */
    @Override
    public void close() {
        if (!server.isOpen()) {
            return;
        }
        server.close().awaitUninterruptibly();
        CompletableFuture<?>[] gone = new CompletableFuture<?>[node.puddles().length];
        for (int i = 0; i < gone.length; i++) {
            gone[i] = node.puddles()[i].sessions.sendAway(COME_BACK_MILLIS);
        }
        try {
            CompletableFuture.allOf(gone).get(DRAIN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.info("some clients did not take their last messages in time; their connections are reset");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            LOG.error("stopping failed", e);
        }
        stopPuddles();
        stopLoops(loops);
        long left = node.memory.usedBytes();
        if (left != 0) {
            LOG.error("{} bytes of buffers were not released", left);
        }
    }

    private void stopPuddles() {
        CountDownLatch stopped = new CountDownLatch(node.puddles().length);
        for (Puddle puddle : node.puddles()) {
            puddle.execute(() -> {
                puddle.stop();
                stopped.countDown();
            });
        }
        try {
            if (!stopped.await(LOOPS_STOP_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.warn("a loop is busy and is stopped as it is");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void stopLoops(EventLoopGroup loops) {
        loops.shutdownGracefully(0, LOOPS_STOP_MILLIS, TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(2 * LOOPS_STOP_MILLIS);
    }
}
