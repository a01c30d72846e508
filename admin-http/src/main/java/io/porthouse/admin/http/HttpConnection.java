package io.porthouse.admin.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.porthouse.admin.http.Exchange.BodySink;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: a request at a time, whatever the peer sends ahead. Nothing is read that nobody asked for, and each thing
 * that the peer could delay has a deadline. Loop-confined, except where it says otherwise.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);

    /** How long a peer may go on sending what is thrown away, so that it reads the answer before it meets a reset. */
    private static final Duration LINGER = Duration.ofSeconds(1);

    private final SocketChannel channel;
    private final HttpServer.Shared server;
    private final BodyBudget.Share bodies;

    private @Nullable Exchange exchange;
    private @Nullable HttpRequest head;
    private @Nullable BodyReader body;
    private @Nullable AnswerStream stream;
    private @Nullable Future<?> deadline;
    private boolean isReading;
    private boolean isBodyRead;
    private boolean isAnswered;
    private boolean isLastRequest;
    private boolean isLingering;
    private long startedNanos;

    HttpConnection(SocketChannel channel, HttpServer.Shared server) {
        this.channel = channel;
        this.server = server;
        this.bodies = server.bodies().share();
    }

    // ---- the connection

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (server.connected(this)) {
            readHead();
        } else {
            isLastRequest = true;
            answer(server.newId(), HttpServer.busy("too many connections").toResponse("-"));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        server.disconnected(this);
        bodies.release();
        cancelDeadline();
        if (body != null) {
            body.fail(Problem.of(HttpResponseStatus.BAD_REQUEST, "bad-request", "the body ended early"));
        }
        wakeStream();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        wakeStream();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("connection from {} failed: {}", channel.remoteAddress(), cause.toString());
        } else {
            LOG.error("connection from {} failed", channel.remoteAddress(), cause);
        }
        close();
    }

    Executor loop() {
        return channel.eventLoop();
    }

    /** Ends it when the request under way is answered, or now; what has not come whole is not waited for. Any thread. */
    void end() {
        channel.eventLoop().execute(() -> {
            isLastRequest = true;
            if (body != null) {
                body.fail(HttpServer.busy("the server is stopping"));
            }
            if (exchange == null && !isLingering) {
                close();
            }
        });
    }

    /** Cuts it. Any thread. */
    void close() {
        Future<?> unused = channel.close();
    }

    private void wakeStream() {
        if (stream != null) {
            stream.wake();
        }
    }

    private void setDeadline(Duration in, Runnable action) {
        cancelDeadline();
        deadline = channel.eventLoop().schedule(action, in.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void cancelDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }

    // ---- in

    private void readHead() {
        exchange = null;
        head = null;
        body = null;
        stream = null;
        if (isLastRequest) {
            close();
            return;
        }
        setDeadline(server.times().idle(), this::close);
        readNext();
    }

    /** Asks for the next message. */
    private void readNext() {
        isReading = true;
        channel.read();
    }

    /** A read may end within a message: then it is asked for again, because nobody else remembers. */
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (isReading) {
            channel.read();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        isReading = false;
        try {
            if (isLingering) {
                readNext();
            } else if (message instanceof HttpRequest request) {
                begin(request);
            } else if (message instanceof HttpContent part && body != null) {
                readPart(body, part);
            } else {
                // The end of a request that has no body.
                readNext();
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void begin(HttpRequest request) {
        if (exchange != null) {
            throw new IllegalStateException("a request before the one before it was answered");
        }
        cancelDeadline();
        startedNanos = System.nanoTime();
        head = request;
        String id = server.idOf(request);
        Exchange begun;
        try {
            Request checked = server.heads().read(request, id, channel.remoteAddress(), local());
            requireExpectation(request);
            begun = new Exchange(this, checked);
        } catch (ProblemException e) {
            // What follows can't be told apart from its body.
            isLastRequest = true;
            isBodyRead = false;
            answer(id, e.problem().toResponse(id));
            return;
        }
        exchange = begun;
        isAnswered = false;
        isBodyRead = begun.request().bodyBytes() == 0;
        setAnswerDeadline(begun, 1);
        handle(begun).whenComplete((response, failure) -> {
            Response answer = failure == null ? response : server.failed(begun.request(), failure);
            channel.eventLoop().execute(() -> answerOnce(begun, answer));
        });
    }

    /** Whoever handles a request may never answer it; the peer is answered all the same. */
    private void setAnswerDeadline(Exchange of, int times) {
        setDeadline(server.times().answer().multipliedBy(times), () -> {
            Request request = of.request();
            LOG.warn("request {}: {} {} was not answered in time", request.id(), request.method(), request.path());
            isLastRequest = true;
            answerOnce(of, HttpServer.late(request).toResponse(request.id()));
        });
    }

    private void answerOnce(Exchange of, Response answer) {
        if (exchange == of && !isAnswered) {
            isAnswered = true;
            answer(of.request().id(), answer);
        }
    }

    private CompletionStage<Response> handle(Exchange begun) {
        if (isLastRequest || server.isEnding()) {
            return CompletableFuture.failedFuture(
                    HttpServer.busy("the server is stopping").exception());
        }
        try {
            return server.application().handle(begun);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private InetSocketAddress local() {
        return channel.localAddress();
    }

    private static void requireExpectation(HttpRequest request) {
        String expected = request.headers().get(HttpHeaderNames.EXPECT);
        if (expected != null && !HttpHeaderValues.CONTINUE.contentEqualsIgnoreCase(expected)) {
            throw Problem.of(
                            HttpResponseStatus.EXPECTATION_FAILED,
                            "expectation",
                            "nothing but 100-continue can be expected")
                    .exception();
        }
    }

    /** Has the body of a request read. Any thread. */
    CompletionStage<Long> readBody(Exchange of, BodySink sink, long maxBytes, boolean isTimedByPart) {
        BodyReader reader = new BodyReader(sink, maxBytes, isTimedByPart);
        channel.eventLoop().execute(() -> {
            if (exchange != of || !channel.isActive()) {
                reader.fail(Problem.of(HttpResponseStatus.BAD_REQUEST, "bad-request", "the body ended early"));
            } else if (isBodyRead) {
                reader.whole.complete(0L);
            } else if (!reader.refuses(of.request())) {
                body = reader;
                if (head != null && HttpUtil.is100ContinueExpected(head)) {
                    Future<?> unused = channel.writeAndFlush(
                            new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
                }
                setBodyDeadline(reader);
                readNext();
            }
        });
        return reader.whole;
    }

    /**
     * A body that is kept in memory takes of a budget that all share, as much as came of it: what is only announced holds
     * nobody up. One that is passed on takes nothing.
     */
    private boolean reserveFor(BodyReader reader, HttpContent part) {
        if (reader.isTimedByPart || bodies.reserve(part.content().readableBytes())) {
            return true;
        }
        reader.fail(HttpServer.busy("too much is sent at once"));
        return false;
    }

    /**
     * Takes for an answer of the budget. What may have changed something is answered by what became of it, even if that is more
     * than there is: such answers are short, and one at a time for each connection.
     */
    private boolean reserveForAnswer(Response answer) {
        if (!(answer.body() instanceof Response.Body.Whole whole) || bodies.reserve(whole.bytes.length)) {
            return true;
        }
        if (exchange == null || !exchange.request().isUnsafe()) {
            return false;
        }
        bodies.overdraw(whole.bytes.length);
        return true;
    }

    private void setBodyDeadline(BodyReader reader) {
        setDeadline(
                server.times().request(),
                () -> reader.fail(
                        Problem.of(HttpResponseStatus.REQUEST_TIMEOUT, "too-slow", "the body did not come in time")));
    }

    private void readPart(BodyReader reader, HttpContent part) {
        part.retain();
        CompletionStage<?> end = reserveFor(reader, part) ? reader.take(part) : reader.whole;
        end.whenComplete((taken, failure) -> channel.eventLoop().execute(() -> {
            try {
                partTaken(reader, part, failure);
            } finally {
                part.release();
            }
        }));
    }

    private void partTaken(BodyReader reader, HttpContent part, @Nullable Throwable failure) {
        if (failure != null) {
            reader.whole.completeExceptionally(failure);
        }
        if (reader.endsWith(part)) {
            isBodyRead = true;
        }
        if (reader.whole.isDone()) {
            body = null;
            if (exchange != null && !isAnswered && channel.isActive()) {
                setAnswerDeadline(exchange, reader.isTimedByPart ? AdminSettings.Times.PASSED_ON_FACTOR : 1);
            }
            return;
        }
        if (reader.isTimedByPart) {
            setBodyDeadline(reader);
        }
        readNext();
    }

    // ---- out

    private void answer(String id, Response wanted) {
        cancelDeadline();
        bodies.release();
        body = null;
        if (!channel.isActive()) {
            return;
        }
        Response response = reserveForAnswer(wanted)
                ? wanted
                : HttpServer.busy("too much is asked for at once").toResponse(id);
        boolean isHead = head != null && head.method().name().equals("HEAD");
        boolean isHttp10 = head != null && head.protocolVersion().equals(HttpVersion.HTTP_1_0);
        boolean isEndedByClose = isHttp10 && response.body() instanceof Response.Body.Written;
        isLastRequest |=
                head == null || !HttpUtil.isKeepAlive(head) || !isBodyRead || isEndedByClose || server.isEnding();
        AnswerHead answerHead = new AnswerHead(id, response, isHead, isHttp10, isLastRequest);
        count(id, response.status());
        if (response.body() instanceof Response.Body.Written written && !isHead) {
            writeSlowly(id, answerHead, written);
        } else {
            setDeadline(server.times().request(), this::close);
            channel.writeAndFlush(answerHead.whole()).addListener(end -> finish(end.isSuccess()));
        }
    }

    private void count(String id, HttpResponseStatus status) {
        long nanos = System.nanoTime() - startedNanos;
        server.answered(status, nanos);
        if (LOG.isDebugEnabled() && exchange != null) {
            Request request = exchange.request();
            LOG.debug(
                    "request {}: {} {} from {}: {} in {} ms",
                    id,
                    request.method(),
                    request.path(),
                    request.from().getHostAddress(),
                    status.code(),
                    nanos / 1_000_000);
        }
    }

    private void writeSlowly(String id, AnswerHead answerHead, Response.Body.Written written) {
        AnswerStream out = new AnswerStream(channel, answerHead, server.times().request());
        stream = out;
        try {
            written.executor().execute(() -> {
                Throwable failure = out.fill(written.writer());
                channel.eventLoop().execute(() -> streamEnded(id, out, failure));
            });
        } catch (RuntimeException e) {
            streamEnded(
                    id, out, HttpServer.busy("too much is asked for at once").exception());
        }
    }

    private void streamEnded(String id, AnswerStream out, @Nullable Throwable failure) {
        stream = null;
        if (failure == null) {
            finish(true);
        } else if (!out.hasBegun() && exchange != null) {
            answer(id, server.failed(exchange.request(), failure));
        } else {
            LOG.warn("request {}: the answer was cut off: {}", id, failure.toString());
            close();
        }
    }

    private void finish(boolean isWritten) {
        cancelDeadline();
        bodies.release();
        if (!isWritten) {
            close();
        } else if (isLastRequest) {
            linger();
        } else {
            readHead();
        }
    }

    /** Ends the output, and throws away for a moment what still comes in: a reset could destroy the answer on its way. */
    private void linger() {
        exchange = null;
        isLingering = true;
        setDeadline(LINGER, this::close);
        Future<?> unused = channel.shutdownOutput();
        readNext();
    }
}
