package io.porthouse.cli.config;

import java.util.Map;

/**
 * What is logged, and how.
 *
 * @param format lines for people or for programs
 * @param level the least important messages that are logged
 * @param levels other levels by the name of a logger, which covers those whose names go on behind a dot
 */
public record LogSettings(Format format, Level level, Map<String, Level> levels) {

    public static final LogSettings DEFAULT = new LogSettings(Format.TEXT, Level.INFO, Map.of());

    public LogSettings {
        levels = Map.copyOf(levels);
    }

    /** How a message is written. */
    public enum Format {
        /** One line for people. */
        TEXT,
        /** One JSON object a line. */
        JSON
    }

    /** How important a message is, from the least. */
    public enum Level {
        TRACE,
        DEBUG,
        INFO,
        WARN,
        ERROR
    }
}
