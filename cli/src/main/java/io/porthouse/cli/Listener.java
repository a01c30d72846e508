package io.porthouse.cli;

import io.netty.buffer.ByteBuf;
import io.porthouse.client.ConnectionEvents;
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
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Prints what a connection receives, and says what happens to it. Called by the connection's handler thread. */
final class Listener implements MessageHandler, EnvelopeHandler, ConnectionEvents {

    private final PrintWriter out;
    private final PrintWriter err;
    private final long wanted;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final AtomicLong seen = new AtomicLong();

    /** @param wanted how many messages and envelopes to print */
    Listener(PrintWriter out, PrintWriter err, long wanted) {
        this.out = out;
        this.err = err;
        this.wanted = wanted;
    }

    /** Completes when enough was printed, or nobody reads it any more; fails when the connection ends. */
    CompletableFuture<Void> done() {
        return done;
    }

    /** How many messages and envelopes were printed. */
    long seen() {
        return seen.get();
    }

    /** Says something to the person, beside the messages. */
    void say(String text) {
        err.println("porthouse: " + SafeText.of(text));
    }

    @Override
    public void onMessage(Message message) {
        print(message.room(), SafeText.of(message.bytes()));
    }

    @Override
    public EnvelopeSink onEnvelope(IncomingEnvelope envelope) {
        return new EnvelopeSink() {
            private long bytes;

            @Override
            public void data(ByteBuf data) {
                bytes += data.readableBytes();
            }

            @Override
            public void complete() {
                String name = envelope.metadata().name().map(text -> " " + text).orElse("");
                print(envelope.room(), "(envelope" + SafeText.of(name) + ", " + bytes + " bytes, checksum right)");
            }

            @Override
            public void failed(EnvelopeFailure reason) {
                say("an envelope of " + envelope.room() + " was lost: " + name(reason));
            }
        };
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
        say("an envelope of " + room + " was refused: " + name(reason));
    }

    @Override
    public void onEnded(@Nullable PorthouseException cause) {
        if (cause == null) {
            done.complete(null);
        } else {
            done.completeExceptionally(cause);
        }
    }

    private void print(String room, String text) {
        if (done.isDone()) {
            return;
        }
        out.println(SafeText.of(room) + ": " + text);
        if (seen.incrementAndGet() >= wanted || out.checkError()) {
            done.complete(null);
        }
    }

    private static String name(EnvelopeFailure reason) {
        return reason.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
