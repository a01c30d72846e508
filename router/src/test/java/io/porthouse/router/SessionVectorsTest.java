package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.router.TestClient.Received;
import io.porthouse.testkit.Vectors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Plays {@code sessions.json} against a router, each vector in one piece and byte by byte; the README beside it says what
 * the fields mean. A second member takes what is delivered, and sees that others go on undisturbed. Time stands still.
 */
final class SessionVectorsTest {

    /** As in {@code router.toml}. */
    private static final String SECRET = "vector-token-0123456789";

    private static final String ACCOUNT = "vectors";
    private static final String MARKER_SECRET = "marker-token-0123456789";
    private static final String MARK = "the vector is over";
    private static final int LONG_BYTES = 100_000;

    private static RouterHarness harness;

    private final List<TestClient> clients = new ArrayList<>();
    private final Map<String, Integer> handles = new HashMap<>();

    @BeforeAll
    static void startRouter() throws IOException {
        harness = new RouterHarness(new TestSettings().roomsPerSession(8).build(), room -> rules(room.name()));
        harness.stopTime();
        List<Grant> grants = new ArrayList<>();
        for (String room : List.of("lobby", "annex", "text", "small", "messages", "paced")) {
            grants.add(new Grant(ACCOUNT, room, false, RouterHarness.READ_WRITE, false));
        }
        grants.add(new Grant(ACCOUNT, "gallery", false, Set.of(Right.READ), false));
        grants.add(new Grant(ACCOUNT, "many-", true, RouterHarness.READ_WRITE, false));
        harness.put(SECRET, new TokenState("vectors", ACCOUNT, grants, 100, null, false));
        List<Grant> all = List.of(new Grant(ACCOUNT, "", true, RouterHarness.READ_WRITE, false));
        harness.put(MARKER_SECRET, new TokenState("marker", ACCOUNT, all, 100, null, false));
    }

    @AfterAll
    static void stopRouter() {
        harness.close();
    }

    private static RoomRules rules(String room) {
        boolean small = room.equals("small");
        return new RoomRules(
                small ? 64 : RoomRules.DEFAULT.maxMessageBytes(),
                small ? 1024 : room.equals("messages") ? -1 : Long.MAX_VALUE,
                100,
                room.equals("paced") ? 1 : 0,
                room.equals("text"),
                false,
                Overflow.DROP,
                Overflow.WAIT);
    }

    @AfterEach
    void closeClients() {
        clients.forEach(TestClient::close);
        harness.awaitGauge("porthouse.connections", 0);
        assertThat(harness.gauge("porthouse.handshakes")).isZero();
        assertThat(harness.gauge("porthouse.rooms")).isZero();
    }

    static Stream<Arguments> vectors() throws IOException {
        return Vectors.read("sessions").stream()
                .flatMap(vector -> Stream.of(false, true)
                        .map(bytewise -> Arguments.argumentSet(
                                vector.get("name").asText() + (bytewise ? ", byte by byte" : ""), vector, bytewise)));
    }

    private TestClient dial() throws IOException {
        TestClient client = harness.dial();
        clients.add(client);
        return client;
    }

