package io.porthouse.admin.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * Makes the head of an answer: with what every answer says, whoever made it.
 *
 * @param isHead whether there is no body, whatever the head says
 * @param isHttp10 whether the peer knows no chunks
 * @param isLast whether the connection ends with it
 */
record AnswerHead(String id, Response response, boolean isHead, boolean isHttp10, boolean isLast) {

    private static final String REQUEST_ID = "x-request-id";

    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    /** Returns the whole answer. */
    HttpResponse whole() {
        byte[] bytes = response.body() instanceof Response.Body.Whole whole ? whole.bytes : new byte[0];
        ByteBuf content = isHead ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(bytes);
        HttpHeaders headers = headers();
        if (response.body() instanceof Response.Body.Whole
                && !response.status().equals(HttpResponseStatus.NO_CONTENT)) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, bytes.length);
        }
        return new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, response.status(), content, headers, EmptyHttpHeaders.INSTANCE);
    }

    /** Returns the head of an answer that is written piece by piece. */
    HttpResponse first() {
        HttpHeaders headers = headers();
        if (!isHttp10) {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        return new DefaultHttpResponse(HttpVersion.HTTP_1_1, response.status(), headers);
    }

    private HttpHeaders headers() {
        HttpHeaders headers = response.headers();
        headers.set(REQUEST_ID, id);
        headers.set(HttpHeaderNames.DATE, DATE.format(Instant.now()));
        headers.set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        headers.set("x-content-type-options", "nosniff");
        headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
        headers.set("cross-origin-resource-policy", "same-origin");
        headers.set("referrer-policy", "no-referrer");
        if (isLast) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (isHttp10) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        return headers;
    }
}
