package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Problem;
import io.porthouse.admin.http.ProblemException;
import io.porthouse.admin.http.Request;
import java.util.List;
import java.util.Locale;

/** What a body is, and what an answer may be. */
final class MediaTypes {

    private static final String JSON = "application/json";
    private static final String MERGE_PATCH = "application/merge-patch+json";

    private MediaTypes() {}

    /** How a message's payload is to be taken. */
    enum Payload {
        BYTES,
        TEXT
    }

    /** Refuses with 406 if the caller takes nothing of the type that a route produces. */
    static void requireAccepted(Request request, String produced) {
        List<String> headers = request.headers().getAll(HttpHeaderNames.ACCEPT);
        if (headers.isEmpty()) {
            return;
        }
        String type = essence(produced);
        String family = type.substring(0, type.indexOf('/')) + "/*";
        int best = -1;
        boolean isAccepted = false;
        for (String range : String.join(",", headers).split(",", -1)) {
            String wanted = essence(range);
            int precision = List.of("*/*", family, type).indexOf(wanted);
            if (precision > best || (precision == best && precision >= 0)) {
                // The most exact range counts, whatever comes first.
                isAccepted = precision > best ? !isExcluded(range) : isAccepted || !isExcluded(range);
                best = precision;
            }
        }
        if (!isAccepted) {
            throw Problem.of(HttpResponseStatus.NOT_ACCEPTABLE, "not-acceptable", "the answer would be " + type)
                    .exception();
        }
    }

    private static boolean isExcluded(String range) {
        return range.replace(" ", "").toLowerCase(Locale.ROOT).matches(".*;q=0(\\.0{0,3})?(;.*)?");
    }

    /** Refuses with 415 what does not say that it is JSON: other types are what a foreign page's form can send. */
    static void requireJson(Request request) {
        String type = contentType(request);
        if (!(essence(type).equals(JSON) || essence(type).equals(MERGE_PATCH)) || !isUtf8(type)) {
            throw unsupported("the body must be " + JSON);
        }
    }

    /** Refuses with 415 what does not say that it is of a type. */
    static void requireType(Request request, String type) {
        if (!essence(contentType(request)).equals(type)) {
            throw unsupported("the body must be " + type);
        }
    }

    /** Returns how the body is taken as a message: bytes, or text for text and JSON. */
    static Payload payload(Request request) {
        String type = contentType(request);
        String essence = essence(type);
        if (essence.equals("application/octet-stream")) {
            return Payload.BYTES;
        }
        boolean isText = essence.startsWith("text/") || essence.equals(JSON) || essence.endsWith("+json");
        if (!isText || !isUtf8(type)) {
            throw unsupported("a message is application/octet-stream, text/* or " + JSON + ", texts in UTF-8");
        }
        return Payload.TEXT;
    }

    private static String contentType(Request request) {
        List<String> types = request.headers().getAll(HttpHeaderNames.CONTENT_TYPE);
        return types.size() == 1 ? types.get(0) : "";
    }

    private static boolean isUtf8(String type) {
        String text = type.replace(" ", "").replace("\"", "").toLowerCase(Locale.ROOT);
        int charset = text.indexOf(";charset=");
        if (charset < 0) {
            return true;
        }
        String name = text.substring(charset + ";charset=".length()).split(";", 2)[0];
        return name.equals("utf-8") || name.equals("us-ascii");
    }

    /** Returns a type without its parameters. */
    private static String essence(String type) {
        int semicolon = type.indexOf(';');
        return (semicolon < 0 ? type : type.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
    }

    private static ProblemException unsupported(String detail) {
        return Problem.of(HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-type", detail)
                .exception();
    }
}
