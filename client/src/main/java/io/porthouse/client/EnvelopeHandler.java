package io.porthouse.client;

import io.porthouse.protocol.EnvelopeCollector;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeSink;
import java.util.function.BiConsumer;

/** Takes envelopes, as they begin. */
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
}
