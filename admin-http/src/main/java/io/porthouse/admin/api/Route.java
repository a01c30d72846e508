package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpMethod;
import io.porthouse.admin.http.Json;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One line of the table of routes.
 *
 * @param pattern a path; parts in braces stand for any text
 * @param produces the content type of a good answer
 * @param query the names of parameters that it knows
 */
record Route(
        HttpMethod method,
        String pattern,
        Access access,
        Input input,
        Lane lane,
        String produces,
        Set<String> query,
        Handler handler) {

    static Route get(String pattern, Handler handler) {
        return of(HttpMethod.GET, pattern, Input.NONE, handler);
    }

    /** Returns a route whose answers are lists; see {@link Paging}. */
    static Route list(String pattern, Handler handler) {
        return get(pattern, handler).withQuery(Paging.LIMIT, Paging.AFTER);
    }

    static Route post(String pattern, Handler handler) {
        return of(HttpMethod.POST, pattern, Input.JSON, handler);
    }

    static Route put(String pattern, Handler handler) {
        return of(HttpMethod.PUT, pattern, Input.JSON, handler);
    }

    static Route patch(String pattern, Handler handler) {
        return of(HttpMethod.PATCH, pattern, Input.JSON, handler);
    }

    static Route delete(String pattern, Handler handler) {
        return of(HttpMethod.DELETE, pattern, Input.NONE, handler);
    }

    private static Route of(HttpMethod method, String pattern, Input input, Handler handler) {
        return new Route(method, pattern, Access.ACCOUNT, input, Lane.STORE, Json.TYPE, Set.of(), handler);
    }

    Route withAccess(Access who) {
        return new Route(method, pattern, who, input, lane, produces, query, handler);
    }

    Route withInput(Input what) {
        return new Route(method, pattern, access, what, lane, produces, query, handler);
    }

    Route inLane(Lane where) {
        return new Route(method, pattern, access, input, where, produces, query, handler);
    }

    Route producing(String type) {
        return new Route(method, pattern, access, input, lane, type, query, handler);
    }

    Route withQuery(String... names) {
        Set<String> all = new HashSet<>(query);
        all.addAll(List.of(names));
        return new Route(method, pattern, access, input, lane, produces, Set.copyOf(all), handler);
    }

    /** Returns the parts of a path that the pattern leaves open; empty if the path does not fit. */
    Optional<Map<String, String>> match(List<String> segments) {
        String[] parts = pattern.substring(1).split("/", -1);
        if (parts.length != segments.size()) {
            return Optional.empty();
        }
        Map<String, String> open = new LinkedHashMap<>();
        for (int i = 0; i < parts.length; i++) {
            if (parts[i].startsWith("{")) {
                open.put(parts[i].substring(1, parts[i].length() - 1), segments.get(i));
            } else if (!parts[i].equals(segments.get(i))) {
                return Optional.empty();
            }
        }
        return Optional.of(open);
    }

    /** Returns the pattern without the names of what it leaves open: two routes that have it in common clash. */
    String shape() {
        return method + " " + pattern.replaceAll("\\{[^}]*}", "{}");
    }
}
