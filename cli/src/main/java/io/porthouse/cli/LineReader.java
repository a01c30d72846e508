package io.porthouse.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Cuts bytes into lines: at LF, or CR LF. What is between them is not looked at, so it need not be text. */
final class LineReader {

    private static final int BUFFER_BYTES = 64 << 10;

    private final InputStream in;
    private final int limitBytes;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int next;
    private int end;

    /** @param limitBytes the longest line, so that one without an end does not fill the memory */
    LineReader(InputStream in, int limitBytes) {
        this.in = in;
        this.limitBytes = limitBytes;
    }

    /**
     * Returns the next line without its end; null behind the last. Takes no more from the stream than is there, so lines
     * that come slowly are returned as they come.
     *
     * @throws LineTooLongException if it is longer than the limit
     */
    byte @Nullable [] next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        boolean any = false;
        while (next < end || fill()) {
            any = true;
            int lineEnd = next;
            while (lineEnd < end && buffer[lineEnd] != '\n') {
                lineEnd++;
            }
            line.write(buffer, next, lineEnd - next);
            if (line.size() > limitBytes) {
                throw new LineTooLongException();
            }
            boolean whole = lineEnd < end;
            next = whole ? lineEnd + 1 : end;
            if (whole) {
                return withoutCarriageReturn(line.toByteArray());
            }
        }
        return any ? line.toByteArray() : null;
    }

    private boolean fill() throws IOException {
        next = 0;
        end = Math.max(0, in.read(buffer, 0, buffer.length));
        return end > 0;
    }

    private static byte[] withoutCarriageReturn(byte[] line) {
        return line.length > 0 && line[line.length - 1] == '\r' ? Arrays.copyOf(line, line.length - 1) : line;
    }

    /** A line is longer than any message may be. */
    static final class LineTooLongException extends IOException {}
}
