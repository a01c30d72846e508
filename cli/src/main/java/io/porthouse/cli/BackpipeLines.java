package io.porthouse.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.porthouse.client.Backpipe;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.SendReceipt;
import io.porthouse.protocol.CloseCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Sends lines of JSON into the rooms that they name; each line that fails is named, and the others go on. */
final class BackpipeLines {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** What one line says. */
    private record Line(String room, JsonNode message, JsonNode base64) {}

    private final Reconnecting reconnecting;
    private final Consumer<String> say;

    // The network thread counts too, so all of this is in the lock.
    private long taken;
    private long failed;
    private long refused;
    private long outstanding;

    /**
     * @param reconnecting knows whether the connection comes back
     * @param say tells the person; called by any thread
     */
    BackpipeLines(Reconnecting reconnecting, Consumer<String> say) {
        this.reconnecting = reconnecting;
        this.say = say;
    }

    /**
     * Sends until the lines end, and waits for the receipts. Empty lines are passed over. While there is no connection, lines
     * are not read.
     *
     * @throws CommandException if a line is so long that the next one cannot be found, or the connection has ended, so that
     *     nothing more can be sent
     */
    void send(Backpipe backpipe, LineReader lines) throws CommandException, IOException, InterruptedException {
        long number = 0;
        try {
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                number++;
                if (line.length > 0) {
                    send(backpipe, number, line);
                }
            }
        } catch (PorthouseException e) {
            throw notSent(number, e);
        } catch (LineReader.LineTooLongException e) {
            throw new CommandException(
                    ExitCode.FAILED,
                    "line " + (number + 1) + " is too long for a message; it and the rest were not sent",
                    e);
        }
        awaitReceipts();
    }

    /** How many lines did not become a message that the router took. */
    synchronized long failed() {
        return failed;
    }

    /** Says how many lines became messages, and how many did not. */
    synchronized String summary() {
        return taken + (taken == 1 ? " message" : " messages") + " sent"
                + (failed == 0 ? "" : ", " + failed + (failed == 1 ? " line" : " lines") + " failed");
    }

    /** What to tell the shell of the lines. */
    synchronized int exitCode() {
        if (failed == 0) {
            return ExitCode.OK;
        }
        return failed == refused ? ExitCode.REFUSED : ExitCode.FAILED;
    }

    private CommandException notSent(long number, PorthouseException failure) {
        Exception cause = reconnecting.over().isDone() ? reconnecting.over().join() : failure;
        return new CommandException(
                Failures.code(cause), "line " + number + " and the rest were not sent: " + cause.getMessage(), cause);
    }

    private void send(Backpipe backpipe, long number, byte[] text) throws InterruptedException {
        CompletableFuture<SendReceipt> receipt;
        try {
            receipt = sendWhenConnected(backpipe, parse(text));
        } catch (JsonProcessingException e) {
            failed(number, "is not JSON: " + e.getOriginalMessage(), false);
            return;
        } catch (IllegalArgumentException e) {
            failed(number, "is not a line of this kind: " + e.getMessage(), false);
            return;
        }
        synchronized (this) {
            outstanding++;
        }
        var unused = receipt.whenComplete((done, failure) -> resolved(number, failure));
    }

    private CompletableFuture<SendReceipt> sendWhenConnected(Backpipe backpipe, Line line) throws InterruptedException {
        while (true) {
            try {
                return line.message.isTextual()
                        ? backpipe.send(line.room, line.message.textValue())
                        : backpipe.send(line.room, Base64.getDecoder().decode(line.base64.textValue()));
            } catch (PorthouseException e) {
                if (!mayPass(e) || !reconnecting.awaitConnection()) {
                    throw e;
                }
            }
        }
    }

    /** Returns whether a failure, of which nothing was sent, is that of a moment. */
    private static boolean mayPass(PorthouseException failure) {
        return switch (failure.kind()) {
            case LOST, FULL, TIMEOUT -> true;
            case REFUSED -> CloseCode.mayReconnect(failure.code());
            default -> false;
        };
    }

    /** @throws IllegalArgumentException if it is JSON, but not a line of ours */
    private static Line parse(byte[] text) throws JsonProcessingException {
        JsonNode tree;
        try {
            tree = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Line line = new Line(tree.path("room").asText(""), tree.path("message"), tree.path("base64"));
        if (line.room.isEmpty() || line.message.isTextual() == line.base64.isTextual()) {
            throw new IllegalArgumentException("it needs the texts room and either message or base64");
        }
        return line;
    }

    private void resolved(long number, @Nullable Throwable failure) {
        if (failure == null) {
            synchronized (this) {
                taken++;
            }
        } else {
            boolean byRouter = failure instanceof PorthouseException known && known.isFromRouter();
            failed(number, String.valueOf(failure.getMessage()), byRouter);
        }
        synchronized (this) {
            outstanding--;
            notifyAll();
        }
    }

    private void failed(long number, String why, boolean byRouter) {
        synchronized (this) {
            failed++;
            refused += byRouter ? 1 : 0;
        }
        say.accept("line " + number + ": " + why);
    }

    private synchronized void awaitReceipts() throws InterruptedException {
        while (outstanding > 0) {
            wait();
        }
    }
}
