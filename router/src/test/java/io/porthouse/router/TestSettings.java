package io.porthouse.router;

import io.porthouse.router.RouterSettings.Limits;
import java.time.Duration;

/** The harness's settings with a few of them changed. Every method changes and returns this one. */
final class TestSettings {

    private final Limits defaults = Limits.defaults();
    private Transport transport = Transport.best();
    private Duration heartbeat = Duration.ofSeconds(30);
    private int maxFrameBytes = defaults.maxFrameBytes();
    private int maxOpenEnvelopes = defaults.maxOpenEnvelopes();
    private int roomsPerSession = defaults.roomsPerSession();
    private int handshakes = defaults.handshakes();
    private long inboxBytes = defaults.inboxBytes();
    private long outboxBytes = defaults.outboxBytes();
    private long waitBytesPerSecond = defaults.waitBytesPerSecond();
    private long memoryBytes = defaults.memoryBytes();

    TestSettings transport(Transport kernelInterface) {
        transport = kernelInterface;
        return this;
    }

    TestSettings heartbeat(Duration silence) {
        heartbeat = silence;
        return this;
    }

    TestSettings maxFrameBytes(int bytes) {
        maxFrameBytes = bytes;
        return this;
    }

    TestSettings maxOpenEnvelopes(int envelopes) {
        maxOpenEnvelopes = envelopes;
        return this;
    }

    TestSettings roomsPerSession(int rooms) {
        roomsPerSession = rooms;
        return this;
    }

    TestSettings handshakes(int connections) {
        handshakes = connections;
        return this;
    }

    TestSettings inboxBytes(long bytes) {
        inboxBytes = bytes;
        return this;
    }

    TestSettings outboxBytes(long bytes) {
        outboxBytes = bytes;
        return this;
    }

    TestSettings waitBytesPerSecond(long bytes) {
        waitBytesPerSecond = bytes;
        return this;
    }

    TestSettings memoryBytes(long bytes) {
        memoryBytes = bytes;
        return this;
    }

    RouterSettings build() {
        RouterSettings base = RouterHarness.settings();
        Limits limits = new Limits(
                maxFrameBytes,
                maxOpenEnvelopes,
                roomsPerSession,
                handshakes,
                inboxBytes,
                outboxBytes,
                waitBytesPerSecond,
                memoryBytes);
        return new RouterSettings(base.listen(), base.nodeName(), transport, base.loops(), heartbeat, limits);
    }
}
