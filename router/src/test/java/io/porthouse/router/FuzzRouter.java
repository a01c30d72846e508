package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.LoggerFactory;

/**
 * A router to throw hostile bytes at. What comes of them is brought into a form that does not depend on what was there
 * before, so that it can be compared; nothing may be logged as an error, and no buffer stay behind.
 */
final class FuzzRouter implements AutoCloseable {

    static final String SECRET = "t";

    /** Has handle 1 and no special rules; b takes text only, c little, d one message a second. */
    static final List<String> ROOMS = List.of("a", "b", "c", "d");

    private static final int MAX_CUTS = 24;

    private static final int MAX_FRAME_BYTES = 16 << 10;

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.porthouse");
    private final ManualRouter router;
    private final ManualPeer near;
    private final ManualPeer far;

    /** The last number in each room that is always there. */
    private final Map<Integer, Long> numbers = new HashMap<>();

    /**
     * What the bytes have come to. What a session that the router closes got before that depends on its reads, because what
     * is queued is discarded; so it counts as nothing.
     *
     * @param welcome whether there was a WELCOME
     * @param answers to the sender, sorted, because the control lane overtakes
     * @param inOrder what the sender got in its rooms' order
     * @param receipts the last of each room
     * @param delivered what others got
     * @param closed the code of CLOSE, or 0
     * @param open whether the router may still send
     */
    record Outcome(
            boolean welcome,
            List<String> answers,
            List<String> inOrder,
            List<String> receipts,
            List<String> delivered,
            int closed,
            boolean open) {}

    FuzzRouter() {
        RouterSettings settings = new TestSettings()
                .maxFrameBytes(MAX_FRAME_BYTES)
                .maxOpenEnvelopes(2)
                .roomsPerSession(6)
                .build();
        router = new ManualRouter(settings, name -> rules(name.name()));
        router.tokens.put(
                MemoryTokenSource.secretHash(SECRET),
                new TokenState(
                        "fuzz",
                        RouterHarness.ACCOUNT,
                        List.of(ManualRouter.room("*", RouterHarness.READ_WRITE)),
                        10,
                        null,
                        false));
        near = router.connect(0, ROOMS.toArray(String[]::new));
        far = router.connect(1, ROOMS.toArray(String[]::new));
        log.start();
        logger.addAppender(log);
    }

    private static RoomRules rules(String room) {
        boolean small = room.equals("c");
        return new RoomRules(
                small ? 16 : MAX_FRAME_BYTES,
                small ? 40 : Long.MAX_VALUE,
                100,
                room.equals("d") ? 1 : 0,
                room.equals("b"),
                false,
                Overflow.DROP,
                Overflow.WAIT);
    }

    /** A connection that has said nothing yet. */
    ManualPeer dial() {
        return router.dial(0);
    }

    /** A connection that holds all rooms, the first as its default. */
    ManualPeer welcomed() {
        ManualPeer peer = router.dial(0);
        peer.hello("'rooms':['" + String.join("','", ROOMS) + "'],'default':'a'");
        for (int i = 0; i < ROOMS.size(); i++) {
            assertThat(peer.handle(ROOMS.get(i))).isEqualTo(i + 1);
        }
        return peer;
    }

    /**
     * The ways of cutting an input into pieces that are to make no difference: every byte by itself, and two pieces, cut at
     * every byte of a short input, and of a longer one at some.
     */
    static List<byte[][]> cuts(byte[] input) {
        List<byte[][]> cuts = new ArrayList<>();
        byte[][] single = new byte[input.length][];
        for (int i = 0; i < input.length; i++) {
            single[i] = new byte[] {input[i]};
        }
        if (input.length > 0) {
            cuts.add(single);
        }
        int stride = input.length / MAX_CUTS + 1;
        for (int cut = 1 + Math.floorMod(Arrays.hashCode(input), stride); cut < input.length; cut += stride) {
            cuts.add(new byte[][] {Arrays.copyOf(input, cut), Arrays.copyOfRange(input, cut, input.length)});
        }
        return cuts;
    }

