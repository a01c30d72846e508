package io.porthouse.client;

import io.porthouse.protocol.EnvelopeCollector;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeSink;
import java.util.function.BiConsumer;
import java.util.function.ObjLongConsumer;

/**
 * Takes envelopes, as they begin. Each may be taken differently: this may call another handler for it.
 *
 * @see EnvelopeDirectory#handler
 */
@FunctionalInterface
public interface EnvelopeHandler {

    /**
     * An envelope begins. Called like a {@link MessageHandler}, and so is the sink: it may block, which slows this
     * connection.
     *
     * @return takes the payload as it arrives; verified only when its {@code complete} is called
     */
    EnvelopeSink onEnvelope(IncomingEnvelope envelope);

    /**
     * Returns a handler that collects each envelope in memory.
     *
     * @param limitBytes the largest payload, at least 0
     * @param whole takes the verified payload
     * @param lost takes the reason why there is none: too large, damaged or given up
     */
    static EnvelopeHandler inMemory(
            int limitBytes,
            BiConsumer<IncomingEnvelope, byte[]> whole,
            BiConsumer<IncomingEnvelope, EnvelopeFailure> lost) {
        return envelope -> new EnvelopeCollector(
                limitBytes, payload -> whole.accept(envelope, payload), reason -> lost.accept(envelope, reason));
    }

    /**
     * Returns a handler that gives each envelope to a reader as a stream, on a thread of its own. The sender goes at the
     * reader's pace; so does all else that this connection receives, once a reader falls behind: see {@link EnvelopeStream}.
     */
    static EnvelopeHandler stream(EnvelopeReader reader) {
        return envelope -> EnvelopeStream.begin(envelope, reader);
    }

    /**
     * Returns a handler that does the same and tells how far each envelope is.
     *
     * @param progress takes, behind each chunk, how many bytes of the payload have come; how many there will be is {@link
     *     IncomingEnvelope#totalBytes}
     */
    default EnvelopeHandler withProgress(ObjLongConsumer<IncomingEnvelope> progress) {
        return envelope -> onEnvelope(envelope).withProgress(bytes -> progress.accept(envelope, bytes));
    }
}
