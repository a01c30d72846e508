package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Problem;
import io.porthouse.admin.store.Outcome;
import io.porthouse.admin.store.StoreUnavailableException;

/** What callers are told when something can't be. Things of others are told apart from what does not exist by nobody. */
final class Refusals {

    private static final String RETRY_SECONDS = "1";

    private Refusals() {}

    /** There is no such thing, or it is none of the caller's business. */
    static Problem notFound() {
        return Problem.of(HttpResponseStatus.NOT_FOUND, "not-found", "there is nothing here");
    }

    /** The caller may see it, but not do that. */
    static Problem forbidden(String detail) {
        return Problem.of(HttpResponseStatus.FORBIDDEN, "forbidden", detail);
    }

    static Problem otherVersion(long version) {
        return Problem.of(
                HttpResponseStatus.PRECONDITION_FAILED,
                "version-mismatch",
                "it was changed in the meantime, and is at version " + version);
    }

    /** What the store refused. */
    static Problem of(Outcome.Refused<?> refused) {
        return switch (refused.why()) {
            case NOT_FOUND -> notFound();
            case NAME_TAKEN -> Problem.of(HttpResponseStatus.CONFLICT, "name-taken", refused.about());
            case SECRET_TAKEN -> Problem.of(HttpResponseStatus.CONFLICT, "secret-taken", refused.about());
            case VERSION_MISMATCH ->
                Problem.of(HttpResponseStatus.PRECONDITION_FAILED, "version-mismatch", refused.about());
            case LIMIT_REACHED -> Problem.of(HttpResponseStatus.CONFLICT, "limit-reached", refused.about());
            case LAST_OPERATOR -> Problem.of(HttpResponseStatus.CONFLICT, "last-operator", refused.about());
            case INVITATION_VOID -> Problem.of(HttpResponseStatus.FORBIDDEN, "invitation-void", refused.about());
            case NOT_EMPTY -> Problem.of(HttpResponseStatus.CONFLICT, "not-empty", refused.about());
            case MALFORMED -> Problem.of(HttpResponseStatus.UNPROCESSABLE_ENTITY, "malformed", refused.about());
        };
    }

    /** The store can't do it now. Nothing was changed, except where that can't be known. */
    static Problem of(StoreUnavailableException e) {
        return switch (e.reason()) {
            case UNREACHABLE -> unavailable("store-unavailable", "the store does not answer; nothing was changed");
            case BUSY -> unavailable("busy", "too much is asked of the store; nothing was changed");
            case UNCERTAIN ->
                Problem.of(
                        HttpResponseStatus.GATEWAY_TIMEOUT,
                        "uncertain",
                        "the store went away while it was committing: read again whether the change is there");
        };
    }

    static Problem busy(String detail) {
        return unavailable("busy", detail);
    }

    private static Problem unavailable(String code, String detail) {
        return Problem.of(HttpResponseStatus.SERVICE_UNAVAILABLE, code, detail)
                .with(HttpHeaderNames.RETRY_AFTER, RETRY_SECONDS);
    }
}
