package io.porthouse.cli;

import io.porthouse.client.Connection;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.SendReceipt;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.Envelope;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/**
 * Sends files, one after the other, and a whole file again if the connection was lost on the way: receivers keep nothing of
 * the first attempt, or have it twice if only its receipt was lost. Used by one thread.
 */
final class FileSender {

    /** A connection that breaks so often over one file will do so again. */
    private static final int MOST_ATTEMPTS = 5;

    /** The name that stands for standard input. */
    static final String STANDARD_INPUT = "-";

    private final Connection connection;
    private final Reconnecting reconnecting;
    private final Progress progress;
    private final InputStream in;
    private final Consumer<String> say;

    /** The losses that no file has to make up for any more. */
    private int settledLosses;

    /** Whether nobody was there before the latest loss, so that nobody is waited for after it. */
    private boolean alone;

    /**
     * @param in what {@code -} reads
     * @param say tells the person
     */
    FileSender(
            Connection connection, Reconnecting reconnecting, Progress progress, InputStream in, Consumer<String> say) {
        this.connection = connection;
        this.reconnecting = reconnecting;
        this.progress = progress;
        this.in = in;
        this.say = say;
    }

    /** What was sent, and how many got it. */
    record Sent(SendReceipt receipt, Progress.Transfer transfer) {}

    /**
     * Sends one file.
     *
     * @param name what receivers are told; empty: nothing
     * @throws CommandException if the connection does not come back, or what was read cannot be read again
     * @throws PorthouseException if it fails otherwise
     */
    Sent send(String file, String name) throws CommandException, IOException, InterruptedException {
        Sent sent = sendWhole(file, name);
        long start = System.nanoTime();
        while (isWaitedFor(sent, file)
                && System.nanoTime() - start < reconnecting.limit().toNanos()) {
            say.accept(name + " reached nobody; who received before may be on the way back: sending it again");
            reconnecting.awaitBack(settledLosses);
            sent = sendWhole(file, name);
        }
        settledLosses = reconnecting.losses();
        alone = sent.receipt.recipients() == 0;
        return sent;
    }

    /** Whether a file that came too early is to be sent again. */
    private boolean isWaitedFor(Sent sent, String file) {
        boolean afterLoss = reconnecting.losses() > settledLosses;
        return sent.receipt.recipients() == 0 && afterLoss && !alone && isRepeatable(file);
    }

    /** Sends a file until it went over one connection. */
    private Sent sendWhole(String file, String name) throws CommandException, IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            int returns = reconnecting.returns();
            try {
                return sendOnce(file, name);
            } catch (PorthouseException e) {
                progress.clear();
                requireAgain(e, file, attempt);
                reconnecting.awaitBack(returns);
            }
        }
    }

    private Sent sendOnce(String file, String name) throws IOException {
        long totalBytes = sizeOf(file);
        Progress.Transfer transfer = progress.begin(name.isEmpty() ? shown(file) : name, totalBytes);
        // Closed by the envelope.
        InputStream source = file.equals(STANDARD_INPUT) ? in : Files.newInputStream(Path.of(file));
        Envelope envelope = (totalBytes < 0 ? Envelope.of(source) : Envelope.of(source, totalBytes))
                .withProgress((bytes, total) -> transfer.at(bytes));
        Envelope named = name.isEmpty() ? envelope : envelope.withName(name);
        CompletableFuture<SendReceipt> sent = isRepeatable(file) ? connection.send(named) : sendUntilLost(named);
        return new Sent(receipt(sent), transfer);
    }

    /**
     * Sends what can be read once. A loss is its end, be it while the source gives nothing, which nobody can interrupt: then
     * the thread that reads is left behind.
     */
    private CompletableFuture<SendReceipt> sendUntilLost(Envelope envelope) {
        CompletableFuture<SendReceipt> outcome = new CompletableFuture<>();
        reconnecting.whenLost(outcome::completeExceptionally);
        Thread reader = new Thread(
                () -> {
                    try {
                        var unused = connection.send(envelope).whenComplete((receipt, failure) -> {
                            if (failure == null) {
                                outcome.complete(receipt);
                            } else {
                                outcome.completeExceptionally(failure);
                            }
                        });
                    } catch (RuntimeException | Error e) {
                        outcome.completeExceptionally(e);
                    }
                },
                "porthouse-send");
        reader.setDaemon(true);
        reader.start();
        return outcome;
    }

    /** Returns if a failure is worth another attempt. */
    private void requireAgain(PorthouseException failure, String file, int attempt) throws CommandException {
        if (reconnecting.over().isDone()) {
            throw reconnecting.over().join();
        }
        if (!isLoss(failure) || reconnecting.limit().isZero() || attempt == MOST_ATTEMPTS) {
            throw failure;
        }
        if (!isRepeatable(file)) {
            throw new CommandException(
                    Failures.code(failure),
                    "the connection was lost while " + shown(file)
                            + " was on its way, and that cannot be read a second time; begin again ("
                            + failure.getMessage() + ")",
                    failure);
        }
    }

    private static boolean isLoss(PorthouseException failure) {
        boolean mayReturn = failure.code() == 0 || CloseCode.mayReconnect(failure.code());
        return switch (failure.kind()) {
            case LOST, IN_DOUBT, REFUSED -> mayReturn;
            default -> false;
        };
    }

    private static SendReceipt receipt(CompletableFuture<SendReceipt> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof PorthouseException known ? known : e;
        }
    }

    private static String shown(String file) {
        return file.equals(STANDARD_INPUT) ? "standard input" : file;
    }

    /** Negative where it cannot be known: pipes and devices. */
    private static long sizeOf(String file) throws IOException {
        return isRepeatable(file) ? Files.size(Path.of(file)) : -1;
    }

    /** Whether reading it twice gives the same. */
    private static boolean isRepeatable(String file) {
        return !file.equals(STANDARD_INPUT) && Files.isRegularFile(Path.of(file));
    }
}
