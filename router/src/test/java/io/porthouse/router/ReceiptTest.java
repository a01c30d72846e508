package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** A RECEIPT says what has been handled everywhere, and never more. */
final class ReceiptTest {

    private static byte[] flagged(int room, long correlation, String text) {
        return TestClient.frame(
                FrameType.ENVELOPE, Flags.RECEIPT, room, correlation, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void assertReceipt(TestClient.Received receipt, long correlation, long sequence, int recipients) {
        assertThat(receipt.sequence()).isEqualTo(correlation);
        ByteBuffer body = receipt.buffer();
        assertThat(body.getLong()).isEqualTo(sequence);
        assertThat(body.getInt()).isEqualTo(recipients);
    }

    @Test
    void recipientsAreTheMembersThatHaveItQueued() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient sender = harness.connect("lobby");
            for (int i = 0; i < 5; i++) {
                harness.connect("lobby");
            }
            TestClient silent = harness.dial();
            silent.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['lobby'],'receive':false}");
            sender.send(flagged(sender.handle("acme/lobby"), 2, "hello"));
            TestClient.Received receipt = sender.expect(FrameType.RECEIPT);
            assertReceipt(receipt, 2, 1, 5);
            assertThat(receipt.room()).isEqualTo(sender.handle("acme/lobby"));
        }
    }

    @Test
    void whoHearsItselfIsARecipient() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient sender = harness.dial();
            sender.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['lobby'],'echo':true}");
            sender.send(flagged(sender.handle("acme/lobby"), 2, "hello"));
            // The receipt is a control frame and may overtake the message.
            TestClient.Received first = sender.receive();
            TestClient.Received second = sender.receive();
            TestClient.Received receipt = first.type() == FrameType.RECEIPT ? first : second;
            assertReceipt(receipt, 2, 1, 1);
            assertThat(Arrays.asList(first.type(), second.type())).contains(FrameType.ENVELOPE);
        }
    }

    @Test
    void anEmptyRoomHasNoRecipients() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient sender = harness.connect("lobby");
            sender.send(flagged(sender.handle("acme/lobby"), 2, "anybody?"));
            assertReceipt(sender.expect(FrameType.RECEIPT), 2, 1, 0);
        }
    }

    @Test
    void oneReceiptCoversARun() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient sender = harness.connect("lobby");
            harness.connect("lobby");
            int lobby = sender.handle("acme/lobby");
            byte[][] frames = new byte[50][];
            for (int i = 0; i < frames.length; i++) {
                frames[i] = flagged(lobby, i + 2, "message " + i);
            }
            sender.send(TestClient.concat(frames), TestClient.message(lobby, "one more, unflagged"));
            long covered = 0;
            while (covered < frames.length + 1) {
                TestClient.Received receipt = sender.expect(FrameType.RECEIPT);
                assertThat(receipt.sequence()).isGreaterThan(covered);
                covered = receipt.sequence();
                // Message number n carried correlation n + 1.
                assertReceipt(receipt, covered, covered - 1, 1);
            }
            sender.expectNothing(1000);
        }
    }

    @Test
    void anErrorComesBeforeTheReceiptThatCoversItsCorrelation() throws Exception {
        RoomName lobby = new RoomName(RouterHarness.ACCOUNT, "lobby");
        try (RouterHarness harness = new RouterHarness()) {
            harness.tokens.putRoom(lobby, TestRules.with(rules -> rules.maxMessageBytes = 5));
            TestClient sender = harness.connect("lobby");
            int room = sender.handle("acme/lobby");
            sender.send(flagged(room, 2, "short"), flagged(room, 3, "too long"), flagged(room, 4, "short"));
            boolean refused = false;
            long covered = 0;
            while (covered < 4) {
                TestClient.Received received = sender.receive();
                if (received.type() == FrameType.ERROR) {
                    assertThat(received.sequence()).isEqualTo(3);
                    assertThat(received.json().get("code").asInt()).isEqualTo(ErrorCode.TOO_LARGE.number());
                    refused = true;
                } else {
                    covered = received.sequence();
                    assertThat(covered <= 2 || refused).isTrue();
                }
            }
        }
    }

    @Test
    void anEnvelopesReceiptHasNoNumber() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient sender = harness.connect("lobby");
            TestClient member = harness.connect("lobby");
            byte[] fields = ByteBuffer.allocate(10 + 3 + Chunk.CRC_BYTES)
                    .putLong(3)
                    .putShort((short) 0)
                    .put(new byte[] {1, 2, 3})
                    .array();
            sender.send(TestClient.chunk(Flags.LAST | Flags.RECEIPT, sender.handle("acme/lobby"), 2, 9, 0, fields));
            assertReceipt(sender.expect(FrameType.RECEIPT), 2, 0, 1);
            assertThat(member.expect(FrameType.ENVELOPE).sequence()).isZero();
        }
    }

    @Test
    void leavingAnswersEverythingThatWasSentBefore() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient sender = harness.connect("lobby");
            harness.connect("lobby");
            int lobby = sender.handle("acme/lobby");
            sender.send(flagged(lobby, 2, "hello"), TestClient.frame(FrameType.LEAVE, 0, lobby, 3, new byte[0]));
            // The receipt comes first, or not at all: WITHDRAWN fails what is outstanding.
            TestClient.Received received = sender.receive();
            if (received.type() == FrameType.RECEIPT) {
                assertReceipt(received, 2, 1, 1);
                received = sender.receive();
            }
            assertThat(received.type()).isEqualTo(FrameType.WITHDRAWN);
            sender.expectNothing(4);
        }
    }

    @Test
    void aClientThatIsDoneStillGetsItsReceipts() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient sender = harness.connect("lobby");
            TestClient member = harness.connect("lobby");
            int lobby = sender.handle("acme/lobby");
            sender.send(flagged(lobby, 2, "last words"));
            sender.shutOutput();
            assertReceipt(sender.expect(FrameType.RECEIPT), 2, 1, 1);
            sender.expectEnd();
            member.expectMessage("last words");
        }
    }

    @Test
    void aReceiptWithoutACorrelationIsAProtocolError() throws Exception {
        try (RouterHarness harness = new RouterHarness()) {
            TestClient sender = harness.connect("lobby");
            sender.send(flagged(sender.handle("acme/lobby"), 0, "hello"));
            sender.expectClose(3504);
        }
    }
}
