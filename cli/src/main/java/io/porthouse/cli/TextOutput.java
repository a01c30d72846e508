package io.porthouse.cli;

import io.porthouse.client.IncomingEnvelope;
import io.porthouse.client.Message;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** For people: a line each, with nothing in it that a terminal would obey. */
final class TextOutput implements Output {

    private final PrintWriter out;

    TextOutput(PrintWriter out) {
        this.out = out;
    }

    @Override
    public void message(Message message) {
        out.println(SafeText.of(message.room()) + ": " + SafeText.of(message.bytes()));
    }

    @Override
    public void envelope(IncomingEnvelope envelope, long bytes, @Nullable Path file, String rate) {
        String name = envelope.metadata().name().map(text -> " " + text).orElse("");
        String saved = file == null ? "" : ", saved as " + file + ", " + rate;
        out.println(SafeText.of(envelope.room()) + ": (envelope" + SafeText.of(name) + ", " + bytes
                + " bytes, checksum right" + SafeText.of(saved) + ")");
    }

    @Override
    public boolean isBroken() {
        return out.checkError();
    }
}
