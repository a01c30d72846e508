package io.porthouse.cli.config;

import java.util.List;

/** A configuration that a router must not start with. Each problem is one line that names file, line and setting. */
public final class ConfigurationException extends Exception {

    private final List<String> problems;

    /** @param problems at least one, in the order of the file */
    public ConfigurationException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** One line each: {@code file:line: setting.name: what is wrong (what is allowed)}. */
    public List<String> problems() {
        return problems;
    }
}
