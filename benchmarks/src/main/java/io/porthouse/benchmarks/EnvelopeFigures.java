package io.porthouse.benchmarks;

import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Envelopes from one publisher to a few receivers through whatever listens on a port of loopback, and a member that reads
 * nothing. One thread, raw sockets, no check of what arrives but its length, so that only the server differs.
 *
 * <pre>
 * java -cp benchmarks.jar io.porthouse.benchmarks.EnvelopeFigures transfer PORT TOKEN ROOM RECEIVERS MIB ROUNDS [PID]
 * java -cp benchmarks.jar io.porthouse.benchmarks.EnvelopeFigures stall PORT TOKEN ROOM MIB
 * </pre>
 */
public final class EnvelopeFigures {

    private static final int CHUNK_BYTES = 256 << 10;
    private static final int CHUNK_HEADER_BYTES = 8;
    private static final int FIRST_CHUNK_HEADER_BYTES = 18;
    private static final int CRC_BYTES = 4;
    private static final int MESSAGE_BYTES = 64_000;

    /** The publisher is never further ahead of the slowest receiver, so that a server without flow control keeps up. */
    private static final long WINDOW_BYTES = 8L << 20;

    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");

    private final Selector selector = Selector.open();
    private final ByteBuffer sink = ByteBuffer.allocateDirect(1 << 20);
    private final ByteBuffer space = ByteBuffer.allocateDirect(CHUNK_BYTES + 1024);
    private final int port;
    private final String token;
    private final String room;
    private int handle;
    private int envelope;

    /** One connection: what it has read since its handshake. */
    private static final class End {
        private final SocketChannel channel;
        private long readBytes;

        End(SocketChannel channel) {
            this.channel = channel;
        }
    }

    private EnvelopeFigures(String[] arguments) throws IOException {
        port = Integer.parseInt(arguments[1]);
        token = arguments[2];
        room = arguments[3];
    }

    public static void main(String[] arguments) throws Exception {
        EnvelopeFigures figures = new EnvelopeFigures(arguments);
        if (arguments[0].equals("stall")) {
            figures.stall(Integer.parseInt(arguments[4]));
        } else {
            String pid = arguments.length > 7 ? arguments[7] : "self";
            figures.transfers(
                    Integer.parseInt(arguments[4]),
                    Integer.parseInt(arguments[5]),
                    Integer.parseInt(arguments[6]),
                    pid);
        }
    }

    // ---- connections

    /** Connects, and reads until the room is granted. */
    private SocketChannel connect(boolean receive) throws IOException {
        SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        byte[] hello = ("{\"version\":1,\"token\":\"" + token + "\",\"rooms\":[\"" + room + "\"],\"receive\":" + receive
                        + "}")
                .getBytes(StandardCharsets.UTF_8);
        channel.write(frame(FrameType.HELLO, 0, hello));
        while (true) {
            ByteBuffer header = read(channel, Frame.HEADER_BYTES);
            read(channel, header.getInt(0) - Frame.MIN_LENGTH);
            if (header.get(Integer.BYTES) == FrameType.GRANTED) {
                handle = header.getInt(2 * Integer.BYTES);
                return channel;
            }
        }
    }

