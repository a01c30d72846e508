package io.porthouse.cli;

import io.porthouse.client.FileNames;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Shows what strangers sent on a terminal: on one line, and without anything that a terminal would obey or that changes how
 * the rest of the line reads.
 */
final class SafeText {

    private static final int HEX_BYTES = 32;

    private SafeText() {}

    /** Returns the text with control characters, line ends, and invisible and direction-changing characters escaped. */
    static String of(String text) {
        StringBuilder safe = null;
        int i = 0;
        while (i < text.length()) {
            int point = text.codePointAt(i);
            if (FileNames.isHarmless(point)) {
                if (safe != null) {
                    safe.appendCodePoint(point);
                }
            } else {
                if (safe == null) {
                    safe = new StringBuilder(text.length() + 16).append(text, 0, i);
                }
                safe.append(escaped(point));
            }
            i += Character.charCount(point);
        }
        return safe == null ? text : safe.toString();
    }

    /** Returns a payload as text if it is UTF-8, else its length and the start of it in hex. */
    static String of(byte[] payload) {
        try {
            return of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(payload))
                    .toString());
        } catch (CharacterCodingException notText) {
            int shown = Math.min(HEX_BYTES, payload.length);
            String hex = HexFormat.of().formatHex(payload, 0, shown);
            return "(" + payload.length + " bytes) " + hex + (shown < payload.length ? "…" : "");
        }
    }

    private static String escaped(int point) {
        return switch (point) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> point < 0x100 ? String.format("\\x%02x", point) : String.format("\\u{%x}", point);
        };
    }
}
