package io.porthouse.cli;

import io.porthouse.client.Connection;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.SendReceipt;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Sends lines as messages, many under way at once, and stops at the first that fails. */
final class LineSender {

    private record Failure(long line, Throwable cause) {}

    private final AtomicReference<@Nullable Failure> first = new AtomicReference<>();
    private @Nullable CompletableFuture<SendReceipt> last;
    private long sent;

    /**
     * Sends to the default room until the lines end, and waits for the receipts.
     *
     * @throws CommandException if a line could not be sent, with its number
     */
    void send(Connection connection, LineReader lines) throws CommandException, IOException {
        try {
            for (byte[] line = lines.next(); line != null && first.get() == null; line = lines.next()) {
                long number = ++sent;
                last = Payloads.send(connection, line);
                var unused = last.whenComplete((receipt, failure) -> {
                    if (failure != null) {
                        first.compareAndSet(null, new Failure(number, failure));
                    }
                });
            }
        } catch (LineReader.LineTooLongException e) {
            throw new CommandException(
                    ExitCode.FAILED,
                    "line " + (sent + 1) + " is too long for a message; send it with porthouse send -",
                    e);
        } catch (PorthouseException e) {
            throw failed(sent, e);
        }
        // Receipts come in the order of the messages: behind the last there is none to wait for.
        CompletableFuture<SendReceipt> awaited = last;
        if (awaited != null) {
            awaited.handle((receipt, failure) -> receipt).join();
        }
        Failure failure = first.get();
        if (failure != null) {
            throw failed(failure.line, failure.cause);
        }
    }

    /** How many lines were sent. */
    long sent() {
        return sent;
    }

    /** The last line's receipt; null if there was no line. */
    @Nullable
    SendReceipt last() {
        return last == null ? null : last.join();
    }

    private static CommandException failed(long line, Throwable cause) {
        String what = String.valueOf(cause.getMessage());
        return new CommandException(Failures.code(cause), "line " + line + ": " + what, cause);
    }
}
