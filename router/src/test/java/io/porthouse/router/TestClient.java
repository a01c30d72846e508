package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * A client of blocking sockets and plain byte arrays, so that it shares no code with the router but the constants. A read
 * that takes ten seconds fails the test.
 */
public final class TestClient implements AutoCloseable {

    private static final int READ_TIMEOUT_MILLIS = 60_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** One frame as received; compared by hand, never with equals. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Received(byte type, int flags, int node, int room, int origin, long sequence, byte[] body) {
        public String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        public JsonNode json() {
            try {
                return JSON.readTree(body);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        public ByteBuffer buffer() {
            return ByteBuffer.wrap(body);
        }

        @Override
        public String toString() {
            return FrameType.name(type) + "[flags=" + flags + " room=" + room + " origin=" + origin + " sequence="
                    + sequence + " body=" + (body.length > 200 ? body.length + " bytes" : text()) + "]";
        }
    }

    public final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final Map<String, Integer> handles = new HashMap<>();
    private int origin;

    public TestClient(InetSocketAddress address) throws IOException {
        this(address, 0);
    }

    /** @param receiveBufferBytes what the kernel may hold for this client, so that it is soon a slow one; 0: the default */
    public TestClient(InetSocketAddress address, int receiveBufferBytes) throws IOException {
        socket = new Socket();
        if (receiveBufferBytes > 0) {
            socket.setReceiveBufferSize(receiveBufferBytes);
        }
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(READ_TIMEOUT_MILLIS);
        socket.connect(address);
        in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream(), 1 << 16));
        out = socket.getOutputStream();
    }

    // ---- frames as bytes

    public static byte[] frame(byte type, int flags, int room, long sequence, byte[] body) {
        return ByteBuffer.allocate(Frame.HEADER_BYTES + body.length)
                .putInt(Frame.MIN_LENGTH + body.length)
                .put(type)
                .put((byte) flags)
                .putShort((short) 0)
                .putInt(room)
                .putInt(0)
                .putLong(sequence)
                .put(body)
                .array();
    }