    private static ByteBuffer read(SocketChannel channel, int bytes) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(bytes);
        while (into.hasRemaining()) {
            if (channel.read(into) < 0) {
                throw new EOFException("the server has ended the connection");
            }
        }
        return into;
    }

    private static ByteBuffer frame(byte type, int room, byte[] body) {
        ByteBuffer frame = ByteBuffer.allocateDirect(Frame.HEADER_BYTES + body.length);
        putHeader(frame, type, 0, room, body.length);
        return frame.put(body).flip();
    }

    private static void putHeader(ByteBuffer frame, byte type, int flags, int room, int bodyBytes) {
        frame.putInt(Frame.MIN_LENGTH + bodyBytes)
                .put(type)
                .put((byte) flags)
                .putShort((short) 0)
                .putInt(room)
                .putInt(0)
                .putLong(0);
    }

    // ---- envelopes

    private void transfers(int receivers, int mebibytes, int rounds, String pid) throws IOException {
        End[] ends = new End[receivers];
        for (int i = 0; i < receivers; i++) {
            ends[i] = new End(connect(true));
            register(ends[i]);
        }
        End publisher = new End(connect(false));
        register(publisher);
        long before = residentKibibytes(pid);
        for (int i = 0; i < rounds; i++) {
            long cpuBefore = cpuTicks(pid);
            long start = System.nanoTime();
            long mostResident = transfer(publisher, ends, ((long) mebibytes << 20) / CHUNK_BYTES, pid);
            double seconds = (System.nanoTime() - start) / 1e9;
            System.out.printf(
                    Locale.ROOT,
                    "%d MiB to %d: %.3f s, %.0f MB/s delivered, server CPU %.2f s, resident %d MiB before, %d MiB at most%n",
                    mebibytes,
                    receivers,
                    seconds,
                    (double) mebibytes * receivers * (1 << 20) / seconds / 1e6,
                    (cpuTicks(pid) - cpuBefore) / 100.0,
                    before >> 10,
                    mostResident >> 10);
        }
    }

    private void register(End end) throws IOException {
        end.channel.configureBlocking(false);
        end.channel.register(selector, SelectionKey.OP_READ, end);
    }

    /** Sends one envelope and waits until all have it; returns the most that the server had resident. */
    private long transfer(End publisher, End[] receivers, long chunks, String pid) throws IOException {
        envelope++;
        long base = receivers[0].readBytes;
        for (End receiver : receivers) {
            receiver.readBytes = base;
        }
        long mostResident = 0;
        long written = base;
        long index = 0;
        ByteBuffer chunk = ByteBuffer.allocate(0);
        SelectionKey writing = publisher.channel.keyFor(selector);
        long least = base;
        while (index < chunks || chunk.hasRemaining() || least < written) {
            boolean mayWrite = true;
            while (mayWrite && written - least < WINDOW_BYTES) {
                if (!chunk.hasRemaining()) {
                    if (index == chunks) {
                        break;
                    }
                    chunk = chunk(index, ++index == chunks);
                }
                written += publisher.channel.write(chunk);
                mayWrite = !chunk.hasRemaining();
            }
            writing.interestOps(mayWrite ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            selector.select(this::read, 1);
            least = Long.MAX_VALUE;
            for (End receiver : receivers) {
                least = Math.min(least, receiver.readBytes);
            }
            if (index % 256 == 0) {
                mostResident = Math.max(mostResident, residentKibibytes(pid));
            }
        }
        return mostResident;
    }

    private void read(SelectionKey key) {
        if (!key.isReadable()) {
            return;
        }
        End end = (End) key.attachment();
        try {
            int read = end.channel.read(sink.clear());
            if (read < 0) {
                throw new IllegalStateException("the server has ended a connection");
            }
            end.readBytes += read;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the chunk, in a buffer that the next call may use again. */
    private ByteBuffer chunk(long index, boolean isLast) {
        boolean isFirst = index == 0;
        ByteBuffer frame = space.clear();
        int bodyBytes =
                (isFirst ? FIRST_CHUNK_HEADER_BYTES : CHUNK_HEADER_BYTES) + CHUNK_BYTES + (isLast ? CRC_BYTES : 0);
        putHeader(frame, FrameType.ENVELOPE, Flags.CHUNK | (isLast ? Flags.LAST : 0), handle, bodyBytes);
        frame.putInt(envelope).putInt((int) index);
        if (isFirst) {
            frame.putLong(-1).putShort((short) 0);
        }
        return frame.position(0).limit(Frame.HEADER_BYTES + bodyBytes);
    }

    // ---- a member that reads nothing

    /** Joins and reads nothing, fills what the server and the kernel keep for it, and stays until standard input ends. */
    private void stall(int mebibytes) throws IOException {
        try (SocketChannel stalled = connect(true);
                SocketChannel publisher = connect(false)) {
            ByteBuffer message = frame(FrameType.ENVELOPE, handle, new byte[MESSAGE_BYTES]);
            for (long sent = 0; sent < (long) mebibytes << 20; sent += MESSAGE_BYTES) {
                message.clear();
                while (message.hasRemaining()) {
                    publisher.write(message);
                }
            }
            System.out.println("stalled: " + stalled.getLocalAddress());
            while (System.in.read() >= 0) {
                // Until it ends.
            }
        }
    }

    // ---- the server's process

    private static long residentKibibytes(String pid) throws IOException {
        Matcher matcher = RESIDENT.matcher(Files.readString(Path.of("/proc", pid, "status")));
        return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
    }

    /** Returns what the process has used, in hundredths of a second. */
    private static long cpuTicks(String pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", pid, "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }
}
