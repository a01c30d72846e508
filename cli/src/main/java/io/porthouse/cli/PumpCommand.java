package io.porthouse.cli;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.Porthouse;
import io.porthouse.client.SendReceipt;
import io.porthouse.protocol.Frame;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code porthouse pump}: sends messages. */
@Command(
        name = "pump",
        description = {
            "Send one message, wait for its receipt, and say how many got it.",
            "With - send each line of standard input as a message of its own, or all of it as one with --whole."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  porthouse pump \"hello\"",
            "  porthouse pump --room lobby -- \"--dashes are text behind two dashes\"",
            "  tail -f app.log | porthouse pump --room logs -",
            "  porthouse pump --whole - < note.txt"
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class PumpCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private io.porthouse.cli.Porthouse parent;

    @Mixin
    private final RouterOptions router = new RouterOptions();

    @Option(
            names = "--room",
            paramLabel = "ROOM",
            description = "The room to send to: name, or account/name. By default the only one the token may write to.")
    private @Nullable String room;

    @Option(names = "--whole", description = "Send all of standard input as one message, line ends and all.")
    private boolean whole;

    @Parameters(paramLabel = "MESSAGE", description = "The text to send, or - for standard input.")
    private String message = "";

    @Override
    public Integer call() throws CommandException, IOException {
        boolean fromInput = message.equals("-");
        if (whole && !fromInput) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--whole is for standard input: pump --whole -");
        }
        requireReadable();
        ConnectOptions.Builder options = router.connection();
        if (room != null) {
            options.rooms(List.of(room)).defaultRoom(room);
        }
        if (fromInput && !whole) {
            return lines(options.build());
        }
        SendReceipt receipt = fromInput ? sendWhole(options.build()) : send(options.build());
        say(receipt.room(), "sent to " + recipients(receipt));
        return ExitCode.OK;
    }

    private SendReceipt send(ConnectOptions options) {
        CompletableFuture<SendReceipt> receipt;
        // Closing waits for the receipt.
        try (Connection connection = Porthouse.connect(options)) {
            receipt = connection.send(message);
        }
        return receipt.getNow(null) == null ? unreceipted() : receipt.join();
    }

    private SendReceipt sendWhole(ConnectOptions options) throws CommandException, IOException {
        byte[] payload = parent.streams().in().readNBytes(Frame.LARGEST_MAX_FRAME_BYTES);
        if (payload.length == Frame.LARGEST_MAX_FRAME_BYTES) {
            throw new CommandException(
                    ExitCode.FAILED, "standard input is too long for a message; send it with porthouse send -", null);
        }
        CompletableFuture<SendReceipt> receipt;
        try (Connection connection = Porthouse.connect(options)) {
            receipt = Payloads.send(connection, payload);
        }
        return receipt.getNow(null) == null ? unreceipted() : receipt.join();
    }

    private int lines(ConnectOptions options) throws CommandException, IOException {
        LineSender sender = new LineSender();
        InputStream in = parent.streams().in();
        try (Connection connection = Porthouse.connect(options)) {
            sender.send(connection, new LineReader(in, Frame.LARGEST_MAX_FRAME_BYTES));
        }
        SendReceipt last = sender.last();
        String count = sender.sent() + (sender.sent() == 1 ? " message" : " messages");
        if (last == null) {
            spec.commandLine().getErr().println("porthouse: standard input was empty; nothing was sent");
        } else {
            say(last.room(), count + " sent, the last to " + recipients(last));
        }
        return ExitCode.OK;
    }

    private void say(String where, String text) {
        spec.commandLine().getOut().println(SafeText.of(where) + ": " + text);
    }

    private static String recipients(SendReceipt receipt) {
        return receipt.recipients() + (receipt.recipients() == 1 ? " recipient" : " recipients");
    }

    /** In a locale without UTF-8 the JVM has replaced what it could not read; sending that would be silently wrong. */
    private void requireReadable() {
        if (message.indexOf('\uFFFD') >= 0 && !"UTF-8".equals(System.getProperty("sun.jnu.encoding"))) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "the message has characters that this locale cannot carry; set LC_ALL=C.UTF-8");
        }
    }

    private static SendReceipt unreceipted() {
        throw new IllegalStateException("a connection closes behind its receipts");
    }
}
