package io.porthouse.admin.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Json;
import io.porthouse.admin.http.Problem;
import io.porthouse.admin.http.ProblemException;
import io.porthouse.admin.http.Response;
import io.porthouse.admin.store.Page;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** How lists are asked for, with {@code ?limit=&after=}, and answered, with {@code items} and {@code next}. */
final class Paging {

    static final String LIMIT = "limit";
    static final String AFTER = "after";
    static final int DEFAULT_LIMIT = 100;

    private Paging() {}

    /** Answers with a page of the store. */
    static <T> CompletionStage<Response> list(
            Call call, Function<Page.Request, Page<T>> read, Function<T, ? extends JsonNode> view) {
        Page<T> page;
        try {
            page = read.apply(new Page.Request(call.query(AFTER).orElse(null), limit(call, Page.Request.MAX_SIZE)));
        } catch (IllegalArgumentException e) {
            throw badCursor();
        }
        List<? extends JsonNode> items = page.items().stream().map(view).toList();
        return answer(items, page.next());
    }

    /** Answers with a page. */
    static CompletionStage<Response> answer(List<? extends JsonNode> items, @Nullable String next) {
        ObjectNode page = Json.object();
        ArrayNode array = page.putArray("items");
        items.forEach(array::add);
        return Response.json(HttpResponseStatus.OK, page.put("next", next)).now();
    }

    /** Returns how many are asked for. */
    static int limit(Call call, int most) {
        String text = call.query(LIMIT).orElse("");
        if (text.isEmpty()) {
            return DEFAULT_LIMIT;
        }
        if (!text.matches("[0-9]{1,6}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > most) {
            throw Problem.of(HttpResponseStatus.BAD_REQUEST, "bad-query", "limit must be 1 to " + most)
                    .inField(LIMIT)
                    .exception();
        }
        return Integer.parseInt(text);
    }

    static ProblemException badCursor() {
        return Problem.of(HttpResponseStatus.BAD_REQUEST, "bad-query", "after is not what a page before had as next")
                .inField(AFTER)
                .exception();
    }
}
