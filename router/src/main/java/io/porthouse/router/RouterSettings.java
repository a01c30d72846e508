package io.porthouse.router;

import io.porthouse.protocol.Frame;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * How a router is set up; fixed while it runs.
 *
 * @param listen the TCP address; port 0 takes a free one
 * @param nodeName shown in WELCOME
 * @param transport which kernel interface carries the sockets
 * @param loops event loops, each one puddle; at least 1
 * @param heartbeat silence after which the router sends PING; at least one second
 * @param limits every bound
 */
public record RouterSettings(
        InetSocketAddress listen, String nodeName, Transport transport, int loops, Duration heartbeat, Limits limits) {

    /** The port, on loopback until told otherwise. */
    public static final int DEFAULT_PORT = 7070;

    public static final String DEFAULT_NODE_NAME = "local";

    public static final Duration DEFAULT_HEARTBEAT = Duration.ofSeconds(30);

    /** @throws IllegalArgumentException if a value is out of its range, naming its key in the configuration */
    public RouterSettings {
        require(loops >= 1 && loops <= 1024, "router.loops must be 1 to 1024");
        require(
                heartbeat.compareTo(Duration.ofSeconds(1)) >= 0 && heartbeat.compareTo(Duration.ofHours(1)) <= 0,
                "router.heartbeatSeconds must be 1 to 3600");
        require(!nodeName.isBlank(), "node.name is empty");
    }

    /**
     * The bounds of everything that a peer can grow.
     *
     * @param maxFrameBytes the largest whole frame, 16 KiB to 16 MiB
     * @param maxOpenEnvelopes envelopes that one session may have open at once
     * @param roomsPerSession rooms that one session may hold at once
     * @param handshakes connections that have not been welcomed yet; one more is closed with 3003
     * @param inboxBytes what one puddle's inbox may pin before publishers are suspended
     * @param outboxBytes what one session's outbox may pin
     * @param waitBytesPerSecond what a member has to take who holds up a room for ten seconds, or it is closed with 3001
     * @param memoryBytes buffers of the whole node: near it budgets shrink, above it new connections get 3003
     */
    public record Limits(
            int maxFrameBytes,
            int maxOpenEnvelopes,
            int roomsPerSession,
            int handshakes,
            long inboxBytes,
            long outboxBytes,
            long waitBytesPerSecond,
            long memoryBytes) {

        public static final int DEFAULT_MAX_OPEN_ENVELOPES = 64;
        public static final int DEFAULT_ROOMS_PER_SESSION = 1024;
        public static final int DEFAULT_HANDSHAKES = 10_000;
        public static final long DEFAULT_INBOX_BYTES = 16L << 20;
        public static final long DEFAULT_OUTBOX_BYTES = 8L << 20;
        public static final long DEFAULT_WAIT_BYTES_PER_SECOND = 64L << 10;

        /** @throws IllegalArgumentException if a value is out of its range, naming its key in the configuration */
        public Limits {
            require(
                    maxFrameBytes >= Frame.MAX_HELLO_FRAME_BYTES && maxFrameBytes <= Frame.LARGEST_MAX_FRAME_BYTES,
                    "limits.maxFrameBytes must be 16 KiB to 16 MiB");
            require(maxOpenEnvelopes >= 0, "limits.maxOpenEnvelopes is negative");
            require(roomsPerSession >= 1, "limits.roomsPerSession is below 1");
            require(handshakes >= 1, "limits.handshakes is below 1");
            require(inboxBytes >= 64 << 10, "limits.inboxBytes is below 64 KiB");
            require(outboxBytes >= 64 << 10, "limits.outboxBytes is below 64 KiB");
            require(
                    waitBytesPerSecond >= 1 && waitBytesPerSecond <= 1L << 30,
                    "limits.waitBytesPerSecond must be 1 B to 1 GiB");
            require(memoryBytes >= 1 << 20, "memory.limit is below 1 MiB");
        }

        /** Returns the defaults, with {@code memoryBytes} at half of the direct memory that Netty may use. */
        public static Limits defaults() {
            return new Limits(
                    Frame.DEFAULT_MAX_FRAME_BYTES,
                    DEFAULT_MAX_OPEN_ENVELOPES,
                    DEFAULT_ROOMS_PER_SESSION,
                    DEFAULT_HANDSHAKES,
                    DEFAULT_INBOX_BYTES,
                    DEFAULT_OUTBOX_BYTES,
                    DEFAULT_WAIT_BYTES_PER_SECOND,
                    Memory.halfOfDirectMemory());
        }
    }

    /** Returns the defaults: loopback, the best transport there is, a loop per processor and at least two. */
    public static RouterSettings defaults() {
        return new RouterSettings(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), DEFAULT_PORT),
                DEFAULT_NODE_NAME,
                Transport.best(),
                defaultLoops(),
                DEFAULT_HEARTBEAT,
                Limits.defaults());
    }

    /** Returns one loop per processor, at least two, so that no blocked moment of one stops everybody. */
    public static int defaultLoops() {
        return Math.max(2, Runtime.getRuntime().availableProcessors());
    }

    /** Returns the same settings with another address. */
    public RouterSettings withListen(InetSocketAddress address) {
        return new RouterSettings(address, nodeName, transport, loops, heartbeat, limits);
    }

    /** Returns the same settings with other bounds. */
    public RouterSettings withLimits(Limits bounds) {
        return new RouterSettings(listen, nodeName, transport, loops, heartbeat, bounds);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
