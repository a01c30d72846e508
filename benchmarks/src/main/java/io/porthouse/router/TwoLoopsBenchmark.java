package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.porthouse.benchmarks.RouterJvm;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Fan-out to two loops that run at the same time, so with what they pay for sharing a run: the inbox, the counters of
 * references, cache lines that move between cores. Needs two idle cores; on fewer it measures the scheduler. The clock stops
 * when both loops have delivered everything. Figures are per published frame of 64 B payload.
 */
@State(Scope.Thread)
public class TwoLoopsBenchmark extends RouterJvm {

    private static final String ROOM = "room-0";

    /** Reads before the other loop is waited for. */
    private static final int BURST = 16;

    @Param({"2", "10", "100"})
    private int members;

    private BenchNode bench;
    private SinkChannel publisher;
    private ByteBuf frames;

    /** Half of the members are on either loop. */
    @Setup
    public void setUp() {
        bench = BenchNode.onTwoThreads();
        publisher = bench.connect(0, false, ROOM);
        for (int i = 0; i < members; i++) {
            bench.connect(i % 2, true, ROOM);
        }
        frames = bench.messages(RouteBenchmark.FRAMES, RouteBenchmark.PAYLOAD_BYTES, ROOM);
    }

    @TearDown
    public void tearDown() {
        frames.release();
        bench.close();
    }

    @Benchmark
    @OperationsPerInvocation(BURST * RouteBenchmark.FRAMES)
    public void fullBuffers() {
        publish(RouteBenchmark.FRAMES);
    }

    @Benchmark
    @OperationsPerInvocation(BURST)
    public void singleFrames() {
        publish(1);
    }

    private void publish(int count) {
        long due = bench.delivered() + (long) BURST * count * members;
        for (int i = 0; i < BURST; i++) {
            publisher.read(frames, 0, count * RouteBenchmark.FRAME_BYTES);
            bench.runLoops();
        }
        bench.await(() -> bench.delivered() == due);
    }
}
