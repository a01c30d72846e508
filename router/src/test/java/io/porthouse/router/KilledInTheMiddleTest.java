package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * One of three breaks off in the middle of 64 interleaved envelopes with messages between them: what the others get is in
 * order and whole, and each cancel is told once.
 */
final class KilledInTheMiddleTest {

    private static final int ENVELOPES = 64;

    /** Every fourth envelope has ended when the others are in their middle. */
    private static final int SHORT_CHUNKS = 10;

    private static final int LONG_CHUNKS = 40;
    private static final int SHORT_ENVELOPES = ENVELOPES / 4;
    private static final int CHUNK_BYTES = 4_000;
    private static final int CHUNKS_A_MESSAGE = 5;

    private final Random random = new Random(5);
    private RouterHarness harness;
    private TestClient sender;
    private List<byte[]> frames;
    private int messages;

    /** Takes what a client gets into a ledger, on a thread of its own. */
    private static final class Reader implements AutoCloseable {
        final TestClient client;
        final Ledger ledger = new Ledger(0);
        final CountDownLatch inTheMiddle = new CountDownLatch(1);

        /** All that began has ended, and something did. */
        volatile boolean settled;

        private volatile boolean withdrawn;
        private final Background reading;

        Reader(TestClient client, int middle) {
            this.client = client;
            reading = Background.start(() -> read(middle));
        }

        private void read(int middle) throws IOException {
            try {
                while (true) {
                    Received frame = client.receive();
                    assertThat(withdrawn).as("something behind WITHDRAWN").isFalse();
                    if (frame.type() == FrameType.WITHDRAWN) {
                        withdrawn = true;
                    } else {
                        ledger.take(frame);
                    }
                    settled = ledger.open() == 0 && ledger.whole + ledger.cancels == ENVELOPES;
                    if (ledger.frames() >= middle) {
                        inTheMiddle.countDown();
                    }
                }
            } catch (EOFException e) {
                inTheMiddle.countDown();
            }
        }

        /** Ends its own stream, gets what it is owed, and no more. */
        Ledger end() throws Exception {
            client.shutOutput();
            reading.join();
            return ledger;
        }

        @Override
        public void close() {
            reading.close();
        }
    }

    @BeforeEach
    void start() throws Exception {
        harness = new RouterHarness();
        // However slow this machine is, nobody is too slow.
        harness.stopTime();
        sender = harness.connect("one");
        frames = interleaved(sender.handle("acme/one"));
    }

    @AfterEach
    void stop() {
        harness.close();
    }

    /** All envelopes, a chunk of each in turn, with messages between them; the last frame wants a RECEIPT. */
    private List<byte[]> interleaved(int room) {
        List<List<byte[]>> envelopes = new ArrayList<>();
        for (int i = 0; i < ENVELOPES; i++) {
            byte[] payload = new byte[CHUNK_BYTES * (i % 4 == 0 ? SHORT_CHUNKS : LONG_CHUNKS)];
            random.nextBytes(payload);
            envelopes.add(Chunks.of(room, i + 1, payload, CHUNK_BYTES, 0));
        }
        List<byte[]> all = new ArrayList<>();
        for (int chunk = 0; chunk < LONG_CHUNKS; chunk++) {
            for (List<byte[]> envelope : envelopes) {
                if (chunk < envelope.size()) {
                    all.add(envelope.get(chunk));
                    if (all.size() % CHUNKS_A_MESSAGE == 0) {
                        all.add(TestClient.message(room, "message " + messages++));
                    }
                }
            }
        }
        messages++;
        all.add(TestClient.frame(FrameType.ENVELOPE, Flags.RECEIPT, room, 2, new byte[1]));
        return all;
    }

    private void send(int from, int to) throws IOException {
        for (int i = from; i < to; i++) {
            sender.send(frames.get(i));
        }
    }

    private Reader reader() throws Exception {
        return new Reader(harness.connect("one"), frames.size() / 2);
    }

    private void checkWhole(Reader reader) throws Exception {
        await().until(() -> reader.settled && reader.ledger.messages == messages);
        Ledger ledger = reader.end();
        assertThat(ledger.whole).isEqualTo(ENVELOPES);
        assertThat(ledger.cancels + ledger.gaps).isZero();
        assertThat(ledger.frames()).isEqualTo(frames.size());
    }

    @Test
    void nobodyBreaksOff() throws Exception {
        try (Reader first = reader();
                Reader second = reader()) {
            send(0, frames.size());
            assertThat(sender.expectReceipt(2).buffer().getInt(8)).isEqualTo(2);
            checkWhole(first);
            checkWhole(second);
        }
    }

    @Test
    void theSenderBreaksOff() throws Exception {
        try (Reader first = reader();
                Reader second = reader()) {
            send(0, frames.size() / 2 + 200);
            first.inTheMiddle.await();
            second.inTheMiddle.await();
            sender.reset();
            for (Reader reader : List.of(first, second)) {
                await().until(() -> reader.settled);
                Ledger ledger = reader.end();
                assertThat(ledger.whole).isEqualTo(SHORT_ENVELOPES);
                assertThat(ledger.cancels).isEqualTo(ENVELOPES - SHORT_ENVELOPES);
                assertThat(ledger.gaps).isZero();
                assertThat(ledger.open() + ledger.unseen).isZero();
            }
        }
        harness.awaitGauge("porthouse.envelopes.open", 0);
        assertThat(harness.counter("porthouse.cancelled.envelopes")).isEqualTo(2.0 * (ENVELOPES - SHORT_ENVELOPES));
    }

    @Test
    void aReceiverBreaksOff() throws Exception {
        TestClient going = harness.connect("one");
        try (Reader staying = reader()) {
            send(0, frames.size() / 2);
            Ledger ledger = new Ledger(0);
            for (int i = 0; i < frames.size() / 4; i++) {
                ledger.take(going.receive());
            }
            going.reset();
            harness.awaitGauge("porthouse.connections", 2);
            send(frames.size() / 2, frames.size());
            assertThat(sender.expectReceipt(2).buffer().getInt(8)).isEqualTo(1);
            checkWhole(staying);
        }
    }

    @Test
    void aReceiverLeaves() throws Exception {
        try (Reader leaving = reader();
                Reader staying = reader()) {
            send(0, frames.size() / 2 + 200);
            leaving.inTheMiddle.await();
            leaving.client.send(
                    TestClient.frame(FrameType.LEAVE, 0, leaving.client.handle("acme/one"), 2, new byte[0]));
            await().until(() -> leaving.withdrawn);
            send(frames.size() / 2 + 200, frames.size());
            assertThat(sender.expectReceipt(2).buffer().getInt(8)).isEqualTo(1);
            Ledger ledger = leaving.end();
            assertThat(ledger.whole).isEqualTo(SHORT_ENVELOPES);
            assertThat(ledger.cancels).isEqualTo(ENVELOPES - SHORT_ENVELOPES);
            checkWhole(staying);
        }
    }
}
