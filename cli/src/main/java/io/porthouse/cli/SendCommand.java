package io.porthouse.cli;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.Porthouse;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.SendReceipt;
import io.porthouse.protocol.Envelope;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
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
                    + " the envelope is given up, and receivers keep nothing of it."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  porthouse send --room builds app.jar notes.txt",
            "  tar c photos | porthouse send --room backup --name photos.tar -"
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class SendCommand implements Callable<Integer> {

    private static final String STANDARD_INPUT = "-";

    @Spec
    @SuppressWarnings("NullAway.Init") // injected
    private CommandSpec spec;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // injected
    private io.porthouse.cli.Porthouse parent;

    @Mixin
    private final RouterOptions router = new RouterOptions();

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
    public Integer call() throws CommandException, IOException {
        if (name != null && files.size() > 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--name is for a single FILE");
        }
        if (files.stream().filter(STANDARD_INPUT::equals).count() > 1) {
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
        try (Connection connection = Porthouse.connect(options.build())) {
            for (String file : files) {
                send(connection, file, progress);
            }
        } finally {
            progress.clear();
        }
        return ExitCode.OK;
    }

    private void send(Connection connection, String file, Progress progress) throws IOException {
        String sentName = name != null ? name : nameOf(file);
        long totalBytes = sizeOf(file);
        Progress.Transfer transfer = progress.begin(sentName.isEmpty() ? "standard input" : sentName, totalBytes);
        InputStream source = file.equals(STANDARD_INPUT) ? parent.streams().in() : Files.newInputStream(Path.of(file));
        // Closed by the envelope.
        InputStream counted = new Counted(source, transfer);
        Envelope envelope = totalBytes < 0 ? Envelope.of(counted) : Envelope.of(counted, totalBytes);
        SendReceipt receipt = receipt(connection.send(sentName.isEmpty() ? envelope : envelope.withName(sentName)));
        progress.clear();
        spec.commandLine()
                .getOut()
                .println(SafeText.of(receipt.room()) + ": sent " + SafeText.of(sentName.isEmpty() ? "-" : sentName)
                        + ", " + transfer.bytes() + " bytes, to " + receipt.recipients()
                        + (receipt.recipients() == 1 ? " recipient" : " recipients") + " (" + transfer.rate() + ")");
    }

    private static SendReceipt receipt(CompletableFuture<SendReceipt> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof PorthouseException known ? known : e;
        }
    }

    private static void requireReadable(String file) throws CommandException {
        if (file.equals(STANDARD_INPUT)) {
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
        Path last = file.equals(STANDARD_INPUT) ? null : Path.of(file).getFileName();
        return last == null ? "" : last.toString();
    }

    /** Negative where it cannot be known: pipes and devices. */
    private static long sizeOf(String file) throws IOException {
        return !file.equals(STANDARD_INPUT) && Files.isRegularFile(Path.of(file)) ? Files.size(Path.of(file)) : -1;
    }

    /** Tells the progress what is read. */
    private static final class Counted extends FilterInputStream {
        private final Progress.Transfer transfer;

        Counted(InputStream in, Progress.Transfer transfer) {
            super(in);
            this.transfer = transfer;
        }

        @Override
        public int read() throws IOException {
            int one = super.read();
            transfer.add(one < 0 ? 0 : 1);
            return one;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int read = super.read(into, offset, length);
            transfer.add(Math.max(0, read));
            return read;
        }
    }
}
