package io.porthouse.cli;

import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --reconnect}, for commands that outlive their connection. */
final class ReconnectOption {

    private static final int MOST_SECONDS = 365 * 24 * 3600;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--reconnect",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "How long to try to get a lost connection back; ${DEFAULT-VALUE} by default, 0: not at all.")
    private int seconds = 60;

    /** How long an absence may last; zero: not at all. */
    Duration limit() {
        if (seconds < 0 || seconds > MOST_SECONDS) {
            throw new ParameterException(spec.commandLine(), "--reconnect must be 0 seconds or more, up to a year");
        }
        return Duration.ofSeconds(seconds);
    }
}
