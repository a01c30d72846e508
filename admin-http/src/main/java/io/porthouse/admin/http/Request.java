package io.porthouse.admin.http;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/**
 * The head of a request, checked: it came to a name that is ours, and from no foreign page.
 *
 * @param id in its answer, and in every line logged about it
 * @param path as it was sent, percent-encoded
 * @param segments the path's parts between slashes, decoded
 * @param query each parameter once, decoded
 * @param headers as they were sent; must not be changed
 * @param from the machine that sent it
 * @param bodyBytes the length that it says its body has; 0: none; -1: it will be seen
 */
public record Request(
        String id,
        HttpMethod method,
        String path,
        List<String> segments,
        Map<String, String> query,
        HttpHeaders headers,
        InetAddress from,
        long bodyBytes) {

    /** Its body comes in chunks. */
    public static final long UNKNOWN_LENGTH = -1;

    public Request {
        segments = List.copyOf(segments);
        query = Map.copyOf(query);
    }

    /** Returns whether only the head of the answer is wanted. */
    public boolean isHead() {
        return method.equals(HttpMethod.HEAD);
    }

    /** Returns whether it can change anything. */
    public boolean isUnsafe() {
        return !isHead() && !method.equals(HttpMethod.GET) && !method.equals(HttpMethod.OPTIONS);
    }
}
