package io.porthouse.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A source that falls silent behind its first bytes, until a gate is opened. */
final class GatedStream extends FilterInputStream {

    private static final int LIMIT_SECONDS = 30;

    private final CountDownLatch gate;
    private long leftBytes;

    GatedStream(InputStream source, long beforeGateBytes, CountDownLatch gate) {
        super(source);
        this.gate = gate;
        this.leftBytes = beforeGateBytes;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (leftBytes == 0) {
            pass();
            return super.read(into, offset, length);
        }
        int read = super.read(into, offset, (int) Math.min(length, leftBytes));
        leftBytes -= Math.max(0, read);
        return read;
    }

    private void pass() throws IOException {
        try {
            if (!gate.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("the gate was not opened");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the test is over");
        }
    }
}
