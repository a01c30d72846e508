package io.porthouse.router;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;

/** The envelopes that a client sends in a squall, several at once, chunk by chunk. */
final class SquallUploads {

    private static final int MOST_OPEN = 4;

    /** One envelope on its way. */
    private static final class Upload {
        private final int room;
        private final int id;
        private final CRC32 crc = new CRC32();
        private int index;

        Upload(int room, int id) {
            this.room = room;
            this.id = id;
        }
    }

    private final Random random;
    private final List<Upload> open = new ArrayList<>();
    private int lastEnvelope;

    /** @param lastEnvelope ids up to it were used before */
    SquallUploads(Random random, int lastEnvelope) {
        this.random = random;
        this.lastEnvelope = lastEnvelope;
    }

    int lastEnvelope() {
        return lastEnvelope;
    }

    /** Adds a few chunks for a room; returns the last correlation that is used then. */
    long goOn(int room, List<byte[]> frames, long correlation) {
        long last = correlation;
        if (open.size() < MOST_OPEN) {
            open.add(new Upload(room, ++lastEnvelope));
        }
        for (Upload upload : List.copyOf(open)) {
            int what = random.nextInt(20);
            if (upload.room != room) {
                continue;
            }
            byte[] data = new byte[random.nextInt(2_000)];
            random.nextBytes(data);
            if (what == 0 && upload.index > 0) {
                frames.add(Chunks.cancel(room, upload.id));
                open.remove(upload);
            } else if (what < 5) {
                upload.crc.update(data);
                int crc = (int) upload.crc.getValue();
                frames.add(Chunks.last(room, upload.id, upload.index, ++last, data, crc));
                open.remove(upload);
            } else {
                upload.crc.update(data);
                frames.add(
                        upload.index == 0
                                ? Chunks.first(room, upload.id, data)
                                : Chunks.next(room, upload.id, upload.index, data));
                upload.index++;
            }
        }
        return last;
    }

    void cancelAll(int room, List<byte[]> frames) {
        for (Upload upload : List.copyOf(open)) {
            if (upload.room == room) {
                if (upload.index > 0) {
                    frames.add(Chunks.cancel(room, upload.id));
                }
                open.remove(upload);
            }
        }
    }

    /** The router takes no more of it. */
    void refused(int envelope) {
        open.removeIf(upload -> upload.id == envelope);
    }

    /** The room is withdrawn, and what was on its way there is cancelled. */
    void forget(int room) {
        open.removeIf(upload -> upload.room == room);
    }
}
