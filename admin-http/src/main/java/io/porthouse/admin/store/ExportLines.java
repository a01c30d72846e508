package io.porthouse.admin.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** The lines of an export, one after the other. */
final class ExportLines {

    /** Several times what the longest row takes. */
    private static final int MAX_LINE_BYTES = 64 << 10;

    private final InputStream in;
    private final ObjectMapper json = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private int number;

    ExportLines(InputStream in) {
        this.in = new BufferedInputStream(in);
    }

    /** What is read is no export, or no whole one; the message says where and why. */
    static final class MalformedException extends Exception {
        private MalformedException(String message) {
            super(message, null, false, false);
        }
    }

    /** Reads the first line, and returns the number of the last change that the rows know of. */
    long head() throws IOException, MalformedException {
        JsonNode head = next();
        if (!head.path("porthouse").asText().equals("store")) {
            throw malformed("not an export of a store");
        }
        String schema = head.path("schema").asText();
        if (head.path("format").asInt() != Exporter.FORMAT || !schema.equals(Schema.VERSION)) {
            throw malformed("the export is of schema " + schema + ", this version imports " + Schema.VERSION
                    + "; import it with the version that wrote it, then upgrade");
        }
        long change = head.path("change").asLong(-1);
        if (change < 0 || change > Long.MAX_VALUE / 2) {
            throw malformed("change is missing or no number");
        }
        return change;
    }

    /** Reads the next line, which there must be. */
    JsonNode next() throws IOException, MalformedException {
        number++;
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int character = in.read();
        while (character >= 0 && character != '\n') {
            if (line.size() == MAX_LINE_BYTES) {
                throw malformed("longer than " + MAX_LINE_BYTES + " bytes");
            }
            line.write(character);
            character = in.read();
        }
        if (character < 0) {
            throw malformed("the export ends before its last line");
        }
        try {
            return json.readTree(line.toByteArray());
        } catch (JsonProcessingException e) {
            throw malformed("not JSON: " + e.getOriginalMessage());
        }
    }

    /** Checks the last line. */
    void requireEnd(JsonNode line, long rows) throws MalformedException {
        if (line.path("rows").asLong(-1) != rows) {
            throw malformed(
                    "there are " + rows + " rows, not " + line.path("rows").asText());
        }
    }

    MalformedException malformed(String why) {
        return new MalformedException("line " + number + ": " + why);
    }
}
