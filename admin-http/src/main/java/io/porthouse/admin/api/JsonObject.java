package io.porthouse.admin.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Json;
import io.porthouse.admin.http.Problem;
import io.porthouse.admin.http.ProblemException;
import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object that somebody sent, read field by field. Whatever does not fit is refused with 422, naming the field; so is, at
 * the {@link #end}, a field that nobody asked for.
 */
final class JsonObject {

    private final ObjectNode node;
    private final String prefix;
    private final Set<String> known = new HashSet<>();

    private JsonObject(ObjectNode node, String prefix) {
        this.node = node;
        this.prefix = prefix;
    }

    /** Reads a body; one without a byte is an empty object. */
    static JsonObject read(byte[] body) {
        try {
            JsonNode node = body.length == 0 ? Json.object() : Json.parse(body);
            if (node instanceof ObjectNode object) {
                return new JsonObject(object, "");
            }
        } catch (IOException e) {
            throw Problem.of(HttpResponseStatus.BAD_REQUEST, "malformed-json", String.valueOf(e.getMessage()))
                    .exception();
        }
        throw Problem.of(HttpResponseStatus.UNPROCESSABLE_ENTITY, "invalid", "the body is not a JSON object")
                .exception();
    }

    /** Returns what is thrown because of a field. */
    static ProblemException invalid(String field, String detail) {
        return Problem.of(HttpResponseStatus.UNPROCESSABLE_ENTITY, "invalid", detail)
                .inField(field)
                .exception();
    }

    /** Makes a value that checks its own parts, whose messages begin with the name of the part. */
    <T> T checked(Supplier<T> value) {
        try {
            return value.get();
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            String field = message.split(" ", 2)[0];
            throw invalid(field.startsWith(prefix) ? field : prefix + field, message);
        }
    }

    /** Returns whether there is such a field, be it null. */
    boolean has(String name) {
        known.add(name);
        return node.has(name);
    }

    boolean isNull(String name) {
        return has(name) && node.get(name).isNull();
    }

    /** Returns a text that must be there. */
    String text(String name) {
        String text = textOrNull(name);
        if (text == null) {
            throw refused(name, "is missing");
        }
        return text;
    }

    @Nullable
    String textOrNull(String name) {
        JsonNode value = value(name);
        if (value == null) {
            return null;
        }
        if (!value.isTextual()) {
            throw refused(name, "is not a text");
        }
        return value.textValue();
    }

    boolean flag(String name, boolean fallback) {
        JsonNode value = value(name);
        if (value == null) {
            return fallback;
        }
        if (!value.isBoolean()) {
            throw refused(name, "is not true or false");
        }
        return value.booleanValue();
    }

    int integer(String name, int fallback) {
        JsonNode value = value(name);
        if (value == null) {
            return fallback;
        }
        if (!value.isIntegralNumber() || !value.canConvertToInt()) {
            throw refused(name, "is not a whole number up to " + Integer.MAX_VALUE);
        }
        return value.intValue();
    }

    long longInteger(String name, long fallback) {
        JsonNode value = value(name);
        if (value == null) {
            return fallback;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw refused(name, "is not a whole number up to " + Long.MAX_VALUE);
        }
        return value.longValue();
    }

    /** Returns one of the values of an enumeration, in lower case. */
    <E extends Enum<E>> E choice(String name, E fallback, Class<E> type) {
        String text = textOrNull(name);
        return text == null ? fallback : choiceOf(name, text, type);
    }

    private <E extends Enum<E>> E choiceOf(String name, String text, Class<E> type) {
        for (E constant : type.getEnumConstants()) {
            if (constant.name().toLowerCase(Locale.ROOT).equals(text)) {
                return constant;
            }
        }
        String choices = Arrays.stream(type.getEnumConstants())
                .map(constant -> "\"" + constant.name().toLowerCase(Locale.ROOT) + "\"")
                .collect(Collectors.joining(", "));
        throw refused(name, "is none of " + choices);
    }

    /** Returns a set of values of an enumeration, each at most once. */
    <E extends Enum<E>> Set<E> choices(String name, Class<E> type) {
        Set<E> chosen = new HashSet<>();
        for (JsonNode element : elements(name)) {
            if (!element.isTextual() || !chosen.add(choiceOf(name, element.textValue(), type))) {
                throw refused(name, "is not a list of different texts");
            }
        }
        return chosen;
    }

    @Nullable
    Instant timeOrNull(String name) {
        String text = textOrNull(name);
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw refused(name, "is not a time such as 2030-01-31T12:00:00Z");
        }
    }

    /** Returns an object within this one; an empty one if there is none. */
    JsonObject object(String name) {
        JsonNode value = value(name);
        if (value == null) {
            return new JsonObject(Json.object(), prefix + name + ".");
        }
        return within(name, prefix + name + ".", value);
    }

    /** Returns a list of objects; an empty one if there is none. */
    List<JsonObject> objects(String name) {
        List<JsonObject> objects = new ArrayList<>();
        for (JsonNode element : elements(name)) {
            objects.add(within(name, prefix + name + "[" + objects.size() + "].", element));
        }
        return objects;
    }

    private JsonObject within(String name, String itsPrefix, JsonNode value) {
        if (value instanceof ObjectNode object) {
            return new JsonObject(object, itsPrefix);
        }
        throw refused(name, "is not an object");
    }

    private Iterable<JsonNode> elements(String name) {
        JsonNode value = value(name);
        if (value != null && !value.isArray()) {
            throw refused(name, "is not a list");
        }
        return value == null ? List.of() : value;
    }

    private @Nullable JsonNode value(String name) {
        known.add(name);
        JsonNode value = node.get(name);
        return value == null || value.isNull() ? null : value;
    }

    /** Returns what is thrown because of a field of this object. */
    ProblemException refused(String name, String what) {
        return invalid(prefix + name, prefix + name + " " + what);
    }

    /** Refuses fields that nobody asked for. */
    void end() {
        Iterator<String> names = node.fieldNames();
        while (names.hasNext()) {
            String name = names.next();
            if (!known.contains(name)) {
                throw refused(shown(name), "is not known here");
            }
        }
    }

    /** A stranger's name for a field is shown, but not all of it. */
    private static String shown(String name) {
        return name.length() <= 64 ? name : name.substring(0, 64) + "…";
    }
}
