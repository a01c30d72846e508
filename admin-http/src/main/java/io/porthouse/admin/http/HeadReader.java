package io.porthouse.admin.http;

import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes a {@link Request} of what came in, or says what is wrong with it. */
final class HeadReader {

    private static final int MAX_LENGTH_DIGITS = 18;

    private final HostCheck hosts;

    HeadReader(HostCheck hosts) {
        this.hosts = hosts;
    }

    /**
     * Reads a head.
     *
     * @param local the address that the connection came to
     * @throws ProblemException if it can't be taken
     */
    Request read(HttpRequest head, String id, InetSocketAddress from, InetSocketAddress local) {
        requireDecoded(head.decoderResult());
        if (!head.protocolVersion().equals(HttpVersion.HTTP_1_1)
                && !head.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            throw Problem.of(
                            HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED,
                            "http-version",
                            "this server speaks HTTP/1.1 and HTTP/1.0")
                    .exception();
        }
        long bodyBytes = bodyBytes(head);
        Target target = Target.of(head.uri(), head.headers());
        hosts.require(target.authority(), head.headers(), local);
        String path = target.path();
        int question = path.indexOf('?');
        return new Request(
                id,
                head.method(),
                question < 0 ? path : path.substring(0, question),
                segments(question < 0 ? path : path.substring(0, question)),
                question < 0 ? Map.of() : query(path.substring(question + 1)),
                head.headers(),
                from.getAddress(),
                bodyBytes);
    }

    private static void requireDecoded(DecoderResult result) {
        if (result.isSuccess()) {
            return;
        }
        Throwable cause = result.cause();
        if (cause instanceof TooLongHttpLineException) {
            throw Problem.of(HttpResponseStatus.REQUEST_URI_TOO_LONG, "target-too-long", "the request line is too long")
                    .exception();
        }
        if (cause instanceof TooLongFrameException) {
            throw Problem.of(
                            HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                            "headers-too-large",
                            "the headers are too large")
                    .exception();
        }
        throw bad("this is not HTTP");
    }

    /** How long the body is, if there is no doubt: two servers that disagree about that can be played against each other. */
    private static long bodyBytes(HttpRequest head) {
        HttpHeaders headers = head.headers();
        List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
        List<String> lengths = headers.getAll(HttpHeaderNames.CONTENT_LENGTH);
        if (!codings.isEmpty()) {
            if (codings.size() > 1
                    || !HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(
                            codings.get(0).strip())
                    || !lengths.isEmpty()
                    || !head.protocolVersion().equals(HttpVersion.HTTP_1_1)) {
                throw bad("the length of the body is not clear");
            }
            return Request.UNKNOWN_LENGTH;
        }
        if (lengths.isEmpty()) {
            return 0;
        }
        String length = lengths.get(0);
        if (lengths.size() > 1
                || length.isEmpty()
                || length.length() > MAX_LENGTH_DIGITS
                || !length.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw bad("the length of the body is not clear");
        }
        return Long.parseLong(length);
    }

    /**
     * What a request is aimed at.
     *
     * @param path with the query
     */
    private record Target(String authority, String path) {

        static Target of(String uri, HttpHeaders headers) {
            List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
            if (hosts.size() != 1) {
                throw bad("there must be one Host header");
            }
            if (uri.indexOf('#') >= 0) {
                throw bad("the request target has a fragment");
            }
            if (uri.startsWith("/")) {
                return new Target(hosts.get(0), uri);
            }
            // The form that proxies are sent. What it names counts, and not the header.
            for (String scheme : List.of("http://", "https://")) {
                if (uri.regionMatches(true, 0, scheme, 0, scheme.length())) {
                    int slash = uri.indexOf('/', scheme.length());
                    return slash < 0
                            ? new Target(uri.substring(scheme.length()), "/")
                            : new Target(uri.substring(scheme.length(), slash), uri.substring(slash));
                }
            }
            throw bad("the request target is not a path");
        }
    }

    private static List<String> segments(String path) {
        List<String> segments = new ArrayList<>();
        for (String segment : path.substring(1).split("/", -1)) {
            segments.add(decoded(segment, false));
        }
        return segments;
    }

    private static Map<String, String> query(String text) {
        Map<String, String> query = new LinkedHashMap<>();
        for (String parameter : text.split("&", -1)) {
            if (parameter.isEmpty()) {
                continue;
            }
            int equals = parameter.indexOf('=');
            String name = decoded(equals < 0 ? parameter : parameter.substring(0, equals), true);
            String value = equals < 0 ? "" : decoded(parameter.substring(equals + 1), true);
            if (query.put(name, value) != null) {
                throw bad("a query parameter is there twice");
            }
        }
        return query;
    }

    /** Undoes percent-encoding; what is not UTF-8 then is refused rather than guessed. */
    private static String decoded(String text, boolean plusIsSpace) {
        ByteBuffer bytes = ByteBuffer.allocate(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                int high = i + 2 < text.length() ? Character.digit(text.charAt(i + 1), 16) : -1;
                int low = i + 2 < text.length() ? Character.digit(text.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    throw bad("the request target is not well encoded");
                }
                bytes.put((byte) (high << 4 | low));
                i += 2;
            } else if (c <= ' ' || c >= 0x7F) {
                throw bad("the request target is not well encoded");
            } else {
                bytes.put((byte) (c == '+' && plusIsSpace ? ' ' : c));
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw bad("the request target is not well encoded");
        }
    }

    private static ProblemException bad(String detail) {
        return Problem.of(HttpResponseStatus.BAD_REQUEST, "bad-request", detail).exception();
    }
}
