package io.porthouse.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code porthouse version}. */
@Command(
        name = "version",
        description = "Print the version of this program and of its Java.",
        mixinStandardHelpOptions = true)
final class VersionCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine()
                .getOut()
                .println("porthouse " + Version.text() + " (Java "
                        + Runtime.version().feature() + ")");
    }
}
