package io.porthouse.cli;

import io.porthouse.client.IncomingEnvelope;
import io.porthouse.client.Message;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** For pipes: the payloads of messages as they are, each with a line end behind it. Envelopes are not written. */
final class RawOutput implements Output {

    private final OutputStream out;
    private boolean broken;

    RawOutput(OutputStream out) {
        this.out = out;
    }

    @Override
    public void message(Message message) {
        byte[] payload = message.bytes();
        byte[] line = Arrays.copyOf(payload, payload.length + 1);
        line[payload.length] = '\n';
        try {
            out.write(line);
            out.flush();
        } catch (IOException nobodyReads) {
            broken = true;
        }
    }

    @Override
    public void envelope(IncomingEnvelope envelope, long bytes, @Nullable Path file, String rate) {}

    @Override
    public boolean isBroken() {
        return broken;
    }
}
