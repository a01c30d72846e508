package io.porthouse.admin.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens, and answers what an {@link Application} has answers for. All methods are thread-safe. */
public final class HttpServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

    private static final int LOOPS = 2;
    private static final int BACKLOG = 256;

    /** Small, because all requests that are in it are decoded at once. */
    private static final int READ_BYTES = 8 << 10;

    private static final Duration DRAIN = Duration.ofSeconds(4);
    private static final long LOOPS_STOP_MILLIS = 1_000;

    private final EventLoopGroup loops;
    private final Channel listener;
    private final Shared shared;

    private HttpServer(EventLoopGroup loops, Channel listener, Shared shared) {
        this.loops = loops;
        this.listener = listener;
        this.shared = shared;
    }

    /**
     * Starts a server.
     *
     * @throws IOException if it can't listen, such as {@link java.net.BindException} if the port is taken
     */
    public static HttpServer start(AdminSettings settings, Application application, MeterRegistry metrics)
            throws IOException {
        Shared shared = new Shared(settings, application, metrics);
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                LOOPS, new DefaultThreadFactory("porthouse-admin"), NioIoHandler.newFactory());
        ChannelFuture bound = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(READ_BYTES))
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline()
                                .addLast(new StrictDecoder(settings.limits().headBytes()))
                                .addLast(new HttpResponseEncoder())
                                .addLast(new FlowControlHandler())
                                .addLast(new HttpConnection(channel, shared));
                    }
                })
                .bind(settings.listen())
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            stop(loops);
            Throwable cause = bound.cause();
            throw cause instanceof IOException e ? e : new IOException("can't listen", cause);
        }
        return new HttpServer(loops, bound.channel(), shared);
    }

    /** Returns where the server listens. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /**
     * Stops in order: no new connections and requests; what is under way is answered, within 4 s; then everything is closed. A
     * second call does nothing.
     */
    @Override
    public void close() {
        if (!listener.isOpen()) {
            return;
        }
        listener.close().awaitUninterruptibly();
        CompletableFuture<Void> ended = shared.endAll();
        try {
            ended.get(DRAIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.info("some requests were not answered in time; their connections are cut");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            LOG.error("stopping failed", e);
        }
        stop(loops);
    }

    private static void stop(EventLoopGroup loops) {
        loops.shutdownGracefully(0, LOOPS_STOP_MILLIS, TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(2 * LOOPS_STOP_MILLIS);
    }

    static Problem busy(String detail) {
        return Problem.of(HttpResponseStatus.SERVICE_UNAVAILABLE, "busy", detail)
                .with(HttpHeaderNames.RETRY_AFTER, "1");
    }

    /** What is said if nobody has answered: what was to be changed may be, or will be. */
    static Problem late(Request request) {
        return request.isUnsafe()
                ? Problem.of(
                        HttpResponseStatus.GATEWAY_TIMEOUT,
                        "uncertain",
                        "this takes too long, and goes on: read again whether the change is there")
                : busy("this takes too long");
    }

    /** Takes nothing that could be understood in two ways. */
    private static final class StrictDecoder extends HttpRequestDecoder {

        StrictDecoder(int maxHeadBytes) {
            super(new HttpDecoderConfig()
                    .setMaxInitialLineLength(maxHeadBytes)
                    .setMaxHeaderSize(maxHeadBytes)
                    .setStrictLineParsing(true));
        }

        /** Both lengths stay, so that {@link HeadReader} refuses it. */
        @Override
        protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
            assert message.headers().contains(HttpHeaderNames.CONTENT_LENGTH);
        }
    }

    /** What all connections share. Thread-safe. */
    static final class Shared {

        private static final String REQUEST_ID = "x-request-id";
        private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

        private final AdminSettings settings;
        private final Application application;
        private final HeadReader heads;
        private final Set<HttpConnection> connections = ConcurrentHashMap.newKeySet();
        private final CompletableFuture<Void> ended = new CompletableFuture<>();
        private final List<Timer> byStatusClass;
        private final Counter refused;
        private final BodyBudget bodies;
        private volatile boolean isEnding;

        Shared(AdminSettings settings, Application application, MeterRegistry metrics) {
            this.settings = settings;
            this.application = application;
            this.heads = new HeadReader(new HostCheck(settings.allowedHosts()));
            this.byStatusClass = List.of("1xx", "2xx", "3xx", "4xx", "5xx").stream()
                    .map(status -> Timer.builder("porthouse.admin.requests")
                            .description("Requests to the admin listener, until their answer begins")
                            .tag("status", status)
                            .register(metrics))
                    .toList();
            this.refused = Counter.builder("porthouse.admin.connections.refused")
                    .description("Connections to the admin listener beyond its limit")
                    .register(metrics);
            Gauge.builder("porthouse.admin.connections", connections, Set::size)
                    .description("Connections to the admin listener")
                    .register(metrics);
            this.bodies = new BodyBudget(metrics);
        }

        AdminSettings.Times times() {
            return settings.times();
        }

        Application application() {
            return application;
        }

        HeadReader heads() {
            return heads;
        }

        BodyBudget bodies() {
            return bodies;
        }

        /** Counts a connection in; returns whether there is room for it. */
        boolean connected(HttpConnection connection) {
            if (connections.size() >= settings.limits().connections()) {
                refused.increment();
                return false;
            }
            connections.add(connection);
            if (isEnding) {
                connection.end();
            }
            return true;
        }

        void disconnected(HttpConnection connection) {
            connections.remove(connection);
            if (isEnding && connections.isEmpty()) {
                ended.complete(null);
            }
        }

        /** Returns whether each connection ends with its present request. */
        boolean isEnding() {
            return isEnding;
        }

        CompletableFuture<Void> endAll() {
            isEnding = true;
            connections.forEach(HttpConnection::end);
            if (connections.isEmpty()) {
                ended.complete(null);
            }
            return ended;
        }

        /** Returns the id that a request came with, or a new one. */
        String idOf(HttpRequest request) {
            String given = request.headers().get(REQUEST_ID);
            return given != null && ID.matcher(given).matches() ? given : newId();
        }

        String newId() {
            return Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);
        }

        void answered(HttpResponseStatus status, long nanos) {
            byStatusClass.get(status.code() / 100 - 1).record(nanos, TimeUnit.NANOSECONDS);
        }

        /** Returns the answer to a request that failed. */
        Response failed(Request request, Throwable failure) {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (cause instanceof ProblemException e) {
                return e.problem().toResponse(request.id());
            }
            LOG.error("request {}: {} {} failed", request.id(), request.method(), request.path(), cause);
            return Problem.of(
                            HttpResponseStatus.INTERNAL_SERVER_ERROR,
                            "internal",
                            "something went wrong; the log of the server says more about this request")
                    .toResponse(request.id());
        }
    }
}
