package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.router.TestClient.Received;
import io.porthouse.testkit.Seeds;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The walk that cuts runs against one that takes frame by frame: random streams, cut into random reads, must come to the
 * same messages in the same order, the same errors, the same receipts and the same end.
 */
final class RunCuttingOracleTest {

    private static final int STREAMS = 12;
    private static final int MAX_FRAME_BYTES = 128 << 10;
    private static final int MAX_OPEN_ENVELOPES = 2;

    /** As {@link WalkOracle#line} has it: no last chunk is as short. */
    private static final String CANCEL = " flags=3 sequence=0 body=8#";

    private static final List<String> NAMES = List.of("plain", "text", "small", "paced", "readonly", "messages");

    private static final Map<String, RoomRules> RULES = Map.of(
            "plain", rules(MAX_FRAME_BYTES, Long.MAX_VALUE, 0, false),
            "text", rules(MAX_FRAME_BYTES, Long.MAX_VALUE, 0, true),
            "small", rules(64, 300, 0, false),
            "paced", rules(MAX_FRAME_BYTES, Long.MAX_VALUE, 3, false),
            "readonly", rules(MAX_FRAME_BYTES, Long.MAX_VALUE, 0, false),
            "messages", rules(MAX_FRAME_BYTES, -1, 0, false));

    private static RoomRules rules(int maxMessageBytes, long maxEnvelopeBytes, int perSecond, boolean text) {
        return new RoomRules(
                maxMessageBytes, maxEnvelopeBytes, 100, perSecond, text, false, Overflow.DROP, Overflow.WAIT);
    }

    @Test
    void runsAreCutAsIfFrameByFrame() throws Exception {
        Seeds.few(random -> Shallow.run(() -> compare(random, STREAMS)));
    }

    @Test
    @Tag("long")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void manyRunsAreCutAsIfFrameByFrame() throws Exception {
        Seeds.forEach(random -> Shallow.run(() -> compare(random, 50 * STREAMS)));
    }

    private static void compare(Random random, int streams) {
        RouterSettings settings = new TestSettings()
                .maxFrameBytes(MAX_FRAME_BYTES)
                .maxOpenEnvelopes(MAX_OPEN_ENVELOPES)
                .inboxBytes(random.nextInt(3) == 0 ? 64 << 10 : 16 << 20)
                .build();
        try (ManualRouter router = new ManualRouter(settings, name -> RULES.get(name.name()))) {
            router.grant(NAMES.stream()
                    .map(name -> ManualRouter.room(
                            name, name.equals("readonly") ? Set.of(Right.READ) : RouterHarness.READ_WRITE))
                    .toArray(Grant[]::new));
            for (int i = 0; i < streams; i++) {
                compare(router, random);
                router.breakOff();
                assertThat(router.node.rooms.size()).isZero();
            }
        }
    }

    private static void compare(ManualRouter router, Random random) {
        String[] rooms = NAMES.toArray(String[]::new);
        ManualPeer near = router.connect(0, rooms);
        ManualPeer far = router.connect(1, rooms);
        boolean echo = random.nextBoolean();
        int defaultRoom = random.nextInt(NAMES.size() + 2);
        ManualPeer sender = router.dial(0);
        sender.hello("'rooms':['" + String.join("','", rooms) + "'],'echo':" + echo
                + (defaultRoom < NAMES.size() ? ",'default':'" + NAMES.get(defaultRoom) + "'" : ""));
        new Comparison(router, random, sender, echo, defaultRoom).check(List.of(near, far));
    }

    private static final class Comparison {
        private final ManualRouter router;
        private final Random random;
        private final ManualPeer sender;
        private final boolean echo;
        private final List<OracleRoom> rooms = new ArrayList<>();
        private final WalkOracle oracle;
        private final List<byte[]> frames;

        Comparison(ManualRouter router, Random random, ManualPeer sender, boolean echo, int defaultRoom) {
            this.router = router;
            this.random = random;
            this.sender = sender;
            this.echo = echo;
            int[] handles = NAMES.stream().mapToInt(sender::handle).toArray();
            for (int i = 0; i < handles.length; i++) {
                String name = NAMES.get(i);
                rooms.add(new OracleRoom(name, handles[i], RULES.get(name), !name.equals("readonly")));
            }
            oracle = new WalkOracle(
                    MAX_FRAME_BYTES,
                    MAX_OPEN_ENVELOPES,
                    sender.session.handle,
                    List.copyOf(rooms),
                    defaultRoom < rooms.size() ? rooms.get(defaultRoom) : null);
            double broken = List.of(3.0, 1.0, 0.05).get(random.nextInt(3));
            int largestBody = random.nextInt(3) == 0 ? MAX_FRAME_BYTES - 100 : 2000;
            frames = new RandomFrames(random, NAMES, handles, broken, largestBody).next(1 + random.nextInt(150));
        }

