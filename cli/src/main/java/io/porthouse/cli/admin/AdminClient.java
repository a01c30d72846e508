package io.porthouse.cli.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Speaks to one router's HTTP API with one API key. Every method blocks. Thread-safe. */
public final class AdminClient {

    private static final String API = "/api/v1";
    private static final String JSON = "application/json";
    private static final String JSON_LINES = "application/x-ndjson";
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(60);
    private static final Duration TRANSFER_LIMIT = Duration.ofHours(1);
    private static final int ITEMS_A_PAGE = 500;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_LIMIT)
            .build();
    private final String base;
    private final String key;

    /**
     * @param base {@code http://host:port}
     * @param key the API key; goes nowhere but into the requests' Authorization header
     */
    public AdminClient(URI base, String key) {
        this.base = base.toString().replaceAll("/+$", "");
        this.key = key;
    }

    /** One element of a path, whatever is in it. */
    public static String element(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /**
     * Asks for one thing.
     *
     * @param path behind {@code /api/v1}
     */
    public JsonNode get(String path) throws AdminException, InterruptedException {
        return json(send("GET", path, BodyPublishers.noBody(), null, ANSWER_LIMIT));
    }

    /** Hands on each item of a list, page by page. */
    public void list(String path, Consumer<JsonNode> each) throws AdminException, InterruptedException {
        String first = path + (path.contains("?") ? "&" : "?") + "limit=" + ITEMS_A_PAGE;
        JsonNode next = MAPPER.nullNode();
        do {
            JsonNode page = get(next.isNull() ? first : first + "&after=" + element(next.asText()));
            page.path("items").forEach(each);
            next = page.path("next");
        } while (next.isTextual());
    }

    /**
     * Changes something.
     *
     * @param body null: none
     * @return the answer; a missing node if it has no body
     */
    public JsonNode change(String method, String path, @Nullable JsonNode body)
            throws AdminException, InterruptedException {
        BodyPublisher sent = body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.toString());
        return json(send(method, path, sent, body == null ? null : JSON, ANSWER_LIMIT));
    }

    /**
     * Writes an answer of any length to a stream.
     *
     * @throws IOException if the stream takes no more, or the answer breaks off
     */
    public void download(String path, OutputStream out) throws AdminException, IOException, InterruptedException {
        try (InputStream body = send("GET", path, BodyPublishers.noBody(), null, TRANSFER_LIMIT)) {
            body.transferTo(out);
        }
    }

    /** Sends lines of JSON of any length. */
    public JsonNode upload(String path, BodyPublisher lines) throws AdminException, InterruptedException {
        return json(send("POST", path, lines, JSON_LINES, TRANSFER_LIMIT));
    }

    private InputStream send(String method, String path, BodyPublisher body, @Nullable String type, Duration limit)
            throws AdminException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + API + path))
                .method(method, body)
                .timeout(limit)
                .header("Authorization", "Bearer " + key)
                .header("Accept", JSON + ", " + JSON_LINES + ", application/problem+json");
        if (type != null) {
            request.header("Content-Type", type);
        }
        HttpResponse<InputStream> response;
        try {
            response = http.send(request.build(), BodyHandlers.ofInputStream());
        } catch (IOException e) {
            throw AdminException.failed(
                    "cannot reach the admin listener at " + base + " (" + reason(e)
                            + "); is a router running there, and is that its admin address?",
                    e);
        }
        if (response.statusCode() >= 300) {
            throw refusal(response.statusCode(), response.body());
        }
        return response.body();
    }

    private AdminException refusal(int status, InputStream body) throws AdminException {
        JsonNode problem = json(body);
        if (!problem.path("code").isTextual()) {
            return AdminException.failed(notTheApi("answered with status " + status), null);
        }
        String field = problem.path("field").asText("");
        return AdminException.refused(
                status,
                problem.path("code").asText(),
                problem.path("detail").asText() + (field.isEmpty() ? "" : " (" + field + ")"));
    }

    private JsonNode json(InputStream body) throws AdminException {
        try (body) {
            return MAPPER.readTree(body);
        } catch (JsonProcessingException e) {
            throw AdminException.failed(notTheApi("did not answer in JSON"), e);
        } catch (IOException e) {
            throw AdminException.failed(
                    "the answer of " + base + " broke off (" + reason(e) + "); what was asked may have been done", e);
        }
    }

    private String notTheApi(String what) {
        return "what listens at " + base + " " + what + "; is that the router's admin address?";
    }

    private static String reason(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