    private TestClient connect(String secret, List<String> rooms) throws IOException {
        TestClient client = dial();
        String names = rooms.isEmpty() ? "" : "'" + String.join("','", rooms) + "'";
        boolean receives = secret.equals(SECRET);
        client.hello("{'version':1,'token':'" + secret + "','rooms':[" + names + "],'receive':" + receives + "}");
        for (String room : rooms) {
            handles.put(room, client.handle(ACCOUNT + "/" + room));
        }
        return client;
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void theRouterDoesWhatTheVectorSays(JsonNode vector, boolean bytewise) throws Exception {
        List<String> rooms = new ArrayList<>();
        vector.path("rooms").forEach(room -> rooms.add(room.asText()));
        boolean welcomed = vector.get("after").asText().equals("welcome");
        TestClient member = connect(SECRET, rooms);
        TestClient marker = connect(MARKER_SECRET, rooms);
        List<Received> delivered = new CopyOnWriteArrayList<>();
        try (Background reading = Background.start(() -> takeUntilMarked(member, rooms.size(), delivered))) {
            TestClient client = welcomed ? connect(SECRET, rooms) : dial();
            List<byte[]> sent = new ArrayList<>();
            for (JsonNode item : vector.get("send")) {
                sent.add(bytes(item));
            }
            send(client, sent, bytewise);
            expect(client, vector.get("expect"));
            List<String> expected =
                    vector.has("delivered") ? expectedDelivery(vector.get("delivered"), sent) : List.of();
            // A mark is a message, and might overtake chunks that have to wait.
            await().pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> delivered.size() >= expected.size());
            for (String room : rooms) {
                byte[] mark = MARK.getBytes(StandardCharsets.UTF_8);
                marker.send(TestClient.frame(FrameType.ENVELOPE, Flags.TEXT, handles.get(room), 0, mark));
            }
            reading.join();
            if (vector.has("delivered")) {
                assertThat(delivered.stream().map(SessionVectorsTest::essence).toList())
                        .isEqualTo(expected);
            }
        }
    }

    // ---- sending

    private byte[] bytes(JsonNode item) throws IOException {
        if (item.has("hex")) {
            return Vectors.bytes(item.get("hex"), handles);
        }
        JsonNode envelope = Vectors.read("envelopes", item.get("envelope").asText());
        ByteBuffer payload = ByteBuffer.wrap(Vectors.payload(envelope.get("payload")));
        List<byte[]> frames = new ArrayList<>();
        for (JsonNode frame : envelope.get("frames")) {
            byte[] bytes = frame.has("hex") ? Vectors.bytes(frame.get("hex")) : frameOf(frame, payload);
            ByteBuffer.wrap(bytes)
                    .putInt(Frame.ROOM_OFFSET, handles.get(item.get("room").asText()));
            frames.add(bytes);
        }
        return TestClient.concat(frames.toArray(new byte[0][]));
    }

    /** A frame too large to be in the vector: its head, the next of the payload, its tail. */
    private static byte[] frameOf(JsonNode frame, ByteBuffer payload) {
        byte[] head = Vectors.bytes(frame.get("head"));
        byte[] tail = frame.has("tail") ? Vectors.bytes(frame.get("tail")) : new byte[0];
        byte[] data = new byte[frame.get("bytes").asInt() - head.length - tail.length];
        payload.get(data);
        byte[] bytes = TestClient.concat(head, data, tail);
        assertThat(Vectors.sha256(bytes)).isEqualTo(frame.get("sha256").asText());
        return bytes;
    }

    private static void send(TestClient client, List<byte[]> sent, boolean bytewise) throws IOException {
        for (byte[] bytes : sent) {
            if (bytewise && bytes.length < LONG_BYTES) {
                client.sendBytewise(bytes);
            } else {
                client.send(bytes);
            }
        }
    }

    // ---- what comes back

    private void expect(TestClient client, JsonNode expect) throws IOException {
        if (expect.has("close")) {
            int code = expect.get("close").asInt();
            if (code == 3002) {
                harness.awaitGauge("porthouse.handshakes", 1);
                harness.skip(Duration.ofSeconds(5));
            }
            client.seekClose(code);
            return;
        }
        List<Map<String, String>> expected = new ArrayList<>();
        expect.get("replies").forEach(reply -> expected.add(fields(reply)));
        List<Received> replies = new ArrayList<>();
        boolean ends = expect.path("end").asBoolean();
        if (!ends) {
            client.send(TestClient.ping(0));
        }
        boolean answered = ends;
        while (!answered || replies.size() < expected.size()) {
            Received received = client.receive();
            if (received.type() == FrameType.PONG && received.sequence() == 0) {
                answered = true;
            } else if (received.type() == FrameType.GRANTED) {
                learn(received);
                replies.add(received);
            } else if (received.type() != FrameType.FLOW && received.type() != FrameType.ENVELOPE) {
                replies.add(received);
            }
        }
        List<Map<String, String>> actual = new ArrayList<>();
        for (int i = 0; i < replies.size(); i++) {
            actual.add(fields(replies.get(i)));
        }
        assertReplies(actual, expected);
        if (ends) {
            client.expectEnd();
        }
    }

