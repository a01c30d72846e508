package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.function.Consumer;

/** Collects one envelope in memory, up to a limit. Its memory grows with the bytes received, never with those announced. */
public final class EnvelopeCollector implements EnvelopeSink {

    private static final int FIRST_CAPACITY = 4096;

    private final int limitBytes;
    private final Consumer<byte[]> whole;
    private final Consumer<EnvelopeFailure> lost;
    private byte[] payload = new byte[0];
    private int size;
    private boolean ended;

    /**
     * @param limitBytes the largest payload wanted; a larger one is {@link EnvelopeFailure#TOO_LARGE}, reported as soon as
     *     it is
     * @param whole takes the verified payload
     * @param lost takes the reason why there will be none
     */
    public EnvelopeCollector(int limitBytes, Consumer<byte[]> whole, Consumer<EnvelopeFailure> lost) {
        this.limitBytes = limitBytes;
        this.whole = whole;
        this.lost = lost;
    }

    @Override
    public void data(ByteBuf data) {
        if (ended) {
            return;
        }
        int bytes = data.readableBytes();
        if (bytes > limitBytes - size) {
            failed(EnvelopeFailure.TOO_LARGE);
            return;
        }
        if (bytes > payload.length - size) {
            long doubled = Math.max(FIRST_CAPACITY, 2L * payload.length);
            payload = Arrays.copyOf(payload, (int) Math.min(limitBytes, Math.max(doubled, (long) size + bytes)));
        }
        data.getBytes(data.readerIndex(), payload, size, bytes);
        size += bytes;
    }

    @Override
    public void complete() {
        if (!ended) {
            ended = true;
            byte[] all = size == payload.length ? payload : Arrays.copyOf(payload, size);
            payload = new byte[0];
            whole.accept(all);
        }
    }

    @Override
    public void failed(EnvelopeFailure reason) {
        if (!ended) {
            ended = true;
            payload = new byte[0];
            lost.accept(reason);
        }
    }
}
