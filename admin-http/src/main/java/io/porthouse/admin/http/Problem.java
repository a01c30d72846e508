package io.porthouse.admin.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Why a request was not done, as RFC 9457 has it. The only place where an error becomes a document.
 *
 * @param status from 400 on
 * @param code what programs tell problems apart by; never changes
 * @param detail one sentence for people, without secrets
 * @param field the part of the request that is to blame; null: none
 * @param headers to be sent with it
 */
public record Problem(
        HttpResponseStatus status,
        String code,
        String detail,
        @Nullable String field,
        Map<String, String> headers) {

    private static final String TYPE = "application/problem+json";

    public Problem {
        headers = Map.copyOf(headers);
    }

    /** Returns a problem with nothing but its status and what can be said about it. */
    public static Problem of(HttpResponseStatus status, String code, String detail) {
        return new Problem(status, code, detail, null, Map.of());
    }

    /** Returns the same problem, blaming a part of the request. */
    public Problem inField(String name) {
        return new Problem(status, code, detail, name, headers);
    }

    /** Returns the same problem with one more header. */
    public Problem with(CharSequence name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name.toString(), value);
        return new Problem(status, code, detail, field, more);
    }

    /** Returns what is thrown to end a request with this. */
    public ProblemException exception() {
        return new ProblemException(this);
    }

    /** Returns the answer. */
    Response toResponse(String requestId) {
        ObjectNode document = Json.object()
                .put("type", "about:blank")
                .put("title", status.reasonPhrase())
                .put("status", status.code())
                .put("code", code)
                .put("detail", detail)
                .put("requestId", requestId);
        if (field != null) {
            document.put("field", field);
        }
        Response response = Response.of(status, TYPE, Json.bytes(document));
        headers.forEach(response::with);
        return response;
    }
}
