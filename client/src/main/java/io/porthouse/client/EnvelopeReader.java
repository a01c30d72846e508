package io.porthouse.client;

import java.io.IOException;

/** Reads envelopes that arrive as streams. */
@FunctionalInterface
public interface EnvelopeReader {

    /**
     * An envelope has begun to arrive. Called on a thread of its own, so several may be read at once; closed when this
     * returns.
     *
     * @throws IOException what the stream or anything else throws; logged
     */
    void read(EnvelopeStream stream) throws IOException;
}
