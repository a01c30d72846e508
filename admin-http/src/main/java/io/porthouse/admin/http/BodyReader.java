package io.porthouse.admin.http;

import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;
import io.porthouse.admin.http.Exchange.BodySink;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A body on its way to who asked for it. Loop-confined. */
final class BodyReader {

    /** The body's length, when it is there. */
    final CompletableFuture<Long> whole = new CompletableFuture<>();

    /** Whether the time that it may take begins anew with each part. */
    final boolean isTimedByPart;

    private final BodySink sink;
    private final long maxBytes;
    private long bytes;

    BodyReader(BodySink sink, long maxBytes, boolean isTimedByPart) {
        this.sink = sink;
        this.maxBytes = maxBytes;
        this.isTimedByPart = isTimedByPart;
    }

    /** Fails if the body says that it is too long, so that none of it need be read. */
    boolean refuses(Request request) {
        if (request.bodyBytes() > maxBytes) {
            fail(tooLarge());
        }
        return whole.isDone();
    }

    /**
     * Takes a part.
     *
     * @return completes when the next may come, not necessarily on the loop
     */
    CompletionStage<?> take(HttpContent part) {
        if (part.decoderResult().isFailure()) {
            fail(Problem.of(HttpResponseStatus.BAD_REQUEST, "bad-request", "the body is not well formed"));
            return whole;
        }
        int length = part.content().readableBytes();
        bytes += length;
        if (bytes > maxBytes) {
            fail(tooLarge());
            return whole;
        }
        if (length == 0) {
            return CompletableFuture.completedFuture(null);
        }
        try {
            return sink.take(ByteBufUtil.getBytes(part.content()));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Ends it if that was the last part. */
    boolean endsWith(HttpContent part) {
        return part instanceof LastHttpContent && whole.complete(bytes);
    }

    void fail(Problem problem) {
        whole.completeExceptionally(problem.exception());
    }

    private Problem tooLarge() {
        return Problem.of(
                HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
                "body-too-large",
                "the body may have " + maxBytes + " bytes");
    }
}
