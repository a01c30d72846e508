package io.porthouse.admin.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** What a request is answered. Made by one thread at a time. */
public final class Response {

    private final HttpResponseStatus status;
    private final HttpHeaders headers = new DefaultHttpHeaders();
    private final Body body;

    private Response(HttpResponseStatus status, String type, Body body) {
        this.status = status;
        this.body = body;
        if (!type.isEmpty()) {
            headers.set(HttpHeaderNames.CONTENT_TYPE, type);
        }
    }

    /** What follows the head. */
    sealed interface Body {

        /** All of it, in memory. */
        final class Whole implements Body {
            final byte[] bytes;

            Whole(byte[] bytes) {
                this.bytes = bytes;
            }
        }

        /** Written while it is made, by a thread of {@code executor}. */
        record Written(Writer writer, Executor executor) implements Body {}
    }

    /** Writes a body that is too large to be held in memory. */
    @FunctionalInterface
    public interface Writer {

        /**
         * Writes it. What is written waits for the receiver, and fails when it takes nothing for too long.
         *
         * @throws IOException as {@code out} does; the connection is then cut, so that nobody takes a part for the whole
         */
        void writeTo(OutputStream out) throws IOException;
    }

    /** Returns an answer with a body in memory. */
    public static Response of(HttpResponseStatus status, String type, byte[] body) {
        return new Response(status, type, new Body.Whole(body));
    }

    /** Returns an answer with a JSON document. */
    public static Response json(HttpResponseStatus status, JsonNode document) {
        return of(status, Json.TYPE, Json.bytes(document));
    }

    /** Returns an answer without a body. */
    public static Response empty(HttpResponseStatus status) {
        return of(status, "", new byte[0]);
    }

    /**
     * Returns an answer whose body is written by a thread of {@code executor}, which blocks while the receiver is slow.
     *
     * @param executor may refuse, which is answered by 503
     */
    public static Response written(HttpResponseStatus status, String type, Writer writer, Executor executor) {
        return new Response(status, type, new Body.Written(writer, executor));
    }

    /** Sets a header. */
    public Response with(CharSequence name, String value) {
        headers.set(name, value);
        return this;
    }

    /** Adds a header that may be there several times. */
    public Response adding(CharSequence name, String value) {
        headers.add(name, value);
        return this;
    }

    /** Returns this, as what is already known. */
    public CompletionStage<Response> now() {
        return CompletableFuture.completedFuture(this);
    }

    /** Returns the status. */
    public HttpResponseStatus status() {
        return status;
    }

    HttpHeaders headers() {
        return headers;
    }

    Body body() {
        return body;
    }
}
