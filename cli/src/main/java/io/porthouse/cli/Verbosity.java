package io.porthouse.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** {@code --verbose}, for every command that can fail in interesting ways. */
final class Verbosity {

    private static final String NAME = "--verbose";

    @Option(names = NAME, description = "Show the stack trace of a failure.")
    @SuppressWarnings("UnusedVariable") // read through the command's spec, which the handler of failures has
    private boolean verbose;

    /** Returns whether a command was told to show more. */
    static boolean of(CommandSpec command) {
        OptionSpec option = command.findOption(NAME);
        return option != null && Boolean.TRUE.equals(option.getValue());
    }
}
