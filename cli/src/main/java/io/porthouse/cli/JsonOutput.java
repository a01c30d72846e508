package io.porthouse.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import io.porthouse.client.IncomingEnvelope;
import io.porthouse.client.Message;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** For programs: an object a line, in ASCII, so that neither a locale nor a terminal changes it. */
final class JsonOutput implements Output {

    private static final JsonFactory JSON =
            JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private final PrintWriter out;

    JsonOutput(PrintWriter out) {
        this.out = out;
    }

    /** What is written into an object. */
    private interface Fields {
        void writeTo(JsonGenerator json) throws IOException;
    }

    @Override
    public void message(Message message) {
        line(json -> {
            json.writeStringField("room", message.room());
            json.writeNumberField("sequence", message.sequence());
            json.writeNumberField("origin", Integer.toUnsignedLong(message.origin()));
            Optional<String> text = Payloads.text(message.bytes());
            if (text.isPresent()) {
                json.writeStringField("text", text.get());
            } else {
                json.writeBinaryField("base64", message.bytes());
            }
        });
    }

    @Override
    public void envelope(IncomingEnvelope envelope, long bytes, @Nullable Path file, String rate) {
        line(json -> {
            json.writeStringField("room", envelope.room());
            json.writeNumberField("origin", Integer.toUnsignedLong(envelope.origin()));
            json.writeNumberField("bytes", bytes);
            if (!envelope.metadata().isEmpty()) {
                // As text: a stranger's JSON may be nested deeper than the reader of this line can stand.
                json.writeStringField("metadata", envelope.metadata().json());
            }
            if (file != null) {
                json.writeStringField("file", file.toString());
            }
        });
    }

    @Override
    public boolean isBroken() {
        return out.checkError();
    }

    private void line(Fields fields) {
        StringWriter line = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(line)) {
            json.writeStartObject();
            fields.writeTo(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        out.println(line);
    }
}
