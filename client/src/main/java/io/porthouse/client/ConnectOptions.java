package io.porthouse.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ControlCodec;
import io.porthouse.protocol.Frame;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How to connect. Immutable; made by a {@link Builder}.
 *
 * <pre>{@code
 * ConnectOptions options = ConnectOptions.to("@conf")
 *         .onMessage(message -> System.out.println(message.text()))
 *         .build();
 * }</pre>
 */
public final class ConnectOptions {

    /** What stands for the connection file: {@code $PORTHOUSE_CONF}, {@code .porthouse} here or above, or at home. */
    public static final String CONF = "@conf";

    private static final Pattern SECRET = Pattern.compile("[A-Za-z0-9._~-]{1,255}");

    final Address address;
    final String token;
    final String client;
    final @Nullable List<String> rooms;
    final @Nullable String defaultRoom;
    final boolean echo;
    final @Nullable MessageHandler messageHandler;
    final @Nullable EnvelopeHandler envelopeHandler;
    final ConnectionEvents events;
    final Duration connectTimeout;
    final Duration sendTimeout;
    final Duration closeTimeout;
    final int sendBufferBytes;
    final int receiveBufferBytes;
    final int maxUnacknowledged;
    final int maxIncomingEnvelopes;
    final boolean nativeTransport;
    final boolean reconnect;
    final Duration reconnectFirst;
    final Duration reconnectLongest;
    final int offlineQueueBytes;
    final Duration offlineQueueAge;
    final @Nullable Timing timing;

    private ConnectOptions(Builder builder, String token) {
        address = builder.address;
        this.token = token;
        client = builder.client;
        rooms = builder.rooms;
        defaultRoom = builder.defaultRoom;
        echo = builder.echo;
        messageHandler = builder.messageHandler;
        envelopeHandler = builder.envelopeHandler;
        events = builder.events;
        connectTimeout = builder.connectTimeout;
        sendTimeout = builder.sendTimeout;
        closeTimeout = builder.closeTimeout;
        sendBufferBytes = builder.sendBufferBytes;
        receiveBufferBytes = builder.receiveBufferBytes;
        maxUnacknowledged = builder.maxUnacknowledged;
        maxIncomingEnvelopes = builder.maxIncomingEnvelopes;
        nativeTransport = builder.nativeTransport;
        reconnect = builder.reconnect;
        reconnectFirst = builder.reconnectFirst;
        reconnectLongest = builder.reconnectLongest;
        offlineQueueBytes = builder.offlineQueueBytes;
        offlineQueueAge = builder.offlineQueueAge;
        timing = builder.timing;
    }

    /**
     * Starts with a router's address.
     *
     * @param where {@code tcp://token@host:port}, {@code tcp://host:port} (then {@link Builder#token} is needed; the port
     *     is 7070 if left out), or {@link #CONF}
     * @throws PorthouseException ({@link Kind#USAGE}) if it is none of these, or no connection file was found
     */
    public static Builder to(String where) {
        return new Builder(where.equals(CONF) ? ConfFile.require().address() : Address.parse(where));
    }

    /** Whether rooms are received from the start, because something handles what comes. */
    boolean receivesFromStart() {
        return messageHandler != null || envelopeHandler != null;
    }

    /** What the first frame says. */
    ControlBody.Hello hello() {
        return new ControlBody.Hello(
                ControlBody.VERSION,
                token,
                client,
                rooms,
                defaultRoom,
                echo ? true : null,
                receivesFromStart() ? null : false);
    }

    /**
     * Encodes it to see. That also loads what it takes, before there is a connection: a router does not wait for long for the
     * first frame, and a JVM that has just started on a busy machine may need seconds for its first JSON.
     */
    private void requireHelloFits() {
        ByteBuf frame = Unpooled.buffer();
        try {
            ControlCodec.encode(frame, hello(), 0, 0, 0);
            if (frame.readableBytes() > Frame.MAX_HELLO_FRAME_BYTES) {
                throw new PorthouseException(
                        Kind.USAGE, "too much to say at once; join some of the rooms after connecting");
            }
        } finally {
            frame.release();
        }
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "ConnectOptions[" + address + "]";
    }

    /** Collects options; confined to one thread. */
    public static final class Builder {

        private final Address address;
        private @Nullable String token;
        private String client = "porthouse-java/" + Porthouse.version();
        private @Nullable List<String> rooms;
        private @Nullable String defaultRoom;
        private boolean echo;
        private @Nullable MessageHandler messageHandler;
        private @Nullable EnvelopeHandler envelopeHandler;
        private ConnectionEvents events = ConnectionEvents.NONE;
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration sendTimeout = Duration.ofSeconds(30);
        private Duration closeTimeout = Duration.ofSeconds(10);
        private int sendBufferBytes = 4 << 20;
        private int receiveBufferBytes = 4 << 20;
        private int maxUnacknowledged = 1 << 16;
        private int maxIncomingEnvelopes = 1024;
        private boolean nativeTransport = true;
        private boolean reconnect = true;
        private Duration reconnectFirst = Duration.ofMillis(500);
        private Duration reconnectLongest = Duration.ofSeconds(30);
        private int offlineQueueBytes = 1 << 20;
        private Duration offlineQueueAge = Duration.ofMinutes(1);
        private @Nullable Timing timing;

        private Builder(Address address) {
            this.address = address;
            this.token = address.token();
        }

        /** The token's secret; it beats one that the address holds. */
        public Builder token(String secret) {
            token = secret;
            return this;
        }

        /** Name and version of the program, for the router's logs: {@code name/1.0}. */
        public Builder client(String nameAndVersion) {
            client = nameAndVersion;
            return this;
        }

