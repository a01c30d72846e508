package io.porthouse.cli;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.ConnectionEvents;
import io.porthouse.client.EnvelopeException;
import io.porthouse.client.EnvelopeHandler;
import io.porthouse.client.EnvelopeStream;
import io.porthouse.client.Porthouse;
import io.porthouse.client.PorthouseException;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.Gap;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A client that comes back when its router does, and writes down what it is told: messages are numbers, envelopes named. */
final class WatchedClient implements ConnectionEvents {

    private static final int BLOCK_BYTES = 16 << 10;

    /** The messages, in the order in which they came. */
    final Queue<Integer> messages = new ConcurrentLinkedQueue<>();

    /** By name: the SHA-256 of an envelope that came whole, the exception of one that didn't. */
    final Map<String, Object> envelopes = new ConcurrentHashMap<>();

    /** How many envelopes began. */
    final AtomicInteger begun = new AtomicInteger();

    /** How much of them all was read. */
    final AtomicLong readBytes = new AtomicLong();

    /** Why the connection was lost or could not be made again, and that it is back, as it was told. */
    final Queue<String> fate = new ConcurrentLinkedQueue<>();

    /** What was told and should not have been. */
    final Queue<String> troubles = new ConcurrentLinkedQueue<>();

    final Connection connection;

    /** Connects; a receiver gets what others send to its rooms. */
    WatchedClient(ConnectOptions.Builder options, boolean receives) {
        if (receives) {
            options.onMessage(message -> messages.add(Integer.valueOf(message.text())));
            options.onEnvelope(EnvelopeHandler.stream(this::read));
        }
        connection = Porthouse.connect(options.events(this)
                .reconnectDelays(Duration.ofMillis(50), Duration.ofMillis(200))
                .build());
    }

    private void read(EnvelopeStream stream) throws IOException {
        begun.incrementAndGet();
        String name = stream.envelope().metadata().name().orElseThrow();
        Object outcome;
        try {
            outcome = sha256(stream);
        } catch (EnvelopeException e) {
            outcome = e;
        }
        if (envelopes.putIfAbsent(name, outcome) != null) {
            troubles.add(name + " ended twice");
        }
    }

    private String sha256(EnvelopeStream stream) throws IOException {
        MessageDigest digest = RandomFile.sha256();
        byte[] block = new byte[BLOCK_BYTES];
        for (int read = stream.read(block); read >= 0; read = stream.read(block)) {
            digest.update(block, 0, read);
            readBytes.addAndGet(read);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Whether it was told that the connection is back. */
    boolean isBack() {
        return fate.contains("BACK");
    }

    @Override
    public void onDisconnected(PorthouseException cause, Duration retryIn) {
        fate.add(cause.kind().name());
    }

    @Override
    public void onReconnected() {
        fate.add("BACK");
    }

    @Override
    public void onEnvelopeRefused(String room, EnvelopeFailure reason) {
        troubles.add("an envelope was refused: " + reason);
    }

    @Override
    public void onWithdrawn(String room, String reason) {
        troubles.add(room + " was withdrawn: " + reason);
    }

    @Override
    public void onGap(String room, Gap gap) {
        troubles.add("messages were lost: " + gap);
    }

    @Override
    public void onRejected(PorthouseException refusal, long count) {
        troubles.add("the router refused something: " + refusal.getMessage());
    }

    @Override
    public void onDropped(PorthouseException cause, long count) {
        troubles.add("messages were dropped: " + cause.getMessage());
    }
}
