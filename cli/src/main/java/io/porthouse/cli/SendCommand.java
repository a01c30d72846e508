package io.porthouse.cli;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.Porthouse;
import io.porthouse.client.SendReceipt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code porthouse send}: sends files. */
@Command(
        name = "send",
        description = {
            "Send files of any size as envelopes, one after the other, and say how many got each.",
            "Receivers are told the file's name, without its directory. Interrupted, or when a file changes while it is read,"
                    + " the envelope is given up, and receivers keep nothing of it.",
            "A connection that is lost is taken up again, and the file that was on its way sent again, whole: whoever had"
                    + " received it to its end, and only the receipt was lost, has it twice. Standard input is not."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  porthouse send --room builds app.jar notes.txt",
            "  tar c photos | porthouse send --room backup --name photos.tar -"
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class SendCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private io.porthouse.cli.Porthouse parent;

    @Mixin
    private final RouterOptions router = new RouterOptions();

    @Mixin
    private final ReconnectOption reconnect = new ReconnectOption();

    @Option(
            names = "--room",
            paramLabel = "ROOM",
            description = "The room to send to: name, or account/name. By default the only one the token may write to.")
    private @Nullable String room;

    @Option(names = "--name", paramLabel = "NAME", description = "The name to send with, of a single FILE.")
    private @Nullable String name;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "The files; - streams standard input, once.")
    private List<String> files = List.of();

    @Override
    public Integer call() throws CommandException, IOException, InterruptedException {
        if (name != null && files.size() > 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--name is for a single FILE");
        }
        if (files.stream().filter(FileSender.STANDARD_INPUT::equals).count() > 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), "- can be sent once");
        }
        // Before anything is sent: half of what was asked for is seldom wanted.
        for (String file : files) {
            requireReadable(file);
        }
        ConnectOptions.Builder options = router.connection();
        if (room != null) {
            options.rooms(List.of(room)).defaultRoom(room);
        }
        Progress progress =
                new Progress(spec.commandLine().getErr(), parent.streams().terminal(), System::nanoTime);
        Reconnecting reconnecting = new Reconnecting(reconnect.limit(), text -> say(progress, text));
        reconnecting.configure(options);
        try (Connection connection =
                Porthouse.connect(options.events(reconnecting).build())) {
            var unused = reconnecting.over().thenRun(() -> {
                var unusedEnd = connection.closeAsync();
            });
            FileSender sender = new FileSender(
                    connection, reconnecting, progress, parent.streams().in(), text -> say(progress, text));
            for (String file : files) {
                send(sender, file, progress);
            }
        } finally {
            progress.clear();
        }
        return ExitCode.OK;
    }

    private void say(Progress progress, String text) {
        progress.clear();
        spec.commandLine().getErr().println("porthouse: " + SafeText.of(text));
    }

    private void send(FileSender sender, String file, Progress progress)
            throws CommandException, IOException, InterruptedException {
        String sentName = name != null ? name : nameOf(file);
        FileSender.Sent sent = sender.send(file, sentName);
        SendReceipt receipt = sent.receipt();
        progress.clear();
        spec.commandLine()
                .getOut()
                .println(SafeText.of(receipt.room()) + ": sent " + SafeText.of(sentName.isEmpty() ? "-" : sentName)
                        + ", " + sent.transfer().bytes() + " bytes, to " + receipt.recipients()
                        + (receipt.recipients() == 1 ? " recipient" : " recipients") + " ("
                        + sent.transfer().rate() + ")");
    }

    private static void requireReadable(String file) throws CommandException {
        if (file.equals(FileSender.STANDARD_INPUT)) {
            return;
        }
        Path path = Path.of(file);
        String problem = null;
        if (!Files.exists(path)) {
            problem = "there is no such file";
        } else if (Files.isDirectory(path)) {
            problem = "is a directory; pack it (tar c " + file + " | porthouse send --name NAME.tar -)";
        } else if (!Files.isReadable(path)) {
            problem = "may not be read; check its permissions";
        }
        if (problem != null) {
            throw new CommandException(ExitCode.FAILED, file + ": " + problem + "; nothing was sent", null);
        }
    }

    /** Empty for standard input. */
    private static String nameOf(String file) {
        Path last =
                file.equals(FileSender.STANDARD_INPUT) ? null : Path.of(file).getFileName();
        return last == null ? "" : last.toString();
    }
}
