package io.porthouse.cli;

import io.porthouse.client.Backpipe;
import io.porthouse.client.ConfFile;
import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Porthouse;
import io.porthouse.client.PorthouseException;
import io.porthouse.protocol.Frame;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code porthouse backpipe}: publishes into many rooms with an API key. */
@Command(
        name = "backpipe",
        description = {
            "Publish into any room of your account over one connection, with an API key and no token.",
            "Standard input has a JSON object a line: {\"room\":\"lobby\",\"message\":\"hello\"}, or base64 in the place of"
                    + " message for bytes. A line that is not one, or that the router refuses, is named on standard error"
                    + " by its number, and the others go on; the exit code is then 1, or 3 if all of them were refused by"
                    + " the router.",
            "A connection that is lost is taken up again; lines whose receipts were outstanding are named."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  tail -f events.jsonl | porthouse backpipe", "  porthouse backpipe --key-file ci.key < news.jsonl"},
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class BackpipeCommand implements Callable<Integer> {

    /** Lines on their way at once: enough to fill a long line, and few enough to be remembered. */
    private static final int MOST_UNACKNOWLEDGED = 10_000;

    /** The longest message, with every character escaped. */
    private static final int LONGEST_LINE_BYTES = 6 * Frame.LARGEST_MAX_FRAME_BYTES;

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private io.porthouse.cli.Porthouse parent;

    @Option(
            names = "--connect",
            paramLabel = "WHERE",
            defaultValue = ConnectOptions.CONF,
            description = "tcp://HOST:PORT, or @conf (the default): " + RouterOptions.CONF_PLACES)
    private String where = ConnectOptions.CONF;

    @Mixin
    private final KeyOption key = new KeyOption();

    @Mixin
    private final ReconnectOption reconnect = new ReconnectOption();

    @Mixin
    @SuppressWarnings("UnusedVariable") // brings its option
    private final Verbosity verbosity = new Verbosity();

    @Override
    public Integer call() throws CommandException, IOException, InterruptedException {
        Reconnecting reconnecting = new Reconnecting(reconnect.limit(), this::say);
        ConnectOptions.Builder options = ConnectOptions.to(where)
                .token(key.key(ConfFile.find()))
                .client("porthouse-cli/" + Version.text())
                .nativeTransport(false)
                .maxUnacknowledged(MOST_UNACKNOWLEDGED)
                // A line that cannot be sent now waits where it is read.
                .offlineQueueBytes(0)
                .events(reconnecting);
        reconnecting.configure(options);
        BackpipeLines lines = new BackpipeLines(reconnecting, this::say);
        try (Backpipe backpipe = Porthouse.backpipe(options.build())) {
            var unused = reconnecting.over().thenRun(() -> {
                var unusedEnd = backpipe.closeAsync();
            });
            lines.send(backpipe, new LineReader(parent.streams().in(), LONGEST_LINE_BYTES));
        } catch (PorthouseException e) {
            if (reconnecting.over().isDone()) {
                throw reconnecting.over().join();
            }
            if (lines.failed() == 0) {
                throw e;
            }
            // A line that failed was named, and made the closing fail.
        }
        spec.commandLine().getOut().println(lines.summary());
        return lines.exitCode();
    }

    private void say(String text) {
        spec.commandLine().getErr().println("porthouse: " + SafeText.of(text));
    }
}
