package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.porthouse.benchmarks.RouterJvm;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameWalk;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * From the socket's bytes to a numbered run: reading, the walk, the checks, the stamps, the cut into runs, the room. Nobody
 * receives, so there is no delivery in it. Figures are per frame of 64 B payload.
 */
@State(Scope.Thread)
public class RouteBenchmark extends RouterJvm {

    static final int PAYLOAD_BYTES = 64;
    static final int FRAME_BYTES = Frame.HEADER_BYTES + PAYLOAD_BYTES;

    /** As many as fit into one read buffer, and into one run. */
    static final int FRAMES = 744;

    /** Rooms that follow each other frame by frame; with 1 the buffer is one run, else every frame is one. */
    @Param({"1", "2", "64"})
    private int rooms;

    private BenchNode bench;
    private SinkChannel publisher;
    private ByteBuf frames;
    private ByteBuf scratch;
    private int next;

    /** Connects a publisher that is alone in all its rooms, and does not receive. */
    @Setup
    public void setUp() {
        bench = BenchNode.onThisThread(1);
        String[] names = BenchNode.rooms(rooms);
        publisher = bench.connect(0, false, names);
        frames = bench.messages(FRAMES, PAYLOAD_BYTES, names);
        scratch = bench.node.puddles()[0].allocate(ReadBlocks.BLOCK_BYTES);
    }

    @TearDown
    public void tearDown() {
        scratch.release();
        frames.release();
        bench.close();
    }

    /** The empty baseline: what the stub for the kernel's copy costs, which is in the figures of the others too. */
    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public int baselineCopy() {
        return scratch.clear().writeBytes(frames, 0, frames.readableBytes()).readableBytes();
    }

    /** The bare walk: no checks, no stamps. */
    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public int frameWalk() {
        int end = frames.writerIndex();
        int at = 0;
        int bytes = FrameWalk.frameBytes(frames, at, end, Frame.DEFAULT_MAX_FRAME_BYTES);
        while (bytes > 0) {
            at += bytes;
            bytes = FrameWalk.frameBytes(frames, at, end, Frame.DEFAULT_MAX_FRAME_BYTES);
        }
        return at;
    }

    /** One read buffer full of frames. */
    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public void fullBuffers() {
        publisher.read(frames, 0, frames.readableBytes());
        bench.runLoops();
    }

    /** One frame a read, of the next room each time. */
    @Benchmark
    public void singleFrames() {
        publisher.read(frames, next * FRAME_BYTES, FRAME_BYTES);
        bench.runLoops();
        next = next == FRAMES - 1 ? 0 : next + 1;
    }
}
