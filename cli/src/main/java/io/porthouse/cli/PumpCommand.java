package io.porthouse.cli;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.Porthouse;
import io.porthouse.client.SendReceipt;
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
import picocli.CommandLine.Spec;

/** {@code porthouse pump}: sends one message. */
@Command(
        name = "pump",
        description = "Send one message, wait for its receipt, and say how many got it.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class PumpCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // injected
    private CommandSpec spec;

    @Mixin
    private final RouterOptions router = new RouterOptions();

    @Option(
            names = "--room",
            paramLabel = "ROOM",
            description = "The room to send to: name, or account/name. By default the only one the token may write to.")
    private @Nullable String room;

    @Parameters(paramLabel = "MESSAGE", description = "The text to send.")
    private String message = "";

    @Override
    public Integer call() {
        requireReadable();
        ConnectOptions.Builder options = router.connection();
        if (room != null) {
            options.rooms(List.of(room)).defaultRoom(room);
        }
        SendReceipt receipt = send(options.build());
        String recipients = receipt.recipients() + (receipt.recipients() == 1 ? " recipient" : " recipients");
        spec.commandLine().getOut().println(SafeText.of(receipt.room()) + ": sent to " + recipients);
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