    /** Sends the pieces; takes what comes of them. */
    Outcome throwAt(ManualPeer peer, byte[]... pieces) {
        peer.sendAtOnce(pieces);
        List<Received> frames = peer.take();
        Received last = frames.isEmpty() ? null : frames.get(frames.size() - 1);
        int closed = last == null || last.type() != FrameType.CLOSE
                ? 0
                : last.json().get("code").asInt();
        boolean welcome = frames.stream().anyMatch(frame -> frame.type() == FrameType.WELCOME);
        List<String> answers = new ArrayList<>();
        List<String> inOrder = new ArrayList<>();
        TreeMap<Integer, String> receipts = new TreeMap<>();
        for (Received frame : closed == 0 ? frames : List.<Received>of()) {
            switch (frame.type()) {
                case FrameType.RECEIPT -> receipts.put(frame.room(), line(frame));
                case FrameType.GRANTED, FrameType.WITHDRAWN, FrameType.ENVELOPE -> inOrder.add(line(frame));
                default -> answers.add(line(frame));
            }
        }
        Collections.sort(answers);
        List<String> delivered = lines(near.take());
        List<Received> others = far.take();
        assertThat(lines(others)).as("both puddles get the same").isEqualTo(delivered);
        Outcome outcome = new Outcome(
                welcome, answers, inOrder, List.copyOf(receipts.values()), delivered, closed, !peer.isOutputShut());
        others.stream().filter(FuzzRouter::isMessage).forEach(frame -> numbers.put(frame.room(), frame.sequence()));
        checkQuiet(peer);
        return outcome;
    }

    /** Whatever the peer has done, its end of stream is its end, and what it leaves open is cancelled. */
    void endInput(ManualPeer peer) {
        peer.endInput();
        assertThat(peer.isOpen()).as("open behind its end").isFalse();
        breakOff(peer);
    }

    void breakOff(ManualPeer peer) {
        peer.breakOff();
        near.take();
        far.take();
        checkQuiet(peer);
        assertThat(router.node.memory.usedBytes())
                .as("bytes in use between connections")
                .isLessThanOrEqualTo(2L * ReadBlocks.BLOCK_BYTES);
    }

    void pass(long millis) {
        router.pass(millis);
        for (ManualPeer watcher : List.of(near, far)) {
            // Or it would be taken for dead in the end.
            watcher.take();
            watcher.send(TestClient.frame(FrameType.PONG, 0, 0, 0, new byte[0]));
        }
    }

    private void checkQuiet(ManualPeer peer) {
        assertThat(peer.thrown()).isNull();
        assertThat(log.list)
                .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.ERROR))
                .isEmpty();
        router.closes.clear();
    }

    // ---- what is compared

    private static boolean isMessage(Received frame) {
        return frame.type() == FrameType.ENVELOPE && frame.sequence() != 0;
    }

    private List<String> lines(List<Received> frames) {
        return frames.stream().map(this::line).toList();
    }

    private String line(Received frame) {
        int room = frame.room();
        long base = numbers.getOrDefault(room, 0L);
        String head = FrameType.name(frame.type()) + " ";
        return switch (frame.type()) {
            case FrameType.WELCOME -> head + frame.json().get("rooms");
            case FrameType.GRANTED, FrameType.WITHDRAWN -> head + granted(frame, base) + " to " + frame.sequence();
            case FrameType.RECEIPT -> {
                long number = frame.buffer().getLong();
                yield head + room + " to " + frame.sequence() + " at " + (number == 0 ? 0 : number - base);
            }
            case FrameType.ENVELOPE -> {
                long number = isMessage(frame) ? frame.sequence() - base : 0;
                yield head + frame.flags() + " in " + room + " at " + number + Arrays.toString(frame.body());
            }
            default -> head + room + " to " + frame.sequence() + " " + frame.text();
        };
    }

    /** Handles and epochs of rooms that come and go are different each time. */
    private String granted(Received frame, long base) {
        JsonNode body = frame.json();
        String room = body.get("room").asText();
        JsonNode sequence = body.get("sequence");
        return room + " " + body.get("reason").asText() + (sequence == null ? "" : " at " + (sequence.asLong() - base));
    }

    @Override
    public void close() {
        logger.detachAppender(log);
        router.close();
    }
}
