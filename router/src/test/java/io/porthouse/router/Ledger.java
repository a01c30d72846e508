package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * What one member was told of one room, checked frame by frame: messages without a hole that no GAP told of, each envelope's
 * chunks in their order and with the right CRC, each cancel once and nothing behind it. The member publishes nothing itself.
 */
final class Ledger {

    private static final int CRC_BYTES = 4;

    /** An envelope that has begun and not ended. */
    private static final class Open {
        private final CRC32 crc = new CRC32();
        private int nextIndex;
    }

    /** The number of the next message. */
    long next;

    long messages;
    long chunks;

    /** Messages that GAPs told of. */
    long lost;

    int gaps;

    /** Envelopes that came to their end, with the right CRC. */
    int whole;

    int cancels;

    /** Those of them whose first chunk it did not get either. */
    int unseen;

    private final Map<Long, Open> open = new HashMap<>();
    private final Set<Long> cancelled = new HashSet<>();

    /** @param granted the sequence in GRANTED */
    Ledger(long granted) {
        next = granted + 1;
    }

    /** Returns the messages and chunks so far. */
    long frames() {
        return messages + chunks;
    }

    /** Returns how many envelopes have begun and not ended. */
    int open() {
        return open.size();
    }

    /** Takes a message, a chunk, a cancel or a GAP. */
    void take(Received frame) {
        if (frame.type() == FrameType.GAP) {
            assertThat(frame.buffer().getLong(0)).as("first lost").isEqualTo(next);
            next = frame.buffer().getLong(8) + 1;
            lost += frame.buffer().getLong(16);
            gaps++;
        } else if (!Chunks.isChunk(frame)) {
            assertThat(frame.type()).as("%s", frame).isEqualTo(FrameType.ENVELOPE);
            assertThat(frame.sequence()).as("sequence").isEqualTo(next++);
            messages++;
        } else if (Chunks.isCancel(frame)) {
            unseen += open.remove(key(frame)) == null ? 1 : 0;
            assertThat(cancelled.add(key(frame)))
                    .as("cancelled once: %s", frame)
                    .isTrue();
            cancels++;
        } else {
            takeChunk(frame);
        }
    }

    private void takeChunk(Received chunk) {
        long key = key(chunk);
        if (Chunks.index(chunk) == 0) {
            assertThat(open.put(key, new Open())).as("open already: %s", chunk).isNull();
            cancelled.remove(key);
        }
        assertThat(cancelled).as("cancelled before: %s", chunk).doesNotContain(key);
        Open envelope = open.get(key);
        assertThat(envelope).as("never begun: %s", chunk).isNotNull();
        assertThat(Chunks.index(chunk)).as("index").isEqualTo(envelope.nextIndex++);
        envelope.crc.update(Chunks.data(chunk));
        chunks++;
        if (Chunks.isLast(chunk)) {
            int told = chunk.buffer().getInt(chunk.body().length - CRC_BYTES);
            assertThat(told).as("CRC").isEqualTo((int) envelope.crc.getValue());
            open.remove(key);
            whole++;
        }
    }

    private static long key(Received chunk) {
        return (long) chunk.origin() << 32 | chunk.buffer().getInt(0);
    }
}
