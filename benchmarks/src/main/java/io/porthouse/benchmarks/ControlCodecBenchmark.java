package io.porthouse.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ControlBody.Granted;
import io.porthouse.protocol.ControlBody.Hello;
import io.porthouse.protocol.ControlBody.Join;
import io.porthouse.protocol.ControlBody.Welcome;
import io.porthouse.protocol.ControlCodec;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.MalformedBodyException;
import io.porthouse.protocol.Right;
import java.util.List;
import java.util.Set;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** JSON bodies of control frames, to bytes and back: paid a connection or a join, never a message. */
@State(Scope.Thread)
public class ControlCodecBenchmark extends RouterJvm {

    private static final Welcome WELCOME =
            new Welcome("4711", "local", "bench", "0123456789ab", 30, Frame.DEFAULT_MAX_FRAME_BYTES, 64, 2);
    private static final Granted GRANTED =
            new Granted("bench/lobby", Set.of(Right.READ, Right.WRITE), "mf0k2x1c-1", 1_234_567, Granted.JOIN);

    private final ByteBuf out = Unpooled.directBuffer(1024);
    private final ByteBuf hello = frame(new Hello(
            ControlBody.VERSION, "bench-token-0123456789", "bench/1.0", List.of("lobby", "r1"), "lobby", null, true));
    private final ByteBuf join = frame(new Join("bench/lobby", null));

    private static ByteBuf frame(ControlBody body) {
        ByteBuf frame = Unpooled.directBuffer();
        ControlCodec.encode(frame, body, 0, 0, 1);
        return frame;
    }

    @TearDown
    public void tearDown() {
        out.release();
        hello.release();
        join.release();
    }

    @Benchmark
    public Hello decodeHello() throws MalformedBodyException {
        return ControlCodec.decode(Hello.class, hello, 0, hello.readableBytes());
    }

    @Benchmark
    public Join decodeJoin() throws MalformedBodyException {
        return ControlCodec.decode(Join.class, join, 0, join.readableBytes());
    }

    @Benchmark
    public int encodeWelcome() {
        ControlCodec.encode(out.clear(), WELCOME, 0, 4711, 1);
        return out.readableBytes();
    }

    @Benchmark
    public int encodeGranted() {
        ControlCodec.encode(out.clear(), GRANTED, 7, 0, 1);
        return out.readableBytes();
    }
}
