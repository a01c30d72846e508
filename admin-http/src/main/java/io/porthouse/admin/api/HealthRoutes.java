package io.porthouse.admin.api;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Json;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.store.Store;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** {@code /health} and {@code /metrics}: for what watches the router. */
final class HealthRoutes implements Routes.Feature {

    private static final String METRICS = "text/plain; version=0.0.4; charset=utf-8";

    private final Store store;
    private final PrometheusMeterRegistry metrics;
    private final Access metricsAccess;

    /** @param metricsAccess who may read the metrics */
    HealthRoutes(Store store, PrometheusMeterRegistry metrics, Access metricsAccess) {
        this.store = store;
        this.metrics = metrics;
        this.metricsAccess = metricsAccess;
    }

    @Override
    public void addRoutes(Consumer<Route> table) {
        table.accept(Route.get("/health/live", call -> up())
                .withAccess(Access.ANYBODY)
                .inLane(Lane.LOOP));
        table.accept(Route.get("/health/ready", this::ready).withAccess(Access.ANYBODY));
        table.accept(
                Route.get("/metrics", this::scrape).withAccess(metricsAccess).producing(METRICS));
    }

    private static CompletionStage<Response> up() {
        return Response.json(HttpResponseStatus.OK, Json.object().put("status", "up"))
                .now();
    }

    /** Without the store nothing can be changed, and no token that was not seen yet gets in. */
    private CompletionStage<Response> ready(Call call) {
        long unused = store.lastChange();
        return up();
    }

    private CompletionStage<Response> scrape(Call call) {
        byte[] text = metrics.scrape(METRICS).getBytes(StandardCharsets.UTF_8);
        return Response.of(HttpResponseStatus.OK, METRICS, text).now();
    }
}
