package io.porthouse.cli.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where each setting of a TOML file stands: Jackson reads the values but keeps no positions. It leaves it to Jackson to find
 * what is not TOML, and comes to an end with any text.
 */
final class TomlLines {

    private final String text;
    private final Map<String, Integer> lines = new HashMap<>();
    private final Map<String, Integer> arrayLengths = new HashMap<>();
    private final Set<String> assigned = new HashSet<>();
    private @Nullable Place duplicate;
    private int at;
    private int line = 1;

    /**
     * A setting in its line.
     *
     * @param line from 1
     */
    record Place(String path, int line) {}

    private TomlLines(String text) {
        this.text = text;
    }

    /** Returns the line (from 1) of each table, element and value by its {@link SettingPath}. */
    static Map<String, Integer> of(String toml) {
        TomlLines walk = new TomlLines(toml);
        walk.document();
        return walk.lines;
    }

    /** Returns the first setting that was set before: Jackson finds it too, but names a later line. */
    static Optional<Place> firstDuplicate(String toml) {
        TomlLines walk = new TomlLines(toml);
        walk.document();
        return Optional.ofNullable(walk.duplicate);
    }

    private void document() {
        String table = "";
        skipBlank();
        while (at < text.length()) {
            if (text.startsWith("[[", at)) {
                at += 2;
                table = arrayTable(keys());
                at += 2;
            } else if (peek() == '[') {
                at++;
                table = place("", keys());
                at++;
            } else {
                keyAndValue(table);
            }
            skipBlank();
        }
    }

    private void keyAndValue(String table) {
        String path = place(table, keys());
        skipSpaces();
        at++; // the equals sign
        if (!assigned.add(path) && duplicate == null) {
            duplicate = new Place(path, line);
        }
        value(path);
    }

    /** Opens the next element of an array of tables; returns its path. */
    private String arrayTable(List<String> keys) {
        String parent = place("", keys.subList(0, keys.size() - 1));
        String array = SettingPath.child(parent, keys.get(keys.size() - 1));
        lines.putIfAbsent(array, line);
        int index = arrayLengths.merge(array, 1, Integer::sum) - 1;
        String element = SettingPath.element(array, index);
        lines.put(element, line);
        return element;
    }

    /** Walks down dotted keys, into the last element of each array of tables on the way; returns where it ends. */
    private String place(String start, List<String> keys) {
        String path = start;
        for (String key : keys) {
            path = SettingPath.child(path, key);
            lines.putIfAbsent(path, line);
            Integer length = arrayLengths.get(path);
            if (length != null) {
                path = SettingPath.element(path, length - 1);
            }
        }
        return path;
    }

    private List<String> keys() {
        List<String> keys = new ArrayList<>();
        do {
            skipSpaces();
            keys.add(key());
            skipSpaces();
        } while (accept('.'));
        return keys;
    }

    private String key() {
        char first = peek();
        if (first == '"' || first == '\'') {
            int start = at;
            string();
            return text.substring(start + 1, Math.max(start + 1, Math.min(at, text.length()) - 1));
        }
        int start = at;
        while (at < text.length() && (Character.isLetterOrDigit(peek()) || peek() == '_' || peek() == '-')) {
            at++;
        }
        return text.substring(start, at);
    }

    private void value(String path) {
        skipSpaces();
        lines.put(path, line);
        switch (peek()) {
            case '[' -> array(path);
            case '{' -> inlineTable(path);
            case '"', '\'' -> string();
            default -> {
                while (at < text.length() && ",]}#\r\n".indexOf(peek()) < 0) {
                    at++;
                }
            }
        }
    }

    private void array(String path) {
        at++;
        skipBlank();
        for (int index = 0; at < text.length() && peek() != ']'; index++) {
            int start = at;
            value(SettingPath.element(path, index));
            skipBlank();
            accept(',');
            skipBlank();
            if (at == start) {
                at++; // what no value starts with
            }
        }
        at++;
    }

    private void inlineTable(String path) {
        at++;
        skipBlank();
        while (at < text.length() && peek() != '}') {
            keyAndValue(path);
            skipBlank();
            accept(',');
            skipBlank();
        }
        at++;
    }

    private void string() {
        char quote = peek();
        String triple = String.valueOf(quote).repeat(3);
        if (text.startsWith(triple, at)) {
            at += 3;
            while (at < text.length() && !text.startsWith(triple, at)) {
                step(quote);
            }
            at += 3;
            // A text may end with up to two quotes of its own kind.
            while (at < text.length() && peek() == quote) {
                at++;
            }
        } else {
            at++;
            while (at < text.length() && peek() != quote) {
                step(quote);
            }
            at++;
        }
    }

    /** Goes over one character of a string, or over two if the first escapes the second. */
    private void step(char quote) {
        if (peek() == '\\' && quote == '"') {
            at++;
        }
        if (at < text.length() && peek() == '\n') {
            line++;
        }
        at++;
    }

    private boolean accept(char wanted) {
        boolean there = at < text.length() && peek() == wanted;
        if (there) {
            at++;
        }
        return there;
    }

    private void skipSpaces() {
        while (at < text.length() && (peek() == ' ' || peek() == '\t')) {
            at++;
        }
    }

    /** Skips spaces, ends of lines and comments. */
    private void skipBlank() {
        while (at < text.length()) {
            char c = peek();
            if (c == '\n') {
                line++;
                at++;
            } else if (c == '#') {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else if (Character.isWhitespace(c)) {
                at++;
            } else {
                return;
            }
        }
    }

    /** The next character; behind the end one that no TOML holds. */
    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }
}
