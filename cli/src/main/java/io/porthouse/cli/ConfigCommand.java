package io.porthouse.cli;

import io.porthouse.cli.config.Configuration;
import io.porthouse.cli.config.ConfigurationException;
import io.porthouse.cli.config.ConfigurationReader;
import io.porthouse.cli.config.HostPort;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code porthouse config}: what can be done with a configuration without running it. */
@Command(
        name = "config",
        description = "Look at a router's configuration without running it.",
        subcommands = ConfigCommand.Check.class,
        footerHeading = "%nExamples:%n",
        footer = "  porthouse config check conf/porthouse.toml",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class ConfigCommand extends CommandGroup {

    /** {@code porthouse config check}. */
    @Command(
            name = "check",
            description = {
                "Read a configuration as porthouse run would, and say whether it is right.",
                "Each mistake is a line on standard error, with file, line and setting; the exit code is then 2."
            },
            footerHeading = "%nExamples:%n",
            footer = "  porthouse config check conf/porthouse.toml",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    static final class Check implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        @SuppressWarnings("UnusedVariable") // brings its option
        private final Verbosity verbosity = new Verbosity();

        @Parameters(paramLabel = "FILE", description = "The configuration.")
        private Path file = Path.of("");

        @Override
        public Integer call() throws CommandException, ConfigurationException {
            if (!Files.exists(file)) {
                throw new CommandException(ExitCode.USAGE, file + ": there is no such file; check its name", null);
            }
            Configuration configuration = ConfigurationReader.read(file);
            int tokens = configuration.tokens().size();
            spec.commandLine()
                    .getOut()
                    .println(SafeText.of(file.toString()) + ": right; listens on "
                            + HostPort.format(configuration.listen()) + ", knows "
                            + (tokens == 1 ? "1 token" : tokens + " tokens"));
            return ExitCode.OK;
        }
    }
}