        void check(List<ManualPeer> others) {
            frames.forEach(oracle::take);
            sender.send(cut());
            checkSender(sender.take());
            if (!oracle.isOver()) {
                checkHeldBack();
            }
            oracle.cancelAll(null);
            sender.endInput();
            assertThat(sender.isOpen()).as("the sender is closed").isFalse();
            for (ManualPeer other : others) {
                List<String> got =
                        other.take().stream().map(RunCuttingOracleTest::line).toList();
                assertThat(byLane(got)).isEqualTo(byLane(oracle.delivered));
            }
        }

        /** All at once, every byte by itself, or anything between. */
        private byte[][] cut() {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            frames.forEach(all::writeBytes);
            ByteBuffer rest = ByteBuffer.wrap(all.toByteArray());
            int largest = switch (random.nextInt(5)) {
                case 0 -> rest.remaining();
                case 1 -> rest.remaining() < 4000 ? 1 : 100;
                case 2 -> 40;
                case 3 -> 3000;
                default -> 100_000;
            };
            List<byte[]> pieces = new ArrayList<>();
            while (rest.hasRemaining()) {
                int bytes = Math.min(rest.remaining(), largest == 1 ? 1 : 1 + random.nextInt(largest));
                byte[] piece = new byte[largest == rest.capacity() ? rest.remaining() : bytes];
                rest.get(piece);
                pieces.add(piece);
            }
            return pieces.toArray(byte[][]::new);
        }

        private void checkSender(List<Received> got) {
            List<String> inOrder = new ArrayList<>();
            List<String> answers = new ArrayList<>();
            List<String> joinsRefused = new ArrayList<>();
            List<String> toldOnLeaving = new ArrayList<>();
            Map<Integer, Long> receipts = new HashMap<>();
            Integer closed = null;
            for (Received frame : got) {
                assertThat(closed).as("nothing follows CLOSE").isNull();
                switch (frame.type()) {
                    case FrameType.ERROR -> {
                        int code = frame.json().get("code").asInt();
                        if (frame.json().has("count")) {
                            toldOnLeaving.add(WalkOracle.heldBack(
                                    frame.json().get("count").asInt(), Integer.toString(code), frame.room()));
                            continue;
                        }
                        long covered = code == 106 ? 0 : receipts.getOrDefault(frame.room(), 0L);
                        assertThat(frame.sequence() == 0 || Long.compareUnsigned(frame.sequence(), covered) > 0)
                                .as("%s comes before a RECEIPT that covers it", frame)
                                .isTrue();
                        (code == 102 ? joinsRefused : answers).add(error(frame));
                    }
                    case FrameType.PONG -> answers.add("PONG correlation=" + Long.toUnsignedString(frame.sequence()));
                    case FrameType.RECEIPT -> {
                        checkReceipt(frame);
                        receipts.put(frame.room(), frame.sequence());
                    }
                    case FrameType.CLOSE -> closed = frame.json().get("code").asInt();
                    default -> inOrder.add(line(frame));
                }
            }
            List<String> expected = echo
                    ? oracle.inOrder
                    : oracle.inOrder.stream()
                            .filter(line -> !line.startsWith("ENVELOPE"))
                            .toList();
            if (oracle.closed != null) {
                assertThat(closed).isEqualTo(oracle.closed.number());
                // What was queued is discarded.
                assertThat(answers).isEqualTo(upTo(oracle.answers, answers.size()));
                checkBeginning(inOrder, expected);
                return;
            }
            assertThat(closed).isNull();
            assertThat(answers).isEqualTo(oracle.answers);
            if (!oracle.finished) {
                assertThat(toldOnLeaving).containsExactlyInAnyOrderElementsOf(oracle.toldOnLeaving);
                assertThat(joinsRefused).containsExactlyInAnyOrderElementsOf(oracle.joinsRefused);
            }
            if (oracle.finished) {
                checkBeginning(inOrder, expected);
            } else {
                checkLanes(inOrder, expected);
            }
            for (OracleRoom room : rooms) {
                if (!room.flagged.isEmpty() && stillHeld(inOrder, room)) {
                    assertThat(receipts).containsEntry(room.handle, room.flagged.lastKey());
                }
            }
        }

        /** Who says goodbye does not get the cancels of its own envelopes. */
        private static List<String> upTo(List<String> lines, int count) {
            return lines.subList(0, Math.min(count, lines.size()));
        }

        private static boolean stillHeld(List<String> inOrder, OracleRoom room) {
            return inOrder.stream().noneMatch(line -> line.startsWith("WITHDRAWN room=" + room.handle + " "));
        }

