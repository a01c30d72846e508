package io.porthouse.cli;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.EnvelopeDirectory;
import io.porthouse.client.Porthouse;
import io.porthouse.client.PorthouseException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code porthouse listen}: prints what arrives. */
@Command(
        name = "listen",
        description = {
            "Print the messages of rooms, one a line, until interrupted.",
            "What happens to the rooms (granted, withdrawn, messages lost) is told on standard error.",
            "With --save, envelopes become files: under a temporary name until the checksum is right, then under the name that"
                    + " the sender gave, made safe, and with a number where that is taken. It is a failure if one was lost and"
                    + " did not come again.",
            "A connection that is lost is taken up again; what others send meanwhile is missed."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  porthouse listen",
            "  porthouse listen lobby sensors-7 --timeout 60",
            "  porthouse listen --save downloads --count 1",
            "  porthouse listen --json | jq .text"
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class ListenCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private io.porthouse.cli.Porthouse parent;

    @Mixin
    private final RouterOptions router = new RouterOptions();

    @Mixin
    private final ReconnectOption reconnect = new ReconnectOption();

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

    @ArgGroup(multiplicity = "0..1")
    private Form form = new Form();

    /** How messages are written; as safe text unless told otherwise. */
    private static final class Form {
        @Option(
                names = "--json",
                description =
                        "Print a JSON object a line: room, sequence, origin, and text, or base64 if it is not text;"
                                + " of an envelope room, origin, bytes, metadata and file.")
        private boolean json;

        @Option(
                names = "--raw",
                description =
                        "Print payloads as they are, each with a line end behind it. Not for a terminal: it obeys them.")
        private boolean raw;
    }

    @Option(
            names = "--save",
            paramLabel = "DIR",
            description = "Save envelopes into files in DIR, which is made if missing.")
    private @Nullable Path save;

    @Override
    public Integer call() throws CommandException, InterruptedException {
        if (count != null && count < 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--count must be at least 1");
        }
        if (timeout != null && !(timeout > 0 && timeout <= TimeUnit.DAYS.toSeconds(365))) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--timeout must be more than 0, and up to a year");
        }
        if (save == null) {
            return listen(null);
        }
        try (EnvelopeDirectory directory = open(save)) {
            Runtime.getRuntime().addShutdownHook(new Thread(directory::close, "porthouse-tidy"));
            return listen(directory);
        }
    }

    private int listen(@Nullable EnvelopeDirectory directory) throws CommandException, InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        Progress progress =
                new Progress(err, directory != null && parent.streams().terminal(), System::nanoTime);
        Listener listener = new Listener(
                output(), err, progress, directory, count == null ? Long.MAX_VALUE : count, reconnect.limit());
        ConnectOptions.Builder options = router.connection();
        listener.configure(options);
        if (!rooms.isEmpty()) {
            options.rooms(rooms);
        }
        Connection connection = Porthouse.connect(options.build());
        if (connection.rooms().isEmpty()) {
            listener.say("the token joins no room by itself; waiting to be granted one (or name rooms: listen ROOM…)");
        }
        int code = listen(connection, listener);
        return directory != null && listener.lost() > 0 ? ExitCode.FAILED : code;
    }

    private static EnvelopeDirectory open(Path directory) throws CommandException {
        try {
            return EnvelopeDirectory.open(directory);
        } catch (IOException e) {
            throw new CommandException(
                    ExitCode.FAILED, SaveFailures.explain(directory, e) + "; give another directory with --save", e);
        }
    }

    private Output output() {
        if (form.raw) {
            return new RawOutput(parent.streams().out());
        }
        PrintWriter out = spec.commandLine().getOut();
        return form.json ? new JsonOutput(out) : new TextOutput(out);
    }

    private int listen(Connection connection, Listener listener) throws CommandException, InterruptedException {
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
            if (e.getCause() instanceof CommandException own) {
                leave(connection);
                throw own;
            }
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
