package io.porthouse.cli;

import java.io.InputStream;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Random bytes, the same for the same seed, that tells how many were read. */
final class RandomStream extends InputStream {

    private static final int PATTERN_BYTES = 1 << 20;

    private final byte[] pattern = new byte[PATTERN_BYTES];
    private final AtomicLong readBytes = new AtomicLong();
    private final long totalBytes;

    RandomStream(long seed, long totalBytes) {
        this.totalBytes = totalBytes;
        new SplittableRandom(seed).nextBytes(pattern);
    }

    /** How many bytes were read; any thread. */
    long readBytes() {
        return readBytes.get();
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) {
        long at = readBytes.get();
        if (at == totalBytes) {
            return -1;
        }
        // Of a length that is no power of two, so that equal chunks do not hold equal bytes.
        int start = (int) (at % (PATTERN_BYTES - 1));
        int some = (int) Math.min(Math.min(length, totalBytes - at), PATTERN_BYTES - start);
        System.arraycopy(pattern, start, into, offset, some);
        readBytes.addAndGet(some);
        return some;
    }
}
