package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which rules there can be, and what holds where nothing is said. */
final class RoomRulesTest {

    static Stream<Arguments> outOfRange() {
        return Stream.of(
                Arguments.of("maxMessageBytes", change(rules -> rules.maxMessageBytes = -1)),
                Arguments.of("maxEnvelopeBytes", change(rules -> rules.maxEnvelopeBytes = -2)),
                Arguments.of("maxMembers", change(rules -> rules.maxMembers = 0)),
                Arguments.of("messagesPerSecond", change(rules -> rules.messagesPerSecond = -1)));
    }

    private static Consumer<TestRules> change(Consumer<TestRules> change) {
        return change;
    }

    @ParameterizedTest
    @MethodSource("outOfRange")
    void aValueOutOfItsRangeIsRefusedByName(String setting, Consumer<TestRules> change) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TestRules.with(change))
                .withMessageContaining(setting);
    }

    @Test
    void theSmallestValuesAreTaken() {
        RoomRules rules = new RoomRules(0, -1, 1, 0, false, false, Overflow.DISCONNECT, Overflow.DROP);
        assertThat(rules.maxMessageBytes()).isZero();
    }

    @Test
    void byDefaultAMessageMayBeAsLargeAsAFrameAndOnlyEnvelopesWait() {
        RoomRules rules = RoomRules.DEFAULT;
        assertThat(rules.maxMessageBytes() + Frame.HEADER_BYTES).isEqualTo(Frame.DEFAULT_MAX_FRAME_BYTES);
        assertThat(rules.messagesPerSecond()).isZero();
        assertThat(rules.text()).isFalse();
        assertThat(rules.isPublic()).isFalse();
        assertThat(rules.overflow()).isEqualTo(Overflow.DROP);
        assertThat(rules.envelopeOverflow()).isEqualTo(Overflow.WAIT);
    }

    /** The largest number is a rule like any other: messages still travel in runs. */
    @Test
    void theLargestMaxMessageBytesTakesMessages() {
        RoomRules rules = TestRules.with(changed -> changed.maxMessageBytes = Integer.MAX_VALUE);
        try (ManualRouter router = new ManualRouter(RouterHarness.settings(), name -> rules)) {
            ManualPeer sender = router.connect(0, "lobby");
            ManualPeer member = router.connect(1, "lobby");
            byte[] message = TestClient.message(sender.handle("lobby"), "hello");
            sender.read(TestClient.concat(message, message, message));
            Inbox inbox = router.node.puddles()[1].inbox;
            assertThat(inbox.bytes()).as("one run").isEqualTo(InboxEntry.OVERHEAD_BYTES + 3L * message.length);
            router.run();
            assertThat(member.take()).hasSize(3).allMatch(frame -> frame.type() == FrameType.ENVELOPE);
        }
    }
}
