package io.porthouse.cli;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.ConnectionEvents;
import io.porthouse.client.EnvelopeDirectory;
import io.porthouse.client.EnvelopeException;
import io.porthouse.client.EnvelopeHandler;
import io.porthouse.client.IncomingEnvelope;
import io.porthouse.client.Message;
import io.porthouse.client.MessageHandler;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.RoomGrant;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeSink;
import io.porthouse.protocol.Gap;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Prints what a connection receives, and says what happens to it. Called by the connection's handler thread. */
final class Listener implements MessageHandler, EnvelopeHandler, ConnectionEvents {

    private final Output output;
    private final PrintWriter err;
    private final Progress progress;
    private final @Nullable EnvelopeDirectory directory;
    private final long wanted;
    private final Reconnecting reconnecting;
    private final LostEnvelopes lost = new LostEnvelopes();
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final AtomicLong seen = new AtomicLong();

    /**
     * @param directory where envelopes are saved; null: they are not
     * @param wanted how many messages and envelopes to print
     * @param mayBeAway how long one absence of the connection may last
     */
    Listener(
            Output output,
            PrintWriter err,
            Progress progress,
            @Nullable EnvelopeDirectory directory,
            long wanted,
            Duration mayBeAway) {
        this.output = output;
        this.err = err;
        this.progress = progress;
        this.directory = directory;
        this.wanted = wanted;
        this.reconnecting = new Reconnecting(mayBeAway, this::say);
        var unused = reconnecting.over().thenAccept(done::completeExceptionally);
    }

    /** Makes a connection give all that comes to this. */
    void configure(ConnectOptions.Builder options) {
        reconnecting.configure(options);
        options.onMessage(this).onEnvelope(this).events(this);
    }

    /** Completes when enough was printed, or nobody reads it any more; fails when the connection ends. */
    CompletableFuture<Void> done() {
        return done;
    }

    /** How many messages and envelopes were printed. */
    long seen() {
        return seen.get();
    }

    /** How many envelopes did not arrive whole, and did not come again. */
    long lost() {
        return lost.count();
    }

    /** Says something to the person, beside the messages. */
    void say(String text) {
        progress.clear();
        err.println("porthouse: " + SafeText.of(text));
    }

    @Override
    public void onMessage(Message message) {
        if (!done.isDone()) {
            progress.clear();
            output.message(message);
            count();
        }
    }

    @Override
    public EnvelopeSink onEnvelope(IncomingEnvelope envelope) {
        Progress.Transfer transfer =
                progress.begin(envelope.metadata().name().orElse("envelope"), envelope.totalBytes());
        EnvelopeSink sink = directory == null || done.isDone()
                ? new ShowingSink(this, envelope, transfer)
                : directory
                        .handler((whole, file) -> arrived(whole, transfer, file), this::notSaved)
                        .onEnvelope(envelope);
        return sink.withProgress(transfer::at);
    }

    /** An envelope is whole. */
    void arrived(IncomingEnvelope envelope, Progress.Transfer transfer, @Nullable Path file) {
        if (!done.isDone()) {
            progress.clear();
            lost.arrived(envelope);
            output.envelope(envelope, transfer.bytes(), file, transfer.rate());
            count();
        }
    }

    /** An envelope will not be whole. */
    void lost(IncomingEnvelope envelope, EnvelopeFailure reason) {
        if (!done.isDone()) {
            lost.add(envelope);
            String name =
                    envelope.metadata().name().map(text -> " (" + text + ")").orElse("");
            say("an envelope of " + envelope.room() + name + " was lost: " + name(reason)
                    + (directory == null ? "" : "; nothing of it was kept, have it sent again"));
        }
    }

    private void notSaved(IncomingEnvelope envelope, IOException failure) {
        if (failure instanceof EnvelopeException incomplete) {
            lost(envelope, incomplete.reason());
            return;
        }
        // What arrives has no place.
        Path where = directory == null ? Path.of("") : directory.path();
        done.completeExceptionally(
                new CommandException(ExitCode.FAILED, SaveFailures.explain(where, failure), failure));
    }

    @Override
    public void onGranted(RoomGrant grant) {
        switch (grant.reason()) {
            case ControlBody.Granted.JOIN -> say("listening to " + grant.room());
            case ControlBody.Granted.CHANGED -> say("rights in " + grant.room() + " are now " + grant.may());
            default -> say("granted " + grant.room());
        }
    }

    @Override
    public void onWithdrawn(String room, String reason) {
        say(room + " is over: " + reason);
    }

    @Override
    public void onGap(String room, Gap gap) {
        say(gap.lost() + " messages of " + room + " were lost (numbers " + gap.first() + " to " + gap.last()
                + "): reading here is too slow");
    }

    @Override
    public void onEnvelopeRefused(String room, EnvelopeFailure reason) {
        lost.addNameless();
        say("an envelope of " + room + " was refused: " + name(reason));
    }

    @Override
    public void onDisconnected(PorthouseException cause, Duration retryIn) {
        reconnecting.onDisconnected(cause, retryIn);
    }

    @Override
    public void onReconnected() {
        reconnecting.onReconnected();
    }

    @Override
    public void onEnded(@Nullable PorthouseException cause) {
        if (cause == null) {
            done.complete(null);
        } else {
            done.completeExceptionally(cause);
        }
    }

    private void count() {
        if (seen.incrementAndGet() >= wanted || output.isBroken()) {
            done.complete(null);
        }
    }

    private static String name(EnvelopeFailure reason) {
        return reason.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
