package io.porthouse.admin.api;

import io.porthouse.admin.http.Response;
import java.util.concurrent.CompletionStage;

/** Answers the calls of one route. */
@FunctionalInterface
interface Handler {

    /**
     * Answers a call, whose caller may use the route. Runs in the route's lane.
     *
     * @throws io.porthouse.admin.http.ProblemException if it can't be done, as the stage may fail with one too
     */
    CompletionStage<Response> handle(Call call);
}
