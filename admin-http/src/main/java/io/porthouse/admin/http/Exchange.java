package io.porthouse.admin.http;

import java.io.ByteArrayOutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** A request that is being answered: its head, and its body for who asks for it. All methods are thread-safe. */
public final class Exchange {

    private final HttpConnection connection;
    private final Request request;

    Exchange(HttpConnection connection, Request request) {
        this.connection = connection;
        this.request = request;
    }

    /** Takes a body that is too large to be held in memory. */
    @FunctionalInterface
    public interface BodySink {

        /** Takes the next part, on the event loop; the one after it is asked for when this completes. */
        CompletionStage<?> take(byte[] part);
    }

    /** Returns the head. */
    public Request request() {
        return request;
    }

    /** Returns the event loop of the connection, for work that is quick and must not be refused. */
    public Executor loop() {
        return connection.loop();
    }

    /**
     * Reads the whole body. To be asked for once; a body that nobody asked for is not read.
     *
     * @param maxBytes longer ones are refused with 413
     * @return completes on the event loop; fails with a {@link ProblemException} if the body is too long, not well formed, or
     *     does not come in time
     */
    public CompletionStage<byte[]> body(int maxBytes) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        BodySink sink = part -> {
            all.writeBytes(part);
            return CompletableFuture.completedFuture(null);
        };
        return connection.readBody(this, sink, maxBytes, false).thenApply(end -> all.toByteArray());
    }

    /**
     * Reads the body part by part. As {@link #body}, except that the time begins anew with each part.
     *
     * @return the body's length
     */
    public CompletionStage<Long> bodyTo(BodySink sink, long maxBytes) {
        return connection.readBody(this, sink, maxBytes, true);
    }
}
