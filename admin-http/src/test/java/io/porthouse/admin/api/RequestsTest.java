package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.admin.api.ApiClient.Answer;
import io.porthouse.admin.http.RawClient;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is asked of every request alike. */
class RequestsTest {

    private static final String ROOMS = "/api/v1/rooms";

    private static AdminNode node;

    @BeforeAll
    static void start() throws Exception {
        node = new AdminNode();
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    @Test
    void unknownPathsAndVerbsAreTold() {
        for (String path : new String[] {"/", "/api", "/api/v1/", "/api/v1/room", ROOMS + "/", "//api/v1/rooms"}) {
            node.operator().get(path).is(404, "not-found");
        }
        assertThat(node.operator()
                        .send("PUT", ROOMS, "", null)
                        .is(405, "method-not-allowed")
                        .header("allow"))
                .isEqualTo("GET, HEAD, POST");
        node.operator().send("OPTIONS", ROOMS, "", null).is(405);
        node.operator().send("PATCH", "/api/v1/session", "", null).is(405);
        node.operator().send("BREW", ROOMS, "", null).is(405);
    }

    @Test
    void aHeadIsAsTheAnswerWithoutItsBody() {
        Answer get = node.operator().get(ROOMS).is(200);
        Answer head = node.operator().send("HEAD", ROOMS, "", null).is(200);
        assertThat(head.text()).isEmpty();
        assertThat(head.header("content-length"))
                .isEqualTo(Integer.toString(get.text().getBytes(StandardCharsets.UTF_8).length));
        node.nobody().send("HEAD", ROOMS, "", null).is(401);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "*/*                                            | 200",
                "application/*                                  | 200",
                "application/json                               | 200",
                "text/html, application/json;q=0.5              | 200",
                "text/html, */*;q=0.1                           | 200",
                "text/html                                      | 406",
                "application/json;q=0                           | 406",
                "application/json; q=0.000, */*                 | 406",
                "application/json;q=0, text/*                   | 406",
                "nonsense                                       | 406",
            })
    void anAnswerIsOfATypeThatTheCallerTakes(String accept, int status) {
        node.operator().with("Accept", accept.strip()).get(ROOMS).is(status);
    }

    @ParameterizedTest
    @CsvSource({
        "application/json,                              201",
        "application/json; charset=UTF-8,               201",
        "application/merge-patch+json,                  201",
        "application/json; charset=\"utf-8\",           201",
        "application/json; charset=latin1,              415",
        "text/plain,                                    415",
        "application/x-www-form-urlencoded,             415",
        "'',                                            415",
    })
    void aBodyMustSayThatItIsJson(String type, int status) {
        byte[] body = ("{\"name\":\"r" + Math.floorMod(type.hashCode(), 1 << 30) + "\",\"account\":\"operator\"}")
                .getBytes(StandardCharsets.UTF_8);
        node.operator().send("POST", ROOMS, type, body).is(status);
    }

    @Test
    void aBodyIsPlainAndNotTooLongAndThere() throws Exception {
        byte[] body = "{}".getBytes(StandardCharsets.UTF_8);
        node.operator()
                .with("Content-Encoding", "gzip")
                .send("POST", ROOMS, "application/json", body)
                .is(415, "content-encoding");
        node.operator()
                .send("POST", ROOMS, "application/json", new byte[(64 << 10) + 1])
                .is(413, "body-too-large");
        try (RawClient raw = new RawClient(node.server.address())) {
            raw.request("POST " + ROOMS, "Content-Type: application/json")
                    .answer()
                    .is(411, "length-required");
        }
        node.operator().post(ROOMS, "").is(422);
        node.operator().post(ROOMS, "[".repeat(60_000)).is(400, "malformed-json");
        node.operator().post(ROOMS, "{\"name\":1e99999999}").is(422);
        node.operator()
                .send("POST", ROOMS, "application/json", new byte[] {'{', '"', (byte) 0xFF, '"', ':', '1', '}'})
                .is(400, "malformed-json");
    }

    @Test
    void whoMayNotSendABodyIsToldBeforeItIsRead() {
        node.nobody()
                .send("POST", ROOMS, "application/json", new byte[10 << 20])
                .is(401, "unauthorized");
        node.alice()
                .send("POST", "/api/v1/store", "application/x-ndjson", new byte[10 << 20])
                .is(403, "forbidden");
    }

    @Test
    void parametersThatAreNotKnownAreRefused() {
        assertThat(node.operator()
                        .get(ROOMS + "?acount=alice")
                        .is(400, "bad-query")
                        .text())
                .doesNotContain("acount");
        node.operator().get(ROOMS + "?account=alice&limit=1").is(200);
    }
}
