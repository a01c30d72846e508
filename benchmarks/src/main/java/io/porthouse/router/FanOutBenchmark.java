package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.porthouse.benchmarks.RouterJvm;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The whole way of a message but for system calls: read, routed, offered, delivered to every member, flushed. All loops run
 * on one thread, one after the other, so figures are processor time without contention; {@link TwoLoopsBenchmark} has that.
 * Figures are per published frame of 64 B payload; {@code deliveries} is the time of one delivery.
 */
@State(Scope.Thread)
public class FanOutBenchmark extends RouterJvm {

    private static final String ROOM = "room-0";

    @Param({"1", "10", "100", "1000"})
    private int members;

    /** Members sit on them in turn; the publisher is on the first. */
    @Param({"1", "2"})
    private int puddles;

    private BenchNode bench;
    private SinkChannel publisher;
    private ByteBuf frames;
    private ByteBuf oneFrame;
    private ChannelHandlerContext[] contexts;

    @Setup
    public void setUp() {
        bench = BenchNode.onThisThread(puddles);
        publisher = bench.connect(0, false, ROOM);
        contexts = new ChannelHandlerContext[members];
        for (int i = 0; i < members; i++) {
            SinkChannel member = bench.connect((i + 1) % puddles, true, ROOM);
            contexts[i] = member.pipeline().context(TcpIngress.class);
        }
        frames = bench.messages(RouteBenchmark.FRAMES, RouteBenchmark.PAYLOAD_BYTES, ROOM);
        oneFrame = bench.messages(1, RouteBenchmark.PAYLOAD_BYTES, ROOM);
    }

    @TearDown
    public void tearDown() {
        frames.release();
        oneFrame.release();
        bench.close();
    }

    /** The empty baseline: a buffer written and flushed to every member's stub, and nothing else. */
    @Benchmark
    public void baselineWrites(Deliveries counted) {
        for (ChannelHandlerContext context : contexts) {
            ChannelFuture unused = context.write(oneFrame.retain(), context.voidPromise());
            context.flush();
        }
        counted.deliveries += contexts.length;
    }

    /** Runs of 64 KiB, of which members keep slices. */
    @Benchmark
    @OperationsPerInvocation(RouteBenchmark.FRAMES)
    public void fullBuffers(Deliveries counted) {
        publish(RouteBenchmark.FRAMES, counted);
    }

    /** Runs of one frame, which is copied to each member: the traffic without runs. */
    @Benchmark
    public void singleFrames(Deliveries counted) {
        publish(1, counted);
    }

    private void publish(int count, Deliveries counted) {
        long before = bench.delivered();
        publisher.read(frames, 0, count * RouteBenchmark.FRAME_BYTES);
        bench.runLoops();
        counted.deliveries += bench.delivered() - before;
    }

    /** What reached members. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Deliveries {
        public long deliveries;
    }
}
