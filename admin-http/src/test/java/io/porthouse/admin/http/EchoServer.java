package io.porthouse.admin.http;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.UnaryOperator;

/**
 * A server on a free port whose application does what the path says: {@code /echo} and {@code /large} answer with
 * the body, {@code /wait} when the test says so, {@code /never} not at all, {@code /long} with more than any socket holds, {@code /broken} breaks.
 */
final class EchoServer implements AutoCloseable {

    static final int MAX_BODY_BYTES = 10_000;
    static final int LONG_BYTES = 64 << 20;

    final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    final HttpServer server;
    final CountDownLatch waiting = new CountDownLatch(1);
    final CompletableFuture<Response> release = new CompletableFuture<>();

    private final ExecutorService writers = Executors.newCachedThreadPool();

    EchoServer() throws IOException {
        this(settings -> settings);
    }

    EchoServer(UnaryOperator<AdminSettings> change) throws IOException {
        AdminSettings settings = change.apply(
                AdminSettings.defaults().withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        this.server = HttpServer.start(settings, this::handle, metrics);
    }

    private CompletionStage<Response> handle(Exchange exchange) {
        return switch (exchange.request().path()) {
            case "/echo" -> exchange.body(MAX_BODY_BYTES).thenApply(EchoServer::text);
            case "/large" -> exchange.body(1_000 * MAX_BODY_BYTES).thenApply(EchoServer::text);
            case "/wait" -> {
                waiting.countDown();
                yield release;
            }
            case "/never" -> new CompletableFuture<>();
            case "/neverWithBody" -> exchange.body(MAX_BODY_BYTES).thenCompose(body -> new CompletableFuture<>());
            case "/long" ->
                Response.written(HttpResponseStatus.OK, "text/plain", EchoServer::writeLong, writers)
                        .now();
            case "/short" ->
                Response.written(HttpResponseStatus.OK, "text/plain", out -> out.write('x'), writers)
                        .now();
            case "/cut" ->
                Response.written(HttpResponseStatus.OK, "text/plain", EchoServer::writeAndFail, writers)
                        .now();
            case "/failing" ->
                Response.written(HttpResponseStatus.OK, "text/plain", EchoServer::fail, writers)
                        .now();
            case "/refused" ->
                Response.written(HttpResponseStatus.OK, "text/plain", EchoServer::writeLong, task -> {
                            throw new RejectedExecutionException();
                        })
                        .now();
            case "/broken" -> throw new IllegalStateException("broken on purpose");
            case "/brokenLater" -> CompletableFuture.failedFuture(new IllegalStateException("broken on purpose"));
            default ->
                text(exchange.request().segments().toString().getBytes(StandardCharsets.UTF_8))
                        .now();
        };
    }

    static Response text(byte[] bytes) {
        return Response.of(HttpResponseStatus.OK, "text/plain", bytes);
    }

    private static void writeLong(OutputStream out) throws IOException {
        byte[] piece = new byte[1 << 16];
        for (int i = 0; i < LONG_BYTES / piece.length; i++) {
            out.write(piece);
        }
    }

    private static void writeAndFail(OutputStream out) throws IOException {
        out.write(new byte[1 << 16]);
        fail(out);
    }

    private static void fail(OutputStream out) {
        throw new IllegalStateException("broken on purpose");
    }

    RawClient connect() throws IOException {
        return new RawClient(server.address());
    }

    @Override
    public void close() {
        release.complete(text(new byte[0]));
        server.close();
        writers.shutdownNow();
    }
}
