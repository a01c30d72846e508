package io.porthouse.cli;

import io.porthouse.cli.config.Configuration;
import io.porthouse.cli.config.ConfigurationException;
import io.porthouse.cli.config.ConfigurationReader;
import io.porthouse.cli.config.HostPort;
import io.porthouse.cli.config.LogSettings;
import io.porthouse.cli.run.LogSetup;
import io.porthouse.cli.run.Run;
import io.porthouse.cli.run.StartException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code porthouse run}: a router. */
@Command(
        name = RunCommand.NAME,
        description = {
            "Run a router until SIGTERM or Ctrl-C; then it tells its clients and stops within 5 seconds (exit code 0).",
            "Without a configured token it makes one for the room local/lobby, and the file .porthouse here by which clients find it."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class RunCommand implements Callable<Integer> {

    static final String NAME = "run";

    private static final String LISTEN_VARIABLE = "PORTHOUSE_LISTEN";
    private static final String ADMIN_VARIABLE = "PORTHOUSE_ADMIN";
    private static final String OFF = "off";

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The configuration; conf/porthouse.toml shows every setting. By default the built-in one.")
    private @Nullable Path config;

    @Option(names = "--data", paramLabel = "DIR", description = "Where data is kept. By default ./porthouse-data.")
    private @Nullable Path data;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            description = "Where clients connect; port 0 takes a free one. By default $" + LISTEN_VARIABLE
                    + ", else the configuration's, 127.0.0.1:7070 unless set.")
    private @Nullable String listen;

    @Option(
            names = "--admin",
            paramLabel = "HOST:PORT|off",
            description =
                    "Where accounts, rooms and tokens are administered, by HTTP; port 0 takes a free one. By default $"
                            + ADMIN_VARIABLE + ", else the configuration's, 127.0.0.1:7071 unless set.")
    private @Nullable String admin;

    @Mixin
    @SuppressWarnings("UnusedVariable") // brings its option
    private final Verbosity verbosity = new Verbosity();

    @Override
    public Integer call() throws ConfigurationException, StartException, InterruptedException {
        // Even reading the configuration may log, through the libraries that know this machine.
        LogSetup.apply(LogSettings.DEFAULT);
        new Run(configuration(), Version.text(), spec.commandLine().getOut()).untilStopped();
        return ExitCode.OK;
    }

    private Configuration configuration() throws ConfigurationException {
        Configuration configuration = config == null ? Configuration.defaults() : ConfigurationReader.read(config);
        if (data != null) {
            configuration = configuration.withData(data);
        }
        Optional<Given> listenAt = given("--listen", listen, LISTEN_VARIABLE);
        if (listenAt.isPresent()) {
            configuration = configuration.withListen(address(listenAt.get()));
        }
        Optional<Given> adminAt = given("--admin", admin, ADMIN_VARIABLE);
        if (adminAt.isPresent()) {
            configuration = configuration.withAdmin(adminAt.get().text.equals(OFF) ? null : address(adminAt.get()));
        }
        return configuration;
    }

    /** What was given, and by what. */
    private record Given(String by, String text) {}

    /** The option is stronger than the environment. */
    private static Optional<Given> given(String option, @Nullable String value, String variable) {
        if (value != null) {
            return Optional.of(new Given(option, value));
        }
        return Optional.ofNullable(System.getenv(variable))
                .filter(text -> !text.isEmpty())
                .map(text -> new Given("$" + variable, text));
    }

    private InetSocketAddress address(Given given) {
        InetSocketAddress address = HostPort.parse(given.text)
                .orElseThrow(() -> new CommandLine.ParameterException(
                        spec.commandLine(), given.by + " is not an address (" + HostPort.FORM + ")"));
        if (address.isUnresolved()) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), given.by + ": no machine is known by the name " + address.getHostString());
        }
        return address;
    }
}