    public static byte[] json(byte type, int room, long sequence, String body) {
        return frame(type, 0, room, sequence, body.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    public static byte[] message(int room, String text) {
        return frame(FrameType.ENVELOPE, 0, room, 0, text.getBytes(StandardCharsets.UTF_8));
    }

    /** A message whose sender wants a RECEIPT. */
    public static byte[] receiptMessage(int room, long correlation, String text) {
        return frame(FrameType.ENVELOPE, Flags.RECEIPT, room, correlation, text.getBytes(StandardCharsets.UTF_8));
    }

    public static byte[] ping(long correlation) {
        return frame(FrameType.PING, 0, 0, correlation, new byte[0]);
    }

    /** A chunk frame; the body is the chunk header's two fields and what is given. */
    public static byte[] chunk(int flags, int room, long sequence, int envelopeId, int index, byte[] rest) {
        byte[] body = ByteBuffer.allocate(8 + rest.length)
                .putInt(envelopeId)
                .putInt(index)
                .put(rest)
                .array();
        return frame(FrameType.ENVELOPE, Flags.CHUNK | flags, room, sequence, body);
    }

    public static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    // ---- sending

    public TestClient send(byte[]... frames) throws IOException {
        out.write(concat(frames));
        out.flush();
        return this;
    }

    /** Sends these bytes one by one. */
    public void sendBytewise(byte[] bytes) throws IOException {
        for (byte single : bytes) {
            out.write(single);
            out.flush();
        }
    }

    /** Sends HELLO and takes WELCOME and its answers, all of which must be GRANTED. */
    public void hello(String secret, String... rooms) throws IOException {
        String list = rooms.length == 0 ? "" : ",'rooms':['" + String.join("','", rooms) + "']";
        hello("{'version':1,'token':'" + secret + "'" + list + "}");
    }

    /** Sends this HELLO, and takes WELCOME and its answers. */
    public Received hello(String body) throws IOException {
        send(json(FrameType.HELLO, 0, 1, body));
        Received welcome = expect(FrameType.WELCOME);
        origin = welcome.origin();
        for (int i = welcome.json().get("rooms").asInt(); i > 0; i--) {
            Received granted = expect(FrameType.GRANTED);
            handles.put(granted.json().get("room").asText(), granted.room());
        }
        return welcome;
    }

    /** Joins and takes the GRANTED that answers, which must be the next frame. */
    public Received join(String room, long correlation) throws IOException {
        send(json(FrameType.JOIN, 0, correlation, "{'room':'" + room + "'}"));
        Received granted = expect(FrameType.GRANTED);
        assertThat(granted.sequence()).isEqualTo(correlation);
        handles.put(granted.json().get("room").asText(), granted.room());
        return granted;
    }

    /** The handle of a room that was granted, by its full name. */
    public int handle(String room) {
        Integer handle = handles.get(room);
        if (handle == null) {
            throw new AssertionError(room + " was not granted; held are " + handles.keySet());
        }
        return handle;
    }

    public int origin() {
        return origin;
    }

    /** Breaks the connection off: the router gets a reset. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Ends its own stream; goes on reading. */
    public void shutOutput() throws IOException {
        socket.shutdownOutput();
    }

    // ---- receiving

    public Received receive() throws IOException {
        int length = in.readInt();
        byte type = in.readByte();
        int flags = in.readUnsignedByte();
        int node = in.readUnsignedShort();
        int room = in.readInt();
        int from = in.readInt();
        long sequence = in.readLong();
        byte[] body = new byte[length - Frame.MIN_LENGTH];
        in.readFully(body);
        return new Received(type, flags, node, room, from, sequence, body);
    }

    public Received expect(byte type) throws IOException {
        Received received = receive();
        assertThat(FrameType.name(received.type())).as("%s", received).isEqualTo(FrameType.name(type));
        return received;
    }

    /** Takes frames until one of this type comes, and returns it. */
    public Received seek(byte type) throws IOException {
        Received received = receive();
        while (received.type() != type) {
            received = receive();
        }
        return received;
    }

    public Received expectMessage(String text) throws IOException {
        Received received = expect(FrameType.ENVELOPE);
        assertThat(received.text()).isEqualTo(text);
        return received;
    }

    public Received expectError(ErrorCode code) throws IOException {
        Received received = expect(FrameType.ERROR);
        assertThat(received.json().get("code").asInt()).as("%s", received).isEqualTo(code.number());
        return received;
    }

    /** Takes a RECEIPT that answers this correlation. */
    public Received expectReceipt(long correlation) throws IOException {
        Received received = expect(FrameType.RECEIPT);
        assertThat(received.sequence()).as("%s", received).isEqualTo(correlation);
        return received;
    }

    /** Takes CLOSE with this code and the end of the stream behind it; other frames may come before. */
    public void seekClose(int code) throws IOException {
        Received received = seek(FrameType.CLOSE);
        assertThat(received.json().get("code").asInt()).as("%s", received).isEqualTo(code);
        expectEnd();
    }

    /** Takes CLOSE with this code, and the end of the stream behind it. */
    public Received expectClose(int code) throws IOException {
        Received received = expect(FrameType.CLOSE);
        assertThat(received.json().get("code").asInt()).as("%s", received).isEqualTo(code);
        expectEnd();
        return received;
    }

    public void expectEnd() throws IOException {
        assertThat(in.read()).as("the end of the stream").isEqualTo(-1);
    }

    /** Proves that nothing is on its way: the answer to a PING is the next frame. */
    public void expectNothing(long correlation) throws IOException {
        send(frame(FrameType.PING, 0, 0, correlation, new byte[0]));
        assertThat(expect(FrameType.PONG).sequence()).isEqualTo(correlation);
    }

    /** Takes bytes as they come, whatever they mean; from then on this client knows no frames any more. */
    public byte[] readBytes(int bytes) throws IOException {
        return in.readNBytes(bytes);
    }

    /** Reads until the connection ends, however it ends. */
    public void drain() throws IOException {
        try {
            while (in.read() >= 0) {
                in.skipNBytes(in.available());
            }
        } catch (EOFException e) {
            // As good as -1.
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
