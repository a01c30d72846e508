package io.porthouse.client;

import static io.porthouse.client.ScriptedRouter.LOBBY;
import static io.porthouse.client.ScriptedRouter.soon;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.client.ScriptedRouter.Received;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Who sends on what it gets, on one connection. */
class RelayTest {

    private static final int FLOOD = 64;
    private static final byte[] PAYLOAD = new byte[16 << 10];

    @Test
    void aPauseHoldsNobodyBackWhileNothingIsRead() throws Exception {
        CompletableFuture<Connection> connected = new CompletableFuture<>();
        CompletableFuture<CompletableFuture<SendReceipt>> sent = new CompletableFuture<>();
        CountDownLatch handled = new CountDownLatch(FLOOD);
        try (ScriptedRouter router = new ScriptedRouter()) {
            var options = router.options().receiveBufferBytes(64 << 10).onMessage(message -> {
                if (!sent.isDone()) {
                    sent.complete(connected.join().send(Envelope.of(new byte[1 << 20])));
                }
                handled.countDown();
            });
            try (var pair = router.connect(options)) {
                connected.complete(pair.connection());
                pair.router().flow(LOBBY, true);
                pair.router().write(out -> Frame.writeHeader(out, 0, FrameType.PING, 0, 0, 0, 0, 1));
                pair.router().read(FrameType.PONG);
                // The end of the pause will be behind all of this.
                for (int i = 0; i < FLOOD; i++) {
                    pair.router().message(LOBBY, i + 1, 0, PAYLOAD);
                }
                Received chunk = pair.router().read(FrameType.ENVELOPE);
                while ((chunk.flags() & Flags.LAST) == 0) {
                    chunk = pair.router().read(FrameType.ENVELOPE);
                }
                pair.router().receipt(LOBBY, chunk.correlation(), 0, 1);
                assertThat(soon(soon(sent)).recipients()).isEqualTo(1);
                assertThat(handled.await(60, TimeUnit.SECONDS)).isTrue();
            }
        }
    }
}
