package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Problem;
import io.porthouse.admin.http.Request;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/** The table of routes. There are some dozens, so it is walked from the top. */
final class Routes {

    private final List<Route> routes;

    private Routes(List<Route> routes) {
        this.routes = List.copyOf(routes);
    }

    /** A route, and what its pattern left open. */
    record Match(Route route, Map<String, String> open) {}

    /** What has routes. */
    @FunctionalInterface
    interface Feature {
        /** Adds them to the table. */
        void addRoutes(Consumer<Route> table);
    }

    /** @throws IllegalStateException if two routes answer the same */
    static Routes of(List<Feature> features) {
        List<Route> routes = new ArrayList<>();
        Set<String> shapes = new HashSet<>();
        for (Feature feature : features) {
            feature.addRoutes(route -> {
                if (!shapes.add(route.shape())) {
                    throw new IllegalStateException("two routes for " + route.shape());
                }
                routes.add(route);
            });
        }
        return new Routes(routes);
    }

    List<Route> all() {
        return routes;
    }

    /** Finds the route of a request; refused with 404 or 405. */
    Match find(Request request) {
        HttpMethod method = request.isHead() ? HttpMethod.GET : request.method();
        Set<String> allowed = new TreeSet<>();
        for (Route route : routes) {
            Map<String, String> open = route.match(request.segments()).orElse(null);
            if (open != null && route.method().equals(method)) {
                return new Match(route, open);
            }
            if (open != null) {
                allowed.add(route.method().name());
            }
        }
        if (allowed.isEmpty()) {
            throw Refusals.notFound().exception();
        }
        if (allowed.contains("GET")) {
            allowed.add("HEAD");
        }
        throw Problem.of(
                        HttpResponseStatus.METHOD_NOT_ALLOWED,
                        "method-not-allowed",
                        "this resource has no " + request.method())
                .with(HttpHeaderNames.ALLOW, String.join(", ", allowed))
                .exception();
    }
}