        /** The rooms to join at once, instead of those that the token joins by itself. One that is refused fails the connect. */
        public Builder rooms(List<String> names) {
            rooms = List.copyOf(names);
            return this;
        }

        /** The room for what is sent without naming one; joined too. Else it is the only room with the right to write. */
        public Builder defaultRoom(String name) {
            defaultRoom = name;
            return this;
        }

        /** Whether the connection's own messages come back to it; otherwise they don't. */
        public Builder echo(boolean wanted) {
            echo = wanted;
            return this;
        }

        /**
         * Handles the messages of every room that has no handler of its own. With it, or {@link #onEnvelope}, rooms are
         * received from the start; without, only those that {@link Connection#receive} names.
         */
        public Builder onMessage(MessageHandler handler) {
            messageHandler = handler;
            return this;
        }

        /** Handles the envelopes of every room that has no handler of its own. */
        public Builder onEnvelope(EnvelopeHandler handler) {
            envelopeHandler = handler;
            return this;
        }

        /** Is told of grants, withdrawals, gaps and the end. */
        public Builder events(ConnectionEvents listener) {
            events = listener;
            return this;
        }

        /** How long connecting and joining may take; 10 s unless set. */
        public Builder connectTimeout(Duration limit) {
            connectTimeout = positive(limit);
            return this;
        }

        /** How long a send waits for room in a full send buffer; 30 s unless set. */
        public Builder sendTimeout(Duration limit) {
            sendTimeout = positive(limit);
            return this;
        }

        /** How long closing waits for outstanding receipts, and then for the router; 10 s unless set. */
        public Builder closeTimeout(Duration limit) {
            closeTimeout = positive(limit);
            return this;
        }

        /** The most bytes that are accepted for sending and not yet in the socket; 4 MiB unless set, at least 64 KiB. */
        public Builder sendBufferBytes(int bytes) {
            sendBufferBytes = atLeast(64 << 10, bytes, "sendBufferBytes");
            return this;
        }

        /** The bytes received and not yet handled above which reading stops; 4 MiB unless set, at least 64 KiB. */
        public Builder receiveBufferBytes(int bytes) {
            receiveBufferBytes = atLeast(64 << 10, bytes, "receiveBufferBytes");
            return this;
        }

        /** The most receipts that may be outstanding before a send waits; 65,536 unless set. */
        public Builder maxUnacknowledged(int count) {
            maxUnacknowledged = atLeast(1, count, "maxUnacknowledged");
            return this;
        }

        /** The most envelopes that may be arriving at once; 1,024 unless set. More are refused, one by one. */
        public Builder maxIncomingEnvelopes(int count) {
            maxIncomingEnvelopes = atLeast(1, count, "maxIncomingEnvelopes");
            return this;
        }

        /**
         * Whether to use epoll where its native library loads: faster for much traffic, while without it the first
         * connection of a process is made sooner.
         */
        public Builder nativeTransport(boolean wanted) {
            nativeTransport = wanted;
            return this;
        }

        /**
         * Whether a connection that is lost comes back by itself, with the rooms and handlers that it had: yes unless set.
         * It does not if the router's close code says that this would not help, and the first connect is tried once only.
         * Without it, the end of the connection is final.
         */
        public Builder reconnect(boolean wanted) {
            reconnect = wanted;
            return this;
        }

        /**
         * How long to wait before connecting again: about the first time, doubling up to about the longest, with chance in
         * it; 0.5 s and 30 s unless set. A router that names a time itself is given that, and some chance.
         */
        public Builder reconnectDelays(Duration first, Duration longest) {
            if (positive(first).compareTo(positive(longest)) > 0) {
                throw new IllegalArgumentException("the first delay is at most the longest");
            }
            reconnectFirst = first;
            reconnectLongest = longest;
            return this;
        }

        /**
         * The most bytes that are kept for sending while the connection is lost; 1 MiB unless set; 0: none. What doesn't fit
         * is refused at once ({@link Kind#FULL}).
         */
        public Builder offlineQueueBytes(int bytes) {
            offlineQueueBytes = atLeast(0, bytes, "offlineQueueBytes");
            return this;
        }

        /** How long something is kept while the connection is lost, before it fails ({@link Kind#EXPIRED}); 60 s unless set. */
        public Builder offlineQueueAge(Duration limit) {
            offlineQueueAge = positive(limit);
            return this;
        }

        Builder timing(Timing clockAndTimers) {
            timing = clockAndTimers;
            return this;
        }

        /**
         * Makes the options.
         *
         * @throws PorthouseException ({@link Kind#USAGE}) if there is no token, or it cannot be one, or so many rooms are named
         *     that they don't fit into the first frame
         */
        public ConnectOptions build() {
            String secret = token;
            if (secret == null) {
                throw new PorthouseException(
                        Kind.USAGE,
                        "no token for " + address + "; put it into the address (tcp://token@host:port) or the"
                                + " connection file, or give it separately");
            }
            if (!SECRET.matcher(secret).matches()) {
                throw new PorthouseException(
                        Kind.USAGE, "the token for " + address + " has characters that no token has; copy it again");
            }
            ConnectOptions built = new ConnectOptions(this, secret);
            built.requireHelloFits();
            return built;
        }

        private static Duration positive(Duration limit) {
            if (limit.isNegative() || limit.isZero()) {
                throw new IllegalArgumentException("a time limit must be more than nothing");
            }
            return limit;
        }

        private static int atLeast(int least, int value, String name) {
            if (value < least) {
                throw new IllegalArgumentException(name + " must be at least " + least + ", not " + value);
            }
            return value;
        }
    }
}
