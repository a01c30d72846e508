package io.porthouse.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ControlCodec;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Gap;
import io.porthouse.protocol.MalformedBodyException;
import io.porthouse.protocol.Receipt;
import io.porthouse.protocol.Right;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** A router that does exactly what a test tells it, one blocking step after the other. */
final class ScriptedRouter implements AutoCloseable {

    static final String TOKEN = "test-token-0123456789";
    static final int LOBBY = 7;
    static final int SIDE = 8;

    private static final int TIMEOUT_SECONDS = 60;
    private static final int BACKLOG = 2_000;

    private final ServerSocket listener;

    ScriptedRouter() throws IOException {
        listener = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
        listener.setSoTimeout(TIMEOUT_SECONDS * 1000);
    }

    ConnectOptions.Builder options() {
        return ConnectOptions.to("tcp://" + TOKEN + "@127.0.0.1:" + listener.getLocalPort())
                .reconnect(false);
    }

    /** Connects while this router says WELCOME and grants both rooms; {@code lobby} is the default room. */
    Pair connect(ConnectOptions.Builder options) throws Exception {
        return connect(options, Script::welcomeWithRooms);
    }

    /** Connects while this router follows a script. */
    Pair connect(ConnectOptions.Builder options, Step script) throws Exception {
        CompletableFuture<Connection> connecting =
                CompletableFuture.supplyAsync(() -> Porthouse.connect(options.build()), ScriptedRouter::startNow);
        Script peer = accept();
        script.run(peer);
        return new Pair(soon(connecting), peer);
    }

    /** Connects, and returns how that failed. */
    PorthouseException refuse(ConnectOptions.Builder options, Step script) throws Exception {
        CompletableFuture<Connection> connecting =
                CompletableFuture.supplyAsync(() -> Porthouse.connect(options.build()), ScriptedRouter::startNow);
        try (Script peer = accept()) {
            script.run(peer);
            return failure(connecting);
        }
    }

    Script accept() throws IOException {
        return new Script(listener.accept());
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    /** What the router does in a test. */
    @FunctionalInterface
    interface Step {
        void run(Script peer) throws Exception;
    }

    private static void startNow(Runnable task) {
        Thread thread = new Thread(task, "test-connect");
        thread.setDaemon(true);
        thread.start();
    }

    /** Both ends. */
    record Pair(Connection connection, Script router) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            router.close();
            try {
                connection.close();
            } catch (PorthouseException cut) {
                assertThat(cut.kind()).isNotEqualTo(PorthouseException.Kind.INTERRUPTED);
            }
        }
    }

    /** A whole frame that came from the client. */
    record Received(ByteBuf frame) {
        byte type() {
            return Frame.type(frame, 0);
        }

        int flags() {
            return Frame.flags(frame, 0);
        }

        int room() {
            return Frame.room(frame, 0);
        }

        long correlation() {
            return Frame.sequence(frame, 0);
        }

        String text() {
            return frame.toString(Frame.HEADER_BYTES, frame.capacity() - Frame.HEADER_BYTES, StandardCharsets.UTF_8);
        }

        <T extends ControlBody> T as(Class<T> type) throws MalformedBodyException {
            return ControlCodec.decode(type, frame, 0, frame.readableBytes());
        }
    }

    /** The router's end of one connection. */
    static final class Script implements AutoCloseable {

        private final Socket socket;
        private final DataInputStream in;

        private Script(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
            socket.setSoTimeout(TIMEOUT_SECONDS * 1000);
        }

        Socket socket() {
            return socket;
        }

        InputStream input() {
            return in;
        }

        Received read() throws IOException {
            int length = in.readInt();
            byte[] bytes = new byte[Frame.LENGTH_FIELD_BYTES + length];
            in.readFully(bytes, Frame.LENGTH_FIELD_BYTES, length);
            return new Received(Unpooled.wrappedBuffer(bytes).setInt(0, length));
        }

        Received read(byte type) throws IOException {
            Received received = read();
            assertThat(FrameType.name(received.type())).isEqualTo(FrameType.name(type));
            return received;
        }

        ControlBody.Hello readHello() throws IOException {
            try {
                return read(FrameType.HELLO).as(ControlBody.Hello.class);
            } catch (MalformedBodyException e) {
                throw new IOException(e);
            }
        }

        /** Takes HELLO, and says nothing until the client gives up. */
        void awaitHello() throws IOException {
            readHello();
            awaitEnd();
        }

        /** Waits for the client to end its side. */
        void awaitEnd() throws IOException {
            assertThat(in.read()).isEqualTo(-1);
        }

        void write(Consumer<ByteBuf> frames) {
            ByteBuf out = Unpooled.buffer();
            frames.accept(out);
            byte[] bytes = new byte[out.readableBytes()];
            out.readBytes(bytes);
            write(bytes);
        }

        void write(byte[] bytes) {
            try {
                socket.getOutputStream().write(bytes);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void welcomeWithRooms() throws IOException {
            readHello();
            write(out -> {
                welcome(out, 2);
                granted(out, LOBBY, "acme/lobby", 1);
                controlFrame(out, grant("acme/side", Set.of(Right.READ), 0, "join"), SIDE, 1);
            });
        }

        void control(ControlBody body, int room, long correlation) {
            write(out -> controlFrame(out, body, room, correlation));
        }

        void message(int room, long sequence, int flags, byte[] payload) {
            write(out -> messageFrame(out, room, sequence, flags, payload));
        }

        void receipt(int room, long correlation, long sequence, int recipients) {
            write(out -> Receipt.encode(out, room, correlation, sequence, recipients));
        }

        void gap(int room, Gap gap) {
            write(out -> Gap.encode(out, room, gap.first(), gap.last(), gap.lost()));
        }

        void flow(int room, boolean paused) {
            write(out -> {
                Frame.writeHeader(out, 1, FrameType.FLOW, 0, 0, room, 0, 0);
                out.writeByte(paused ? 1 : 0);
            });
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    static void welcome(ByteBuf out, int rooms) {
        welcome(out, rooms, 30, Frame.DEFAULT_MAX_FRAME_BYTES);
    }

    static void welcome(ByteBuf out, int rooms, int heartbeat, int maxFrame) {
        controlFrame(out, new ControlBody.Welcome("s1", "n1", "acme", "t1", heartbeat, maxFrame, 4, rooms), 0, 1);
    }

    static void granted(ByteBuf out, int handle, String name, long correlation) {
        controlFrame(out, grant(name, Set.of(Right.READ, Right.WRITE), 0, "join"), handle, correlation);
    }

    static ControlBody.Granted grant(String name, Set<Right> may, long sequence, String reason) {
        return new ControlBody.Granted(name, may, "e1", sequence, reason);
    }

    static void controlFrame(ByteBuf out, ControlBody body, int room, long correlation) {
        ControlCodec.encode(out, body, room, 0, correlation);
    }

    static void text(ByteBuf out, int room, long sequence, String text) {
        messageFrame(out, room, sequence, Flags.TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    static void messageFrame(ByteBuf out, int room, long sequence, int flags, byte[] payload) {
        Frame.writeHeader(out, payload.length, FrameType.ENVELOPE, flags, 0, room, 5, sequence);
        out.writeBytes(payload);
    }

    static <T> T soon(CompletableFuture<T> future) throws Exception {
        return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    static PorthouseException failure(CompletableFuture<?> future) throws InterruptedException, TimeoutException {
        try {
            Object unexpected = future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            throw new AssertionError("expected a failure, got " + unexpected);
        } catch (ExecutionException e) {
            return (PorthouseException) e.getCause();
        }
    }
}
