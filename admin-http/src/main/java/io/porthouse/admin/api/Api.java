package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Application;
import io.porthouse.admin.http.Exchange;
import io.porthouse.admin.http.Problem;
import io.porthouse.admin.http.Request;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.store.StoreUnavailableException;
import io.porthouse.admin.store.StoreWorkers;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.MDC;

/**
 * Takes a request through the table of routes: finds its route, checks what its head says of bodies, finds who calls, reads the
 * body, and has the handler answer. Who may not use a route has no body read; and because a body may come slowly, who calls is
 * found anew when it is there.
 */
final class Api implements Application {

    /** Under which log lines have the id of the request. */
    private static final String LOG_KEY = "request";

    private static final byte[] NO_BODY = new byte[0];

    private final Routes routes;
    private final Authentication authentication;
    private final StoreWorkers storeWorkers;
    private final StoreWorkers passwordWorkers;
    private final int maxBodyBytes;

    Api(
            Routes routes,
            Authentication authentication,
            StoreWorkers storeWorkers,
            StoreWorkers passwordWorkers,
            int maxBodyBytes) {
        this.routes = routes;
        this.authentication = authentication;
        this.storeWorkers = storeWorkers;
        this.passwordWorkers = passwordWorkers;
        this.maxBodyBytes = maxBodyBytes;
    }

    @Override
    public CompletionStage<Response> handle(Exchange exchange) {
        Request request = exchange.request();
        Routes.Match match = routes.find(request);
        Route route = match.route();
        requireKnownQuery(request, route);
        MediaTypes.requireAccepted(request, route.produces());
        requireBody(request, route);
        CompletionStage<Response> answer;
        if (route.lane() == Lane.LOOP) {
            answer = route.handler().handle(new Call(exchange, match.open(), null, NO_BODY));
        } else if (route.input() == Input.JSON || route.input() == Input.OPTIONAL_JSON) {
            answer = withBody(exchange, match);
        } else {
            answer = in(route.lane(), request, () -> handled(exchange, match, NO_BODY));
        }
        return translated(answer);
    }

    private CompletionStage<Response> withBody(Exchange exchange, Routes.Match match) {
        Route route = match.route();
        return admitted(exchange.request(), route.access())
                .thenCompose(admitted -> exchange.body(maxBodyBytes))
                .thenCompose(body -> in(route.lane(), exchange.request(), () -> handled(exchange, match, body)));
    }

    /** Whether somebody may use the route at all is asked before the body is read; who it is that counts, after. */
    private CompletionStage<?> admitted(Request request, Access access) {
        return access == Access.ANYBODY
                ? CompletableFuture.completedFuture(NO_BODY)
                : storeWorkers.submit(() -> Optional.ofNullable(authentication.caller(request, access)));
    }

    private CompletionStage<Response> handled(Exchange exchange, Routes.Match match, byte[] body) {
        Route route = match.route();
        Caller caller = authentication.caller(exchange.request(), route.access());
        return route.handler().handle(new Call(exchange, match.open(), caller, body));
    }

    private <T> CompletionStage<T> in(Lane lane, Request request, Supplier<CompletionStage<T>> work) {
        StoreWorkers workers = lane == Lane.PASSWORDS ? passwordWorkers : storeWorkers;
        return workers.submit(() -> {
                    // What is logged meanwhile, by whomever, tells the request.
                    MDC.put(LOG_KEY, request.id());
                    try {
                        return work.get();
                    } finally {
                        MDC.remove(LOG_KEY);
                    }
                })
                .thenCompose(Function.identity());
    }

    /** What the store can't do is a problem, not a defect. */
    private static CompletionStage<Response> translated(CompletionStage<Response> answer) {
        return answer.exceptionallyCompose(failure -> {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            return CompletableFuture.failedFuture(
                    cause instanceof StoreUnavailableException e
                            ? Refusals.of(e).exception()
                            : cause);
        });
    }

    private static void requireKnownQuery(Request request, Route route) {
        for (String name : request.query().keySet()) {
            if (!route.query().contains(name)) {
                throw Problem.of(
                                HttpResponseStatus.BAD_REQUEST,
                                "bad-query",
                                "the query has a parameter that is not known here")
                        .exception();
            }
        }
    }

    private static void requireBody(Request request, Route route) {
        if (request.headers().contains(HttpHeaderNames.CONTENT_ENCODING)) {
            throw Problem.of(
                            HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE,
                            "content-encoding",
                            "bodies are taken as they are, not compressed")
                    .exception();
        }
        boolean isWanted = route.input() == Input.JSON || route.input() == Input.OWN;
        if (isWanted && request.bodyBytes() == 0 && !request.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
            throw Problem.of(
                            HttpResponseStatus.LENGTH_REQUIRED,
                            "length-required",
                            "a body is missing, or the header that says how long it is")
                    .exception();
        }
        boolean isJson =
                route.input() == Input.JSON || (route.input() == Input.OPTIONAL_JSON && request.bodyBytes() != 0);
        if (isJson) {
            MediaTypes.requireJson(request);
        }
    }
}
