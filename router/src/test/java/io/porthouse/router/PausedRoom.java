package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * A room in which a publisher has sent chunks of an envelope until a member that reads nothing held the room up. The
 * publisher was told, has stopped, and is not suspended.
 */
final class PausedRoom implements AutoCloseable {

    static final String NAME = "acme/one";
    static final String PUBLISHER_SECRET = "publisher-token-0123456789";
    static final int ENVELOPE = 7;

    private static final int CHUNK_BYTES = 128 << 10;
    private static final int OUTBOX_BYTES = 1 << 20;
    static final int MARK_BYTES = OUTBOX_BYTES / 4;
    private static final int ENOUGH_CHUNKS = 1000;

    final RouterHarness harness;
    final TestClient publisher;
    final TestClient slow;

    /** On the loop of the slow one; has taken every chunk so far. */
    final TestClient fast;

    /** The room's handle. */
    final int room;

    /** Chunks sent so far. */
    int chunks;

    private final byte[] data;
    private boolean paused;
    private long correlation = 100;

    /** @param sameLoop whether the publisher is on the loop of the slow member */
    PausedRoom(boolean sameLoop) throws Exception {
        this(sameLoop, CHUNK_BYTES);
    }

    PausedRoom(boolean sameLoop, int chunkBytes) throws Exception {
        // No heartbeat comes in between where a test lets time pass.
        harness = new RouterHarness(new TestSettings()
                .outboxBytes(OUTBOX_BYTES)
                .maxFrameBytes(16 << 20)
                .heartbeat(Duration.ofHours(1))
                .build());
        data = new byte[chunkBytes];
        try {
            grantPublisher("one", "two");
            publisher = harness.dial();
            publisher.hello(PUBLISHER_SECRET, "one", "two");
            if (sameLoop) {
                harness.connect("two");
            }
            slow = harness.dialSlow();
            slow.hello(RouterHarness.SECRET, "one", "two");
            harness.connect("two");
            fast = harness.connect("one");
            room = publisher.handle(NAME);
            pause();
        } catch (Exception | AssertionError e) {
            harness.close();
            throw e;
        }
    }

    /** Sets what the publisher's token grants; the router is not told. */
    void grantPublisher(String... rooms) {
        List<Grant> grants = List.of(rooms).stream()
                .map(name -> new Grant(RouterHarness.ACCOUNT, name, false, RouterHarness.READ_WRITE, false))
                .toList();
        harness.put(PUBLISHER_SECRET, new TokenState("publisher", RouterHarness.ACCOUNT, grants, 100, null, false));
    }

    long nextCorrelation() {
        return ++correlation;
    }

    private void pause() throws IOException {
        do {
            sendChunk();
            Chunks.expectChunk(fast, ENVELOPE, chunks - 1);
            assertThat(chunks)
                    .as("chunks taken for a member that reads nothing")
                    .isLessThan(ENOUGH_CHUNKS);
            // The slow member has been offered the chunk, so FLOW is on its way before the second answer.
            pingAndTakeFlow();
            pingAndTakeFlow();
            if (paused && data.length > MARK_BYTES) {
                // One that is larger than the mark pauses the room until the kernel has taken it.
                harness.awaitTicks(1);
                pingAndTakeFlow();
            }
        } while (!paused);
    }

    private void pingAndTakeFlow() throws IOException {
        publisher.send(TestClient.ping(nextCorrelation()));
        for (Received next = publisher.receive(); next.type() != FrameType.PONG; next = publisher.receive()) {
            paused = !paused;
            assertFlow(next, room, paused ? 1 : 0);
        }
    }

    /** Sends the next chunk of the envelope, which suspends the publisher while the room is paused. */
    void sendChunk() throws IOException {
        publisher.send(chunks == 0 ? Chunks.first(room, ENVELOPE, data) : Chunks.next(room, ENVELOPE, chunks, data));
        chunks++;
    }

    /** Sends the next chunk, and waits until the publisher is suspended. */
    void suspendPublisher() throws IOException {
        sendChunk();
        harness.awaitGauge("porthouse.publishers.suspended", 1);
    }

    /** Has the slow member read these chunks, which must come in order. */
    void slowReads(int from, int to) throws IOException {
        for (int i = from; i < to; i++) {
            Chunks.expectChunk(slow, ENVELOPE, i);
        }
    }

    /** Takes FLOW, which must be the publisher's next frame. */
    void expectFlow(int paused) throws IOException {
        assertFlow(publisher.receive(), room, paused);
    }

    static void assertFlow(Received frame, int room, int paused) {
        assertThat(FrameType.name(frame.type())).as("%s", frame).isEqualTo("FLOW");
        assertThat(frame.room()).isEqualTo(room);
        assertThat(frame.body()).containsExactly(paused);
    }

    @Override
    public void close() {
        harness.close();
    }
}
