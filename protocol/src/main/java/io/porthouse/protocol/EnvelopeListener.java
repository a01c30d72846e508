package io.porthouse.protocol;

/** Is told of the envelopes that begin to arrive. Called on the thread that feeds the {@link EnvelopeAssembler}. */
public interface EnvelopeListener {

    /**
     * An envelope begins.
     *
     * @param key names it until it ends
     * @param totalBytes its payload, to be read as unsigned; {@link Chunk#UNKNOWN_TOTAL} if its sender did not know. A
     *     claim: allocate by what arrives, not by this
     * @param text whether the payload says that it is UTF-8
     * @return takes the payload
     */
    EnvelopeSink begin(EnvelopeKey key, long totalBytes, boolean text, EnvelopeMetadata metadata);

    /**
     * An envelope could not begin, and its other chunks will be ignored.
     *
     * @param reason {@link EnvelopeFailure#TOO_MANY_OPEN} or {@link EnvelopeFailure#MALFORMED}
     */
    void refused(EnvelopeKey key, EnvelopeFailure reason);
}
