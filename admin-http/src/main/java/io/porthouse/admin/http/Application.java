package io.porthouse.admin.http;

import java.util.concurrent.CompletionStage;

/** What is behind the server. */
@FunctionalInterface
public interface Application {

    /**
     * Answers a request. Called on the event loop of its connection, so it must not block; what takes time completes later, on
     * any thread. A stage that fails with a {@link ProblemException} is answered by its problem, with anything else by 500.
     */
    CompletionStage<Response> handle(Exchange exchange);
}
