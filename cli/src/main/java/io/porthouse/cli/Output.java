package io.porthouse.cli;

import io.porthouse.client.IncomingEnvelope;
import io.porthouse.client.Message;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** How {@code listen} writes what arrived. */
interface Output {

    /** Writes a message. */
    void message(Message message);

    /**
     * Writes that an envelope arrived, and was verified.
     *
     * @param file where it was saved; null if it was not
     * @param rate at which it came
     */
    void envelope(IncomingEnvelope envelope, long bytes, @Nullable Path file, String rate);

    /** Returns whether nobody reads it any more. */
    boolean isBroken();
}