        private void checkReceipt(Received frame) {
            OracleRoom room = rooms.stream()
                    .filter(each -> each.handle == frame.room())
                    .findFirst()
                    .orElseThrow();
            ByteBuffer body = frame.buffer();
            assertThat(room.flagged).as("%s", frame).containsEntry(frame.sequence(), body.getLong());
            assertThat(body.getInt()).as("recipients").isEqualTo(echo ? 3 : 2);
        }

        /** What was held back for a second is told then, once, with its count. */
        private void checkHeldBack() {
            router.pass(2_200);
            Map<String, Integer> told = new HashMap<>();
            for (Received frame : sender.take()) {
                assertThat(frame.type()).as("%s", frame).isEqualTo(FrameType.ERROR);
                int code = frame.json().get("code").asInt();
                Integer before = told.put(
                        WalkOracle.heldBack(
                                frame.json().get("count").asInt(),
                                Integer.toString(code),
                                isHeldCode(code) ? frame.room() : 0),
                        code);
                assertThat(before).isNull();
            }
            Set<String> expected = new HashSet<>();
            oracle.heldBack.forEach((key, count) -> {
                if (count > 1) {
                    String[] parts = key.split("/", 2);
                    expected.add(WalkOracle.heldBack(count - 1, parts[1], Integer.parseInt(parts[0])));
                }
            });
            assertThat(told.keySet()).isEqualTo(expected);
        }

        /** Refusals of rooms that are not held, and of unknown types, share one throttle whatever their room field says. */
        private static boolean isHeldCode(int code) {
            return code != 101 && code != 106;
        }
    }

    // ---- both sides as text

    private static String line(Received frame) {
        String correlated = " room=" + frame.room() + " correlation=" + frame.sequence();
        return switch (frame.type()) {
            case FrameType.GRANTED ->
                "GRANTED" + correlated + " at " + frame.json().get("sequence").asLong();
            case FrameType.WITHDRAWN -> "WITHDRAWN" + correlated;
            default ->
                WalkOracle.line(
                        frame.type(), frame.flags(), frame.room(), frame.origin(), frame.sequence(), frame.body());
        };
    }

    private static String error(Received frame) {
        assertThat(frame.json().has("count")).isFalse();
        var envelope = frame.json().get("envelope");
        return WalkOracle.answer(
                frame.json().get("code").asInt(),
                frame.room(),
                frame.sequence(),
                envelope == null ? null : envelope.asLong());
    }

    /** Each envelope has an order of its own; all else has one in common. */
    private static Map<String, List<String>> byLane(List<String> lines) {
        return lines.stream().collect(Collectors.groupingBy(RunCuttingOracleTest::lane));
    }

    private static String lane(String line) {
        return line.startsWith("ENVELOPE envelope=") ? line.substring(0, line.indexOf(" flags=")) : "messages";
    }

    /** All as expected, but for envelopes in rooms that were left: what was queued of them then was given up. */
    private static void checkLanes(List<String> lines, List<String> expected) {
        Map<String, List<String>> got = byLane(lines);
        Map<String, List<String>> all = byLane(expected);
        assertThat(all.keySet()).containsAll(got.keySet());
        all.forEach((lane, every) -> {
            List<String> some = got.getOrDefault(lane, List.of());
            if (!some.equals(every)) {
                assertThat(expected).as("%s in %s", lane, lines).anyMatch(line -> isLeaving(line, lane));
                assertThat(isGivenUp(some, every)).as("%s of %s", some, every).isTrue();
            }
        });
    }

    private static boolean isLeaving(String line, String lane) {
        return line.startsWith("WITHDRAWN room=") && lane.contains(" " + line.split(" ", 3)[1] + " ");
    }

    /** Whole envelopes, and the beginning of one with its cancel. */
    private static boolean isGivenUp(List<String> sent, List<String> every) {
        if (sent.isEmpty()) {
            return true;
        }
        String last = sent.get(sent.size() - 1);
        int begun = last.contains(CANCEL) ? sent.size() - 1 : sent.size();
        return (flags(last) & Flags.LAST) != 0
                && begun <= every.size()
                && every.subList(0, begun).equals(sent.subList(0, begun));
    }

    private static int flags(String line) {
        return Integer.parseInt(line.replaceAll(".* flags=(\\d+) .*", "$1"));
    }

    /** What was queued last may have been discarded, in each lane. */
    private static void checkBeginning(List<String> lines, List<String> expected) {
        Map<String, List<String>> all = byLane(expected);
        byLane(lines)
                .forEach((lane, got) ->
                        assertThat(all.getOrDefault(lane, List.of())).as(lane).startsWith(got.toArray(String[]::new)));
    }
}
