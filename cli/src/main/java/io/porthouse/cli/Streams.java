package io.porthouse.cli;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/**
 * What the shell connected a command to.
 *
 * @param in what {@code -} reads
 * @param out results
 * @param err what is said to the person
 * @param terminal whether a person sees {@code err} as it is written
 */
record Streams(InputStream in, OutputStream out, OutputStream err, boolean terminal) {

    /** Writes UTF-8 whatever the locale says: messages are UTF-8, and a locale of "C" says nothing about the terminal. */
    static PrintWriter writer(OutputStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
    }
}
