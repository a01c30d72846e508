package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Somebody who uses the API over a real socket. Every answer is held against the {@link Contract}. */
final class ApiClient {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final InetSocketAddress server;
    private final Map<String, String> headers;

    private ApiClient(InetSocketAddress server, Map<String, String> headers) {
        this.server = server;
        this.headers = headers;
    }

    /** What came back. */
    record Answer(int status, HttpHeaders headers, String text) {

        JsonNode json() {
            try {
                return JSON.readTree(text);
            } catch (IOException e) {
                throw new AssertionError(text, e);
            }
        }

        String header(String name) {
            return headers.firstValue(name).orElse("");
        }

        /** Fails unless it is this status. */
        Answer is(int expected) {
            assertThat(status).as(text).isEqualTo(expected);
            return this;
        }

        /** Fails unless it is this problem. */
        Answer is(int expected, String code) {
            is(expected);
            assertThat(json().get("code").textValue()).as(text).isEqualTo(code);
            return this;
        }
    }

    static ApiClient nobody(InetSocketAddress server) {
        return new ApiClient(server, Map.of());
    }

    /** Returns the same with one more header. */
    ApiClient with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new ApiClient(server, more);
    }

    ApiClient withKey(String key) {
        return with("Authorization", "Bearer " + key);
    }

    /** Signs in as a browser does, and returns who is signed in. */
    ApiClient signedIn(String account, String password) {
        Answer answer = signIn(account, password).is(200);
        String cookie = answer.header("set-cookie").split(";", 2)[0];
        return with("Cookie", cookie)
                .with("X-CSRF-Token", answer.json().get("csrf").textValue());
    }

    Answer signIn(String account, String password) {
        return post("/api/v1/session", json("account", account, "password", password));
    }

    Answer get(String path) {
        return send("GET", path, "", null);
    }

    Answer delete(String path) {
        return send("DELETE", path, "", null);
    }

    Answer post(String path, String json) {
        return sendJson("POST", path, json);
    }

    Answer put(String path, String json) {
        return sendJson("PUT", path, json);
    }

    Answer patch(String path, String json) {
        return sendJson("PATCH", path, json);
    }

    private Answer sendJson(String method, String path, String json) {
        Answer answer = send(method, path, "application/json", json.getBytes(StandardCharsets.UTF_8));
        if (answer.status() < 300) {
            try {
                Contract.checkTaken(method, pathOnly(path), JSON.readTree(json));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
        return answer;
    }

    /** Sends anything. */
    Answer send(String method, String path, String type, byte[] body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.getPort() + path))
                .timeout(Duration.ofSeconds(30))
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(body));
        headers.forEach(request::header);
        if (!type.isEmpty()) {
            request.header("Content-Type", type);
        }
        try {
            HttpResponse<String> response =
                    HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
            Answer answer = new Answer(response.statusCode(), response.headers(), response.body());
            assertThat(answer.header("x-request-id")).isNotEmpty();
            assertThat(answer.header("cache-control")).isEqualTo("no-store");
            assertThat(answer.header("x-content-type-options")).isEqualTo("nosniff");
            Contract.check(method, pathOnly(path), answer.status(), answer.header("content-type"), answer.text());
            return answer;
        } catch (IOException e) {
            throw new AssertionError(method + " " + path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static String pathOnly(String path) {
        int question = path.indexOf('?');
        return question < 0 ? path : path.substring(0, question);
    }

    /** Writes an object of texts. */
    static String json(String... namesAndTexts) {
        Map<String, String> object = new LinkedHashMap<>();
        for (int i = 0; i < namesAndTexts.length; i += 2) {
            object.put(namesAndTexts[i], namesAndTexts[i + 1]);
        }
        try {
            return JSON.writeValueAsString(object);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
