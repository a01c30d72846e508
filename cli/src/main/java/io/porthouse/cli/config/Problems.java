package io.porthouse.cli.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** What is wrong with one file, collected, so that a person can mend all of it at once. */
final class Problems {

    private record Problem(int line, String text) {}

    private final String file;
    private final Map<String, Integer> lines;
    private final List<Problem> found = new ArrayList<>();

    Problems(String file, Map<String, Integer> lines) {
        this.file = file;
        this.lines = lines;
    }

    /**
     * Adds a problem.
     *
     * @param path the setting's {@link SettingPath}; of one that is missing, its table
     * @param name the setting's name as shown
     */
    void add(String path, String name, String problem) {
        int line = lines.getOrDefault(path, 1);
        found.add(new Problem(line, file + ":" + line + ": " + name + ": " + problem));
    }

    void throwIfAny() throws ConfigurationException {
        if (!found.isEmpty()) {
            // Stable: what is on one line stays in the order in which it was found.
            found.sort(Comparator.comparingInt(Problem::line));
            throw new ConfigurationException(found.stream().map(Problem::text).toList());
        }
    }
}
