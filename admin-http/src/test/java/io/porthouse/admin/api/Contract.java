package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** The OpenAPI document, as what every answer is held against. */
final class Contract {

    /** What can happen to any request before its operation is looked at; these need not be written at each. */
    private static final Set<Integer> EVERYWHERE = Set.of(400, 406, 408, 421, 403, 500, 503, 504);

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNode DOCUMENT = read();
    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    private static final Map<String, JsonSchema> CACHE = new ConcurrentHashMap<>();

    private Contract() {}

    private static JsonNode read() {
        try (InputStream in = Contract.class.getResourceAsStream("openapi.json")) {
            return JSON.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns every operation, such as {@code GET /api/v1/rooms}. */
    static Set<String> operations() {
        Set<String> operations = new TreeSet<>();
        DOCUMENT.get("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(operation ->
                                operations.add(operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey())));
        return operations;
    }

    /** Returns the names of the parameters that an operation has in its {@code path} or {@code query}. */
    static Set<String> parameters(String operation, String where) {
        Set<String> names = new TreeSet<>();
        for (JsonNode parameter : operation(operation).path("parameters")) {
            JsonNode resolved = resolved(parameter);
            if (resolved.get("in").textValue().equals(where)) {
                names.add(resolved.get("name").textValue());
            }
        }
        return names;
    }

    /** Finds the operation of a request; empty if there is none. */
    static Optional<String> operationOf(String method, String path) {
        String name = method.equals("HEAD") ? "GET" : method;
        return operations().stream()
                .filter(operation -> operation.startsWith(name + " "))
                .filter(operation -> path.matches(operation
                        .substring(name.length() + 1)
                        .replace(".", "\\.")
                        .replaceAll("\\{[^}]*}", "[^/]+")))
                .findFirst();
    }

    /**
     * Fails unless an answer is what the document says.
     *
     * @param type the content type; empty: none
     */
    static void check(String method, String path, int status, String type, String body) throws IOException {
        Optional<String> operation = operationOf(method, path);
        String what = method + " " + path + " → " + status;
        boolean isOfNoOperation = operation.isEmpty();
        if (isOfNoOperation) {
            assertThat(status).as(what).isIn(404, 405, 400, 421, 403);
        }
        JsonNode response = isOfNoOperation
                ? DOCUMENT.at("/components/responses/Problem")
                : response(operation.get(), status, what);
        JsonNode content = response.path("content");
        String essence = type.split(";", 2)[0];
        if (content.isMissingNode()) {
            assertThat(body).as(what).isEmpty();
            return;
        }
        if (method.equals("HEAD")) {
            assertThat(body).as(what).isEmpty();
            return;
        }
        assertThat(content.has(essence)).as(what + " has type " + type).isTrue();
        if (content.get(essence).has("schema")) {
            JsonNode schema = content.get(essence).get("schema");
            assertValid(what, schema, JSON.readTree(body));
        }
    }

    /** Fails unless the body of a request that was taken is what the document says. */
    static void checkTaken(String method, String path, JsonNode body) {
        JsonNode schema =
                operation(operationOf(method, path).orElseThrow()).at("/requestBody/content/application~1json/schema");
        if (!schema.isMissingNode()) {
            assertValid(method + " " + path + " with " + body, schema, body);
        }
    }

    private static JsonNode response(String operation, int status, String what) {
        JsonNode responses = operation(operation).get("responses");
        JsonNode exact = responses.get(Integer.toString(status));
        if (exact == null) {
            assertThat(EVERYWHERE).as(what + " is documented").contains(status);
        }
        return resolved(exact == null ? responses.get("default") : exact);
    }

    private static void assertValid(String what, JsonNode schema, JsonNode document) {
        Set<ValidationMessage> problems =
                CACHE.computeIfAbsent(schema.toString(), text -> strict(schema)).validate(document);
        assertThat(problems).as(what + ": " + document).isEmpty();
    }

    /** What is not documented may be added one day, but not without the document. */
    private static JsonSchema strict(JsonNode schema) {
        ObjectNode whole = JSON.createObjectNode();
        whole.set("components", DOCUMENT.get("components"));
        whole.putArray("allOf").add(schema);
        if (!schema.path("properties").isEmpty() || schema.has("$ref") || schema.has("allOf")) {
            whole.put("unevaluatedProperties", false);
        }
        JsonNode items = schema.at("/properties/items/items");
        if (items.isObject()) {
            ObjectNode copy = schema.deepCopy();
            ((ObjectNode) copy.at("/properties/items/items")).put("unevaluatedProperties", false);
            whole.putArray("allOf").add(copy);
        }
        return SCHEMAS.getSchema(whole);
    }

    private static JsonNode operation(String operation) {
        String[] parts = operation.split(" ", 2);
        return DOCUMENT.get("paths").get(parts[1]).get(parts[0].toLowerCase(Locale.ROOT));
    }

    private static JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? DOCUMENT.at(node.get("$ref").textValue().substring(1)) : node;
    }
}
