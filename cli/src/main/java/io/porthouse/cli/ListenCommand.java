package io.porthouse.cli;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.Porthouse;
import io.porthouse.client.PorthouseException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code porthouse listen}: prints what arrives. */
@Command(
        name = "listen",
        description = {
            "Print the messages of rooms, one a line, until interrupted.",
            "What happens to the rooms (granted, withdrawn, messages lost) is told on standard error."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class ListenCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // injected
    private CommandSpec spec;

    @Mixin
    private final RouterOptions router = new RouterOptions();

    @Parameters(
            paramLabel = "ROOM",
            arity = "0..*",
            description = "The rooms: name, or account/name. By default all that the token joins by itself.")
    private List<String> rooms = List.of();

    @Option(names = "--count", paramLabel = "N", description = "End after N messages or envelopes.")
    private @Nullable Long count;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "End after this time; a failure if --count was given and is not reached.")
    private @Nullable Double timeout;

    @Override
    public Integer call() throws InterruptedException {
        if (count != null && count < 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--count must be at least 1");
        }
        if (timeout != null && !(timeout > 0 && timeout <= TimeUnit.DAYS.toSeconds(365))) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--timeout must be more than 0, and up to a year");
        }
        Listener listener = new Listener(
                spec.commandLine().getOut(), spec.commandLine().getErr(), count == null ? Long.MAX_VALUE : count);
        ConnectOptions.Builder options =
                router.connection().onMessage(listener).onEnvelope(listener).events(listener);
        if (!rooms.isEmpty()) {
            options.rooms(rooms);
        }
        Connection connection = Porthouse.connect(options.build());
        if (connection.rooms().isEmpty()) {
            listener.say("the token joins no room by itself; waiting to be granted one (or name rooms: listen ROOM…)");
        }
        return listen(connection, listener);
    }

    private int listen(Connection connection, Listener listener) throws InterruptedException {
        try {
            if (timeout == null) {
                listener.done().get();
            } else {
                listener.done().get((long) (timeout * 1000), TimeUnit.MILLISECONDS);
            }
        } catch (TimeoutException e) {
            leave(connection);
            if (count == null) {
                return ExitCode.OK;
            }
            listener.say("only " + listener.seen() + " of " + count + " came within "
                    + Duration.ofMillis((long) (timeout * 1000)).toMillis() / 1000.0 + " s");
            return ExitCode.FAILED;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof PorthouseException known ? known : new IllegalStateException(e.getCause());
        }
        leave(connection);
        return ExitCode.OK;
    }

    /** Nothing was sent that could be lost: a router that ends at the same moment takes nothing from the result. */
    private static void leave(Connection connection) {
        try {
            connection.close();
        } catch (PorthouseException ended) {
            assert ended.kind() != PorthouseException.Kind.USAGE;
        }
    }
}
