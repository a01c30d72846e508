package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import io.porthouse.testkit.Seeds;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Errors that are throttled: none is lost, none comes twice, and none too soon. */
final class RefusalsTest {

    private static final int UNKNOWN_TYPE = 106;
    private static final int NOT_HELD = 101;
    private static final int TOO_LARGE = 103;

    private final Map<String, Integer> sent = new HashMap<>();
    private final Map<String, Integer> told = new HashMap<>();
    private final Map<String, Long> toldAt = new HashMap<>();
    private int all;
    private int correlated;
    private long now;

    @Test
    void eachRefusalIsToldOnceAndEachKindOnceASecond() throws Exception {
        RoomRules small = TestRules.with(rules -> rules.maxMessageBytes = 4);
        Seeds.forEach(random -> {
            try (ManualRouter router = new ManualRouter(RouterHarness.settings(), name -> small)) {
                new RefusalsTest().play(router, random);
            }
        });
    }

    private void play(ManualRouter router, Random random) {
        // With others on its puddle, it is not looked at with every tick.
        for (int i = 0; i < 15; i++) {
            router.dial(0);
        }
        ManualPeer peer = router.connect(0, "a", "b");
        int[] rooms = {peer.handle("a"), peer.handle("b")};
        long correlation = 1;
        for (int step = 0; step < 150; step++) {
            if (random.nextInt(5) == 0) {
                pass(router, peer, 1 + random.nextInt(8));
            } else {
                long own = random.nextInt(6) == 0 ? ++correlation : 0;
                byte[] frame = refused(random, rooms, own);
                correlated += own == 0 ? 0 : 1;
                peer.send(frame);
            }
            take(peer);
        }
        pass(router, peer, 35);
        assertThat(told).isEqualTo(sent);
        assertThat(correlated).isZero();
        long counted = router.node.puddles()[0].stats.refusals.get();
        assertThat(counted).as("the meter").isEqualTo(all);
    }

    private void pass(ManualRouter router, ManualPeer peer, int ticks) {
        for (int i = 0; i < ticks; i++) {
            now += Puddle.TICK_MILLIS;
            router.pass(Puddle.TICK_MILLIS);
            take(peer);
        }
    }

    private byte[] refused(Random random, int[] rooms, long own) {
        all++;
        int room = random.nextInt(3) == 0 ? 900 + random.nextInt(3) : rooms[random.nextInt(2)];
        if (random.nextInt(4) == 0) {
            count(own, "0/" + UNKNOWN_TYPE);
            return TestClient.frame((byte) 0x7F, 3, room, own, new byte[0]);
        }
        count(own, room >= 900 ? "0/" + NOT_HELD : room + "/" + TOO_LARGE);
        return TestClient.frame(FrameType.ENVELOPE, 0, room, own, new byte[5]);
    }

    private void count(long own, String kind) {
        if (own == 0) {
            sent.merge(kind, 1, Integer::sum);
        }
    }

    private void take(ManualPeer peer) {
        for (Received frame : peer.take()) {
            assertThat(frame.type()).as("%s", frame).isEqualTo(FrameType.ERROR);
            if (frame.sequence() != 0) {
                correlated--;
                continue;
            }
            int code = frame.json().get("code").asInt();
            String kind = (code == TOO_LARGE ? frame.room() : 0) + "/" + code;
            JsonNode count = frame.json().get("count");
            told.merge(kind, count == null ? 1 : count.asInt(), Integer::sum);
            Long before = toldAt.put(kind, now);
            assertThat(before == null || now - before >= 1_000)
                    .as("%s again after %d ms", kind, before == null ? 0 : now - before)
                    .isTrue();
        }
        assertThat(correlated).as("correlated ones are answered at once").isZero();
        sent.forEach((kind, count) -> assertThat(told.getOrDefault(kind, 0))
                .as("%s of which something was told at once", kind)
                .isBetween(1, count));
    }
}
