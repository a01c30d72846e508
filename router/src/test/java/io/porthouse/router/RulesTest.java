package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What a room allows, and what is said of the rest. */
final class RulesTest {

    private static final RoomName LOBBY = new RoomName(RouterHarness.ACCOUNT, "lobby");

    private static RouterHarness harness(Consumer<TestRules> changes) throws Exception {
        RouterHarness harness = new RouterHarness();
        harness.tokens.putRoom(LOBBY, TestRules.with(changes));
        return harness;
    }

    private static byte[] text(int room, long correlation, byte[] body) {
        return TestClient.frame(FrameType.ENVELOPE, Flags.TEXT, room, correlation, body);
    }

    @Test
    void aMessageOfExactlyTheLargestSizePasses() throws Exception {
        try (RouterHarness harness = harness(rules -> rules.maxMessageBytes = 100)) {
            TestClient sender = harness.connect("lobby");
            TestClient member = harness.connect("lobby");
            int lobby = sender.handle("acme/lobby");
            sender.send(
                    TestClient.frame(FrameType.ENVELOPE, 0, lobby, 2, new byte[100]),
                    TestClient.frame(FrameType.ENVELOPE, 0, lobby, 3, new byte[101]));
            assertThat(sender.expectError(ErrorCode.TOO_LARGE).sequence()).isEqualTo(3);
            assertThat(member.expect(FrameType.ENVELOPE).body()).hasSize(100);
            member.expectNothing(2);
        }
    }

    @Test
    void aMessageAsLargeAsAFramePassesByDefault() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient sender = harness.connect("lobby");
            TestClient member = harness.connect("lobby");
            byte[] body = new byte[Frame.DEFAULT_MAX_FRAME_BYTES - Frame.HEADER_BYTES];
            body[body.length - 1] = 7;
            sender.send(TestClient.frame(FrameType.ENVELOPE, 0, sender.handle("acme/lobby"), 0, body));
            assertThat(member.expect(FrameType.ENVELOPE).body()).isEqualTo(body);
        }
    }

    @Test
    void aTextRoomTakesOnlyWhatIsFlaggedAndValid() throws Exception {
        try (RouterHarness harness = harness(rules -> rules.text = true)) {
            TestClient sender = harness.connect("lobby");
            TestClient member = harness.connect("lobby");
            int lobby = sender.handle("acme/lobby");
            sender.send(
                    TestClient.frame(FrameType.ENVELOPE, 0, lobby, 2, "unflagged".getBytes(StandardCharsets.UTF_8)),
                    text(lobby, 3, new byte[] {(byte) 0xC3}),
                    text(lobby, 4, "grüße".getBytes(StandardCharsets.UTF_8)),
                    TestClient.chunk(Flags.LAST | Flags.TEXT, lobby, 5, 1, 0, new byte[14]));
            for (long refused : new long[] {2, 3, 5}) {
                assertThat(sender.expectError(ErrorCode.TEXT_ONLY).sequence()).isEqualTo(refused);
            }
            TestClient.Received received = member.expectMessage("grüße");
            assertThat(received.flags()).isEqualTo(Flags.TEXT);
            assertThat(received.sequence()).isEqualTo(1);
        }
    }

    @Test
    void theRateHoldsForEachSecondAndSession() throws Exception {
        try (RouterHarness harness = harness(rules -> rules.messagesPerSecond = 3)) {
            TestClient sender = harness.connect("lobby");
            TestClient member = harness.connect("lobby");
            int lobby = sender.handle("acme/lobby");
            for (int i = 1; i <= 4; i++) {
                sender.send(TestClient.frame(FrameType.ENVELOPE, 0, lobby, i + 1, new byte[1]));
            }
            assertThat(sender.expectError(ErrorCode.RATE_LIMITED).sequence()).isEqualTo(5);
            harness.skip(Duration.ofSeconds(1));
            harness.awaitTicks(2);
            sender.send(TestClient.frame(FrameType.ENVELOPE, 0, lobby, 6, new byte[2]));
            for (int i = 1; i <= 4; i++) {
                assertThat(member.expect(FrameType.ENVELOPE).sequence()).isEqualTo(i);
            }
            member.send(TestClient.frame(FrameType.ENVELOPE, 0, lobby, 2, new byte[3]));
            assertThat(sender.expect(FrameType.ENVELOPE).sequence()).isEqualTo(5);
        }
    }

    @Test
    void whoMayOnlyReadCannotWrite() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            harness.grant(new Grant(RouterHarness.ACCOUNT, "lobby", false, Set.of(Right.READ), true));
            TestClient reader = harness.connect();
            int lobby = reader.handle("acme/lobby");
            reader.send(TestClient.frame(FrameType.ENVELOPE, 0, lobby, 2, new byte[1]));
            assertThat(reader.expectError(ErrorCode.MAY_NOT_WRITE).sequence()).isEqualTo(2);
            reader.send(TestClient.chunk(Flags.LAST, lobby, 3, 1, 0, new byte[14]));
            assertThat(reader.expectError(ErrorCode.MAY_NOT_WRITE).sequence()).isEqualTo(3);
        }
    }

    @Test
    void whoMayOnlyWriteHearsNothing() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            harness.put(
                    "writer-token-0123456789",
                    new TokenState(
                            "writer",
                            RouterHarness.ACCOUNT,
                            java.util.List.of(
                                    new Grant(RouterHarness.ACCOUNT, "lobby", false, Set.of(Right.WRITE), true)),
                            10,
                            null,
                            false));
            TestClient member = harness.connect("lobby");
            TestClient writer = harness.dial();
            writer.hello("writer-token-0123456789", "lobby");
            int lobby = member.handle("acme/lobby");
            writer.send(TestClient.message(lobby, "from the writer"));
            member.expectMessage("from the writer");
            member.send(TestClient.message(lobby, "to nobody"));
            member.expectNothing(2);
            writer.expectNothing(2);
        }
    }

    @Test
    void anUnknownTypeIsRefusedWhateverItsFlags() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient client = harness.connect("lobby");
            client.send(TestClient.frame((byte) 0x42, 0xFF, 0, 2, new byte[3]));
            assertThat(client.expectError(ErrorCode.UNKNOWN_TYPE).sequence()).isEqualTo(2);
            client.send(TestClient.frame(FrameType.WELCOME, 0, 0, 3, new byte[0]));
            assertThat(client.expectError(ErrorCode.UNKNOWN_TYPE).sequence()).isEqualTo(3);
            client.expectNothing(4);
        }
    }

    @Test
    void uncorrelatedRefusalsAreThrottledAndCounted() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient client = harness.connect("lobby");
            byte[][] strays = new byte[100][];
            for (int i = 0; i < strays.length; i++) {
                strays[i] = TestClient.message(4711, "stray");
            }
            client.send(TestClient.concat(strays));
            assertThat(client.expectError(ErrorCode.NOT_HELD).json().get("count"))
                    .isNull();
            client.expectNothing(2);
            harness.skip(Duration.ofSeconds(2));
            assertThat(client.expectError(ErrorCode.NOT_HELD)
                            .json()
                            .get("count")
                            .asInt())
                    .isEqualTo(99);
        }
    }

    @Test
    void roomZeroIsTheDefaultRoom() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient sender = harness.connect("lobby");
            TestClient member = harness.connect("lobby");
            sender.send(
                    TestClient.message(0, "by default"), TestClient.message(sender.handle("acme/lobby"), "by name"));
            assertThat(member.expectMessage("by default").room()).isEqualTo(member.handle("acme/lobby"));
            member.expectMessage("by name");
        }
    }
}
