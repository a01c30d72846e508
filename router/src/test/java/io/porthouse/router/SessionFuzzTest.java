package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.porthouse.router.FuzzRouter.Outcome;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Hostile bytes from a session that holds four rooms, with the handles 1 to 4. Fuzzed with {@code JAZZER_FUZZ=1}; otherwise
 * its corpus is replayed.
 */
class SessionFuzzTest {

    /** Enough for some dozen frames, and so little that splitting at every byte stays cheap. */
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
    void whateverASessionSendsEndsInADefinedState(byte[] input) throws Exception {
        if (input.length <= MAX_INPUT_BYTES) {
            Shallow.run(() -> throwAtRouter(input));
        }
    }

    private static void throwAtRouter(byte[] input) {
        ManualPeer peer = router.welcomed();
        Outcome whole = router.throwAt(peer, input);
        assertThat(whole.open() && whole.closed() != 0).as("%s", whole).isFalse();
        router.endInput(peer);
        for (byte[][] pieces : FuzzRouter.cuts(input)) {
            ManualPeer again = router.welcomed();
            assertThat(router.throwAt(again, pieces))
                    .as("cut at %d", pieces[0].length)
                    .isEqualTo(whole);
            router.breakOff(again);
        }
    }
}
