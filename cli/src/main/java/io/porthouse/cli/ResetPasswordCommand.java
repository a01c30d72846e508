package io.porthouse.cli;

import io.porthouse.cli.config.Configuration;
import io.porthouse.cli.config.ConfigurationException;
import io.porthouse.cli.config.ConfigurationReader;
import io.porthouse.cli.run.PasswordReset;
import io.porthouse.cli.run.StartException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code porthouse account reset-password}: for who has the data directory, and no key. */
@Command(
        name = "reset-password",
        description = {
            "Give an account a new password, and print it, once. Works on the store itself and asks no router:",
            "one that keeps its store in the data directory must be stopped; with PostgreSQL it may run."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  porthouse account reset-password operator",
            "  porthouse account reset-password alice --config conf/production.toml"
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class ResetPasswordCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--config", paramLabel = "FILE", description = "The router's configuration, if it has one.")
    private @Nullable Path config;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "The router's data directory. By default ./porthouse-data.")
    private @Nullable Path data;

    @Mixin
    @SuppressWarnings("UnusedVariable") // brings its option
    private final Verbosity verbosity = new Verbosity();

    @Parameters(paramLabel = "NAME", description = "The account's name.")
    private String name = "";

    @Override
    public Integer call() throws CommandException, ConfigurationException, StartException {
        Configuration configuration = config == null ? Configuration.defaults() : ConfigurationReader.read(config);
        if (data != null) {
            configuration = configuration.withData(data);
        }
        Optional<String> password = PasswordReset.run(configuration, name);
        if (password.isEmpty()) {
            throw new CommandException(
                    ExitCode.FAILED, "there is no account " + name + "; check its name, and the data directory", null);
        }
        var out = spec.commandLine().getOut();
        out.println("account " + SafeText.of(name) + " has a new password");
        out.println("password: " + password.get());
        out.println("Keep it now: it is not shown again.");
        return ExitCode.OK;
    }
}
