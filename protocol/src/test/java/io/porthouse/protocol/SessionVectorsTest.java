package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.testkit.Vectors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What can be said of the sessions without a router: they are what their format says, and leave no rule out. */
class SessionVectorsTest {

    private static final Set<String> FIELDS = Set.of("name", "after", "rooms", "why", "send", "expect", "delivered");
    private static final Set<String> EXPECTATIONS = Set.of("close", "withinMillis", "replies", "end");
    private static final Set<String> REPLY_FIELDS =
            Set.of("type", "correlation", "code", "envelope", "reason", "room", "name");
    private static final Map<String, Integer> HANDLES =
            Map.of("lobby", 1, "annex", 2, "gallery", 3, "text", 4, "small", 5, "messages", 6, "paced", 7);

    @Test
    void namesAreUniqueInEveryFile() throws IOException {
        for (String kind : List.of("frames", "bodies", "streams", "envelopes", "assembly", "sessions")) {
            assertThat(Vectors.read(kind).stream()
                            .map(vector -> vector.get("name").textValue()))
                    .as(kind)
                    .isNotEmpty()
                    .doesNotHaveDuplicates();
        }
    }

    @TestFactory
    Stream<DynamicTest> sessions() throws IOException {
        return Vectors.read("sessions").stream()
                .map(vector -> DynamicTest.dynamicTest(vector.get("name").textValue(), () -> checkSession(vector)));
    }

    private static void checkSession(JsonNode vector) throws IOException {
        assertThat(FIELDS).containsAll(names(vector));
        assertThat(vector.get("after").textValue()).isIn("start", "welcome");
        assertThat(vector.has("rooms"))
                .isEqualTo(vector.get("after").textValue().equals("welcome"));
        checkSend(vector);
        JsonNode expect = vector.get("expect");
        assertThat(EXPECTATIONS).containsAll(names(expect));
        assertThat(expect.has("close")).isNotEqualTo(expect.has("replies"));
        if (expect.has("close")) {
            assertThat(CloseCode.of(expect.get("close").intValue())).isPresent();
        }
        expect.path("replies").forEach(SessionVectorsTest::checkReply);
        for (JsonNode delivered : vector.path("delivered")) {
            assertThat(delivered.isInt() || delivered.has("cancel")).isTrue();
            assertThat(delivered.asInt()).isBetween(0, vector.get("send").size() - 1);
        }
    }

    /** Whatever is sent holds whole frames up to the point where the expected CLOSE says what is wrong with it. */
    private static void checkSend(JsonNode vector) throws IOException {
        List<byte[]> items = new ArrayList<>();
        for (JsonNode item : vector.get("send")) {
            if (item.has("hex")) {
                items.add(Vectors.bytes(item.get("hex"), HANDLES));
            } else {
                assertThat(Vectors.read("envelopes", item.get("envelope").textValue()))
                        .isNotNull();
                assertThat(HANDLES).containsKey(item.get("room").textValue());
            }
        }
        byte[] all = concat(items);
        boolean start = vector.get("after").textValue().equals("start");
        int maxFrame = start ? Frame.MAX_HELLO_FRAME_BYTES : Frame.DEFAULT_MAX_FRAME_BYTES;
        Walks.Result walk = Walks.walk(all, maxFrame);
        int close = vector.get("expect").path("close").intValue();
        switch (walk.end()) {
            case FrameWalk.TOO_SHORT -> assertThat(close).isEqualTo(CloseCode.PROTOCOL_ERROR.number());
            case FrameWalk.TOO_LARGE -> assertThat(close).isEqualTo(CloseCode.FRAME_TOO_LARGE.number());
            default -> {
                assertThat(close).isNotEqualTo(CloseCode.FRAME_TOO_LARGE.number());
                assertThat(walk.rest() > 0).isEqualTo(close == CloseCode.TIMEOUT.number());
            }
        }
    }

    private static void checkReply(JsonNode reply) {
        assertThat(REPLY_FIELDS).containsAll(names(reply));
        assertThat(reply.get("type").textValue()).isIn("WELCOME", "GRANTED", "WITHDRAWN", "PONG", "ERROR", "RECEIPT");
        assertThat(Long.toUnsignedString(
                        Long.parseUnsignedLong(reply.get("correlation").textValue())))
                .isEqualTo(reply.get("correlation").textValue());
        boolean error = reply.get("type").textValue().equals("ERROR");
        assertThat(reply.has("code")).isEqualTo(error);
        if (error) {
            assertThat(ErrorCode.of(reply.get("code").intValue())).isPresent();
        }
    }

    @Test
    void everyCodeThatOneConnectionCanMeetIsMet() throws IOException {
        Set<Integer> closes = new HashSet<>();
        Set<Integer> errors = new HashSet<>();
        for (JsonNode vector : Vectors.read("sessions")) {
            closes.add(vector.get("expect").path("close").intValue());
            for (JsonNode reply : vector.get("expect").path("replies")) {
                errors.add(reply.path("code").intValue());
            }
        }
        assertThat(closes).contains(3002, 3501, 3504, 3505, 3506);
        assertThat(errors).contains(100, 101, 102, 103, 104, 105, 106, 107, 109, 110, 111);
    }

    private static byte[] concat(List<byte[]> parts) {
        byte[] all = new byte[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    private static List<String> names(JsonNode object) {
        return StreamSupport.stream(object.properties().spliterator(), false)
                .map(Map.Entry::getKey)
                .toList();
    }
}
