package io.porthouse.benchmarks;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.ConnectionEvents;
import io.porthouse.client.IncomingEnvelope;
import io.porthouse.client.Porthouse;
import io.porthouse.client.PorthouseException;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeSink;
import io.porthouse.protocol.Gap;
import io.porthouse.protocol.Right;
import io.porthouse.router.Backpipe;
import io.porthouse.router.Grant;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.RoomRules;
import io.porthouse.router.Router;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.TokenState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** What runs in a {@link Station}: says one line when it is ready, and one with its counters for each that it reads. */
final class StationMain {

    private static final String SECRET = "station-0123456789abcdef";

    /** Of a backpipe into all rooms of the account. */
    static final String KEY = "phk_station-0123456789abcdef";

    static final String ROOM = "bench/room";

    private long messages;
    private long payloadBytes;
    private long lost;

    private StationMain() {}

    /** What belongs together is counted in one step, so that whoever reads in between sees all of it or nothing. */
    private synchronized void count(int messages, int payloadBytes, long lost) {
        this.messages += messages;
        this.payloadBytes += payloadBytes;
        this.lost += lost;
    }

    private synchronized Station.Counters counters(long cpuNanos) {
        return new Station.Counters(messages, payloadBytes, lost, cpuNanos);
    }

    public static void main(String[] arguments) throws Exception {
        StationMain station = new StationMain();
        switch (arguments[0]) {
            case "router" -> station.route();
            case "subscriber" -> station.subscribe(arguments[1]);
            default -> station.publish(arguments[1], arguments[2].equals("envelopes"), Integer.parseInt(arguments[3]));
        }
        System.exit(0);
    }

    private void route() throws Exception {
        MemoryTokenSource tokens = new MemoryTokenSource(room -> RoomRules.DEFAULT);
        Grant grant = new Grant("bench", "room", false, Set.of(Right.READ, Right.WRITE), true);
        tokens.put(
                MemoryTokenSource.secretHash(SECRET),
                new TokenState("bench", "bench", List.of(grant), 10, null, false));
        tokens.put(
                MemoryTokenSource.secretHash(KEY),
                new TokenState(
                        "key",
                        "bench",
                        List.of(),
                        10,
                        TokenState.NOT_COUNTED,
                        null,
                        false,
                        TokenState.NO_TRANSIENT_ROOMS,
                        Backpipe.ACCOUNT));
        RouterSettings settings =
                RouterSettings.defaults().withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        try (Router router = Router.start(settings, tokens, new SimpleMeterRegistry(), Clock.systemUTC())) {
            answer("tcp://" + SECRET + "@127.0.0.1:" + router.address().getPort());
        }
    }

    private void subscribe(String address) throws IOException {
        ConnectOptions options = ConnectOptions.to(address)
                .onMessage(message -> count(1, message.bytes().length, 0))
                .onEnvelope(Counting::new)
                .events(new ConnectionEvents() {
                    @Override
                    public void onGap(String room, Gap gap) {
                        count(0, 0, gap.lost());
                    }
                })
                .build();
        try (Connection connection = Porthouse.connect(options)) {
            answer(connection.session());
        }
    }

    private void publish(String address, boolean envelopes, int bytes) throws IOException {
        byte[] payload = new byte[envelopes ? 1 << 20 : bytes];
        Arrays.fill(payload, (byte) 'x');
        try (Connection connection = Porthouse.connect(address)) {
            Thread sender = new Thread(() -> send(connection, envelopes, payload, bytes), "sender");
            sender.setDaemon(true);
            sender.start();
            answer(connection.session());
        }
    }

    private static void send(Connection connection, boolean envelopes, byte[] payload, int bytes) {
        try {
            while (true) {
                if (envelopes) {
                    var unused = connection.send(ROOM, Envelope.of(new Repeated(payload, bytes), bytes));
                } else {
                    connection.post(ROOM, payload);
                }
            }
        } catch (PorthouseException e) {
            if (e.kind() != PorthouseException.Kind.CLOSED) {
                throw e;
            }
        }
    }

    private void answer(String ready) throws IOException {
        System.out.println(ready);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (in.readLine() != null) {
            System.out.println(counters(cpuNanos()).line());
        }
    }

    private static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getProcessCpuTime();
    }

    /** Counts an envelope's bytes as they come. */
    private final class Counting implements EnvelopeSink {

        Counting(IncomingEnvelope envelope) {
            assert envelope.totalBytes() >= 0;
        }

        @Override
        public void data(ByteBuf data) {
            count(0, data.readableBytes(), 0);
        }

        @Override
        public void complete() {
            count(1, 0, 0);
        }

        @Override
        public void failed(EnvelopeFailure reason) {
            count(0, 0, 1);
        }
    }

    /** A block again and again, until so many bytes were read. */
    private static final class Repeated extends InputStream {
        private final byte[] block;
        private long left;

        Repeated(byte[] block, long bytes) {
            this.block = block;
            this.left = bytes;
        }

        @Override
        public int read() {
            if (left == 0) {
                return -1;
            }
            left--;
            return block[0];
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            if (left == 0) {
                return -1;
            }
            int bytes = (int) Math.min(left, Math.min(length, block.length));
            System.arraycopy(block, 0, into, offset, bytes);
            left -= bytes;
            return bytes;
        }
    }
}
