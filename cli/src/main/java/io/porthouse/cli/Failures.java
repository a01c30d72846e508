package io.porthouse.cli;

import io.porthouse.cli.admin.AdminException;
import io.porthouse.cli.config.ConfigurationException;
import io.porthouse.cli.run.StartException;
import io.porthouse.client.PorthouseException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Turns what went wrong into one line for a person, and an exit code for a script. */
final class Failures {

    private Failures() {}

    /** The command line was not understood. */
    static int wrongUsage(ParameterException failure, String[] arguments) {
        CommandLine command = failure.getCommandLine();
        PrintWriter err = command.getErr();
        String advice = "see " + command.getCommandSpec().qualifiedName() + " --help";
        err.println("porthouse: " + oneLine(String.valueOf(failure.getMessage())) + "; " + advice);
        return ExitCode.USAGE;
    }

    /** The command failed. */
    static int failed(Exception failure, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        for (String line : lines(failure)) {
            err.println("porthouse: " + oneLine(line));
        }
        if (Verbosity.of(command.getCommandSpec())) {
            failure.printStackTrace(err);
        }
        return code(failure);
    }

    private static List<String> lines(Exception failure) {
        if (failure instanceof ConfigurationException configuration) {
            return configuration.problems();
        }
        if (failure instanceof PorthouseException
                || failure instanceof StartException
                || failure instanceof AdminException
                || failure instanceof CommandException) {
            return List.of(String.valueOf(failure.getMessage()));
        }
        if (failure instanceof IOException) {
            return List.of("cannot read or write: " + failure.getMessage() + "; check the files and try again");
        }
        return List.of("something went wrong that should not have (" + failure + "); --verbose shows where");
    }

    /** The exit code that tells of a failure. */
    static int code(Throwable failure) {
        if (failure instanceof CommandException own) {
            return own.exitCode();
        }
        if (failure instanceof PorthouseException known) {
            if (known.isFromRouter()) {
                return ExitCode.REFUSED;
            }
            return known.kind() == PorthouseException.Kind.USAGE ? ExitCode.USAGE : ExitCode.FAILED;
        }
        if (failure instanceof AdminException api) {
            return api.isRefusal() ? ExitCode.REFUSED : ExitCode.FAILED;
        }
        return failure instanceof ConfigurationException ? ExitCode.USAGE : ExitCode.FAILED;
    }

    /** Messages may quote a router or a file. */
    private static String oneLine(String text) {
        return SafeText.of(text);
    }
}
