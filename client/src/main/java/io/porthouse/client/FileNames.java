package io.porthouse.client;

import java.nio.charset.StandardCharsets;

/** Makes one file's name of whatever a stranger calls a payload ({@link io.porthouse.protocol.EnvelopeMetadata#name}). */
public final class FileNames {

    /** What Linux and its file systems allow, less what a number in front of the ending takes. */
    private static final int LIMIT_BYTES = 255 - 12;

    private static final int ENDING_BYTES = 20;
    private static final String NAMELESS = "envelope";

    private FileNames() {}

    /**
     * Returns a name that stays in its directory, is neither hidden nor an option to other programs, fits the file system and
     * shows as it is: the part behind the last slash or backslash, with {@code _} for each character that will not do.
     */
    public static String of(String claimed) {
        String last = claimed.substring(Math.max(claimed.lastIndexOf('/'), claimed.lastIndexOf('\\')) + 1);
        StringBuilder name = new StringBuilder();
        last.codePoints().forEach(point -> name.appendCodePoint(isHarmless(point) ? point : '_'));
        if (name.isEmpty() || name.chars().allMatch(c -> c == '.')) {
            return NAMELESS;
        }
        if (name.charAt(0) == '.' || name.charAt(0) == '-' || name.charAt(0) == '~') {
            name.setCharAt(0, '_');
        }
        String ending = ending(name.toString());
        String stem = name.substring(0, name.length() - ending.length());
        return shortened(stem, LIMIT_BYTES - bytes(ending)) + ending;
    }

    /** Returns the {@code number}-th name to try: {@code photo.jpg}, {@code photo-2.jpg}, and so on. */
    static String numbered(String name, int number) {
        if (number == 1) {
            return name;
        }
        String ending = ending(name);
        return name.substring(0, name.length() - ending.length()) + "-" + number + ending;
    }

    /** Returns the name with {@code _} for what is not ASCII: for a locale in which files cannot have it. */
    static String ascii(String name) {
        StringBuilder ascii = new StringBuilder();
        name.codePoints().forEach(point -> ascii.appendCodePoint(point < 0x7F ? point : '_'));
        return ascii.toString();
    }

    /** Returns whether a terminal shows the character, and does nothing else with it. */
    public static boolean isHarmless(int point) {
        if (point >= ' ' && point < 0x7F) {
            return true;
        }
        return switch (Character.getType(point)) {
            // C0, C1, ESC and DEL; zero-width and bidirectional marks; broken pairs; unknowns; U+2028 and U+2029.
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }

    /** The last dot and what is behind it, if that is short. */
    private static String ending(String name) {
        int dot = name.lastIndexOf('.');
        String ending = dot <= 0 ? "" : name.substring(dot);
        return bytes(ending) > ENDING_BYTES ? "" : ending;
    }

    private static String shortened(String text, int limitBytes) {
        int length = 0;
        int bytes = 0;
        while (length < text.length()) {
            int point = text.codePointAt(length);
            bytes += bytes(Character.toString(point));
            if (bytes > limitBytes) {
                break;
            }
            length += Character.charCount(point);
        }
        return text.substring(0, length);
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
