package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Fuzzed with {@code JAZZER_FUZZ=1}; otherwise its corpus is replayed. */
class FrameWalkFuzzTest {

    /** Enough for several frames, and so little that splitting at every byte stays cheap. */
    private static final int MAX_INPUT_BYTES = 4096;

    private static final int SMALL_MAX_FRAME_BYTES = 64;

    @FuzzTest(maxDuration = "40s")
    void piecesMakeNoDifferenceAndNothingIsReadTooFar(byte[] stream) {
        if (stream.length > MAX_INPUT_BYTES) {
            return;
        }
        check(stream, SMALL_MAX_FRAME_BYTES);
        check(stream, Frame.LARGEST_MAX_FRAME_BYTES);
    }

    private static void check(byte[] stream, int maxFrameBytes) {
        Walks.Result whole = Walks.walk(stream, maxFrameBytes);
        assertThat(whole).isEqualTo(slowWalk(stream, maxFrameBytes));
        for (int cut = 0; cut <= stream.length; cut++) {
            assertThat(Walks.walk(stream, maxFrameBytes, cut))
                    .as("cut at %d", cut)
                    .isEqualTo(whole);
        }
    }

    /** The same by the words of the contract: in 64 bits, one condition after the other. */
    private static Walks.Result slowWalk(byte[] stream, int maxFrameBytes) {
        List<Integer> frames = new ArrayList<>();
        ByteBuffer rest = ByteBuffer.wrap(stream);
        while (true) {
            if (rest.remaining() < 4) {
                return new Walks.Result(frames, FrameWalk.INCOMPLETE, rest.remaining());
            }
            long length = Integer.toUnsignedLong(rest.getInt(rest.position()));
            if (length < 20) {
                return new Walks.Result(frames, FrameWalk.TOO_SHORT, rest.remaining());
            }
            if (4 + length > maxFrameBytes) {
                return new Walks.Result(frames, FrameWalk.TOO_LARGE, rest.remaining());
            }
            if (4 + length > rest.remaining()) {
                return new Walks.Result(frames, FrameWalk.INCOMPLETE, rest.remaining());
            }
            frames.add((int) (4 + length));
            rest.position(rest.position() + (int) (4 + length));
        }
    }
}
