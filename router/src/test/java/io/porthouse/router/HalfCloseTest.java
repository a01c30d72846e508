package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who ends its own stream is still sent what it is owed, however full its socket is, on every transport. */
final class HalfCloseTest {

    private static final int MESSAGES = 400;
    private static final int MESSAGE_BYTES = 10_000;

    static Stream<Transport> transports() {
        return Stream.of(Transport.values()).filter(Transport::isAvailable);
    }

    private static RouterHarness harness(Transport transport) throws Exception {
        RouterSettings settings = RouterHarness.settings();
        return new RouterHarness(
                new RouterSettings(settings.listen(), "half", transport, 2, Duration.ofSeconds(30), settings.limits()));
    }

    @ParameterizedTest
    @MethodSource("transports")
    void whoHalfClosesGetsWhatItIsOwedThoughItsSocketIsFull(Transport transport) throws Exception {
        try (RouterHarness harness = harness(transport);
                TestClient slow = new TestClient(harness.router.address(), 4 << 10);
                TestClient publisher = harness.connect("lobby")) {
            slow.hello(RouterHarness.SECRET, "lobby");
            int lobby = publisher.handle("acme/lobby");
            for (int i = 1; i < MESSAGES; i++) {
                publisher.send(TestClient.frame(FrameType.ENVELOPE, 0, lobby, 0, new byte[MESSAGE_BYTES]));
            }
            publisher.send(TestClient.frame(FrameType.ENVELOPE, Flags.RECEIPT, lobby, 2, new byte[MESSAGE_BYTES]));
            assertThat(publisher.expect(FrameType.RECEIPT).sequence()).isEqualTo(2);
            slow.shutOutput();
            for (int i = 1; i <= MESSAGES; i++) {
                assertThat(slow.expect(FrameType.ENVELOPE).sequence()).isEqualTo(i);
            }
            slow.expectEnd();
        }
    }
}
