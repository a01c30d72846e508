package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.TestClient.Received;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** However an envelope ends before its last chunk: its receiver is told once, and nothing of it stays queued. */
final class EnvelopeEndTest {

    private static final RoomName ONE = new RoomName(RouterHarness.ACCOUNT, "one");
    private static final String SECRET = "sender-token-0123456789";
    private static final String TOKEN_ID = "sender";
    private static final int ENVELOPE = 7;
    private static final int CHUNKS = 20;
    private static final int CHUNK_BYTES = 10_000;

    /** What is left of an envelope that was given up: its cancel. */
    private static final int LITTLE_BYTES = 1 << 10;

    private enum End {
        DISCONNECT,
        REVOCATION,
        WITHDRAWAL,
        DELETION,
        LIMIT
    }

    private ManualRouter router;
    private ManualPeer reader;
    private ManualPeer sender;
    private int room;

    @BeforeEach
    void start() {
        router = new ManualRouter(
                new TestSettings().outboxBytes(2 << 20).build(),
                name -> TestRules.with(rules -> rules.maxEnvelopeBytes = CHUNKS * CHUNK_BYTES));
        grant("one");
        reader = router.connect(0, "one");
        room = reader.handle("one");
        sender = router.dial(1);
        sender.send(TestClient.json(FrameType.HELLO, 0, 1, "{'version':1,'token':'" + SECRET + "','rooms':['one']}"));
        assertThat(sender.take()).hasSize(2);
    }

    @AfterEach
    void stop() {
        router.close();
    }

    private void grant(String name) {
        Grant grant = ManualRouter.room(name, RouterHarness.READ_WRITE);
        router.tokens.put(
                MemoryTokenSource.secretHash(SECRET),
                new TokenState(TOKEN_ID, RouterHarness.ACCOUNT, List.of(grant), 1000, null, false));
    }

    private void end(End how) {
        switch (how) {
            case DISCONNECT -> sender.breakOff();
            case REVOCATION -> {
                router.tokens.remove(MemoryTokenSource.secretHash(SECRET));
                refreshSender();
            }
            case WITHDRAWAL -> {
                grant("two");
                refreshSender();
            }
            case DELETION -> {
                router.tokens.deleteRoom(ONE);
                CompletionStage<Refreshed> unused = router.node.rooms.refresh(List.of(ONE));
                router.run();
            }
            case LIMIT -> sender.send(Chunks.next(room, ENVELOPE, CHUNKS, new byte[1]));
        }
    }

    private void refreshSender() {
        CompletionStage<Refreshed> unused = router.node.tokens.refreshTokens(Set.of(TOKEN_ID));
        router.run();
    }

    @ParameterizedTest
    @EnumSource
    void theReceiverIsToldOnceAndWhatIsQueuedIsGivenBack(End how) {
        PuddleStats stats = router.node.puddles()[0].stats;
        reader.stall(true);
        byte[] data = new byte[CHUNK_BYTES];
        sender.send(Chunks.first(room, ENVELOPE, data));
        for (int i = 1; i < CHUNKS; i++) {
            sender.send(Chunks.next(room, ENVELOPE, i, data));
        }
        assertThat(stats.chunkLagBytes.get()).isGreaterThan(CHUNKS / 4 * CHUNK_BYTES);
        end(how);
        assertThat(stats.chunkLagBytes.get()).isLessThan(LITTLE_BYTES);
        assertThat(router.node.puddles()[1].stats.openEnvelopes.get()).isZero();
        reader.stall(false);
        List<Received> frames = reader.take();
        if (how == End.DELETION) {
            Received withdrawn = frames.remove(frames.size() - 1);
            assertThat(withdrawn.json().get("reason").asText()).isEqualTo("room-deleted");
        }
        assertThat(frames).hasSizeBetween(2, CHUNKS).allMatch(Chunks::isChunk);
        for (int i = 0; i < frames.size() - 1; i++) {
            assertThat(Chunks.index(frames.get(i))).isEqualTo(i);
        }
        assertThat(Chunks.isCancel(frames.get(frames.size() - 1))).isTrue();
        // But for the buffers that are kept to be read into.
        assertThat(router.node.memory.usedBytes()).isLessThan(CHUNKS * CHUNK_BYTES);
    }
}
