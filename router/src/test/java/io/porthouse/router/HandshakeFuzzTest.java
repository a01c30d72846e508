package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.porthouse.router.FuzzRouter.Outcome;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Hostile bytes from a connection's first byte on. Fuzzed with {@code JAZZER_FUZZ=1}; otherwise its corpus is replayed. */
class HandshakeFuzzTest {

    /** Enough for a HELLO and some frames behind it, and so little that splitting at every byte stays cheap. */
    private static final int MAX_INPUT_BYTES = 600;

    private static FuzzRouter router;

    @BeforeAll
    static void start() {
        router = new FuzzRouter();
    }

    @AfterAll
    static void stop() {
        router.close();
    }

    @FuzzTest(maxDuration = "2m")
    void whateverComesFirstEndsInADefinedState(byte[] input) throws Exception {
        if (input.length <= MAX_INPUT_BYTES) {
            Shallow.run(() -> throwAtRouter(input));
        }
    }

    private static void throwAtRouter(byte[] input) {
        Outcome whole = check(input);
        for (byte[][] pieces : FuzzRouter.cuts(input)) {
            ManualPeer peer = router.dial();
            assertThat(router.throwAt(peer, pieces))
                    .as("cut at %d", pieces[0].length)
                    .isEqualTo(whole);
            router.breakOff(peer);
        }
    }

    /** A connection waits for HELLO and is closed after 5 s; or is closed at once; or is welcome. */
    private static Outcome check(byte[] input) {
        ManualPeer peer = router.dial();
        Outcome outcome = router.throwAt(peer, input);
        if (!outcome.welcome() && outcome.closed() == 0) {
            assertThat(outcome.open()).as("%s", outcome).isTrue();
            router.pass(5_100);
            assertThat(router.throwAt(peer).closed()).as("no HELLO in time").isEqualTo(3002);
        }
        assertThat(outcome.open() && outcome.closed() != 0).as("%s", outcome).isFalse();
        router.endInput(peer);
        return outcome;
    }
}