    private void learn(Received granted) {
        String room = granted.json().get("room").asText();
        handles.putIfAbsent(room.substring(room.indexOf('/') + 1), granted.room());
    }

    /** Each expected reply is there, in some order, as far as it says what matters; and no other. */
    private static void assertReplies(List<Map<String, String>> actual, List<Map<String, String>> expected) {
        List<Map<String, String>> left = new ArrayList<>(actual);
        for (Map<String, String> reply : expected) {
            Map<String, String> match = left.stream()
                    .filter(candidate -> candidate.entrySet().containsAll(reply.entrySet()))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(reply + " is not among " + actual));
            left.remove(match);
        }
        assertThat(left).as("replies that the vector does not name").isEmpty();
    }

    private static Map<String, String> fields(JsonNode reply) {
        Map<String, String> fields = new HashMap<>();
        reply.properties()
                .forEach(field -> fields.put(field.getKey(), field.getValue().asText()));
        return fields;
    }

    private Map<String, String> fields(Received reply) {
        Map<String, String> fields = new HashMap<>();
        fields.put("type", FrameType.name(reply.type()));
        fields.put("correlation", Long.toUnsignedString(reply.sequence()));
        handles.forEach((room, handle) -> {
            if (handle == reply.room()) {
                fields.put("room", room);
            }
        });
        if (reply.type() == FrameType.ERROR
                || reply.type() == FrameType.GRANTED
                || reply.type() == FrameType.WITHDRAWN) {
            JsonNode body = reply.json();
            for (String field : List.of("code", "envelope", "reason")) {
                if (body.has(field)) {
                    fields.put(field, body.get(field).asText());
                }
            }
            if (body.has("room")) {
                fields.put("name", body.get("room").asText());
            }
        }
        return fields;
    }

    // ---- what is delivered

    private static void takeUntilMarked(TestClient member, int rooms, List<Received> delivered) throws IOException {
        for (int marks = 0; marks < rooms; ) {
            Received received = member.expect(FrameType.ENVELOPE);
            if (received.text().equals(MARK)) {
                marks++;
            } else {
                delivered.add(received);
            }
        }
    }

    /** Room, flags and body: what the second member is to get as it was sent. */
    private static String essence(Received frame) {
        return essence(frame.room(), frame.flags(), frame.body());
    }

    private static String essence(int room, int flags, byte[] body) {
        String hex = body.length < 200 ? HexFormat.of().formatHex(body) : Vectors.sha256(body);
        return room + " " + flags + " " + hex;
    }

    private List<String> expectedDelivery(JsonNode delivered, List<byte[]> sent) {
        List<String> expected = new ArrayList<>();
        for (JsonNode item : delivered) {
            if (item.isInt()) {
                addFrames(expected, sent.get(item.asInt()));
            } else {
                byte[] body = ByteBuffer.allocate(8)
                        .putInt(item.get("cancel").asInt())
                        .putInt(Chunks.CANCEL_INDEX)
                        .array();
                int room = handles.get(item.get("room").asText());
                expected.add(essence(room, Flags.CHUNK | Flags.LAST, body));
            }
        }
        return expected;
    }

    private void addFrames(List<String> expected, byte[] bytes) {
        ByteBuffer frames = ByteBuffer.wrap(bytes);
        for (int at = 0; at < bytes.length; at += frames.getInt(at) + 4) {
            int room = frames.getInt(at + Frame.ROOM_OFFSET);
            byte[] body = Arrays.copyOfRange(bytes, at + Frame.BODY_OFFSET, at + frames.getInt(at) + 4);
            // Room 0 is the only one that the session may write to.
            int named = room == 0 ? handles.get("lobby") : room;
            expected.add(essence(named, bytes[at + Frame.FLAGS_OFFSET], body));
        }
    }
}
