package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Problem;
import io.porthouse.admin.http.Response;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Versions of things as HTTP has them: {@code ETag} and {@code If-Match}. */
final class Preconditions {

    private static final Pattern TAG = Pattern.compile("\\s*(W/)?\"([!#-~]*)\"\\s*(,|$)");

    private Preconditions() {}

    /** Says which version of a thing an answer has. */
    static Response tagged(Response response, long version) {
        return response.with(HttpHeaderNames.ETAG, tag(version));
    }

    private static String tag(long version) {
        return "\"" + version + "\"";
    }

    /**
     * Returns the version that a thing must have for a change, as the store wants it.
     *
     * @param present reads the version that it has now; asked only where a version is wanted
     * @return empty: any
     */
    static OptionalLong ifVersion(Call call, LongSupplier present) {
        List<String> headers = call.request().headers().getAll(HttpHeaderNames.IF_MATCH);
        if (headers.isEmpty()) {
            return OptionalLong.empty();
        }
        String all = String.join(",", headers).strip();
        if (all.equals("*")) {
            return OptionalLong.empty();
        }
        long version = present.getAsLong();
        String wanted = tag(version);
        boolean isWanted = false;
        Matcher tags = TAG.matcher(all);
        int end = 0;
        while (tags.find() && tags.start() == end) {
            end = tags.end();
            // A weak tag is never equal to anything here: RFC 9110, 13.1.1.
            isWanted |= tags.group(1) == null && wanted.equals("\"" + tags.group(2) + "\"");
            if (tags.group(3).isEmpty()) {
                break;
            }
        }
        if (end != all.length() || all.endsWith(",")) {
            throw Problem.of(HttpResponseStatus.BAD_REQUEST, "bad-request", "If-Match is not a list of entity tags")
                    .exception();
        }
        if (!isWanted) {
            throw Refusals.otherVersion(version).exception();
        }
        return OptionalLong.of(version);
    }
}
