package io.porthouse.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that only has others under it. */
abstract class CommandGroup implements Runnable {

    @Spec
    private CommandSpec spec;

    /** The command as picocli knows it. */
    final CommandSpec spec() {
        return spec;
    }

    /** Without a subcommand: says what there is. */
    @Override
    public final void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "no command given");
    }
}
