package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.porthouse.benchmarks.RouterJvm;
import io.porthouse.protocol.FrameType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One member's outbox: runs queued and flushed, as copies and as slices, whatever the outbox would choose for itself. Figures
 * are per flush. The channel releases at once, so what an iovec costs the kernel is not in it.
 */
@State(Scope.Thread)
public class OutboxBenchmark extends RouterJvm {

    /** How much one run is; the outbox copies up to {@value Outbox#COPY_BYTES}. */
    @Param({"88", "4096", "65536"})
    private int bytes;

    /** How many a round brings the member. */
    @Param({"1", "8"})
    private int runs;

    private BenchNode bench;
    private SinkChannel member;
    private ChannelHandlerContext context;
    private Lane lane;
    private Outbox outbox;
    private SharedSlice slice;
    private ByteBuf block;
    private Run run;

    @Setup
    public void setUp() {
        bench = BenchNode.onThisThread(1);
        member = bench.connect(0, true, "room-0");
        Session session = member.session();
        context = member.pipeline().context(TcpIngress.class);
        outbox = session.outbox;
        lane = new Lane(bench.node.memory.allocator(), new Charge());
        slice = new SharedSlice();
        block = bench.node.puddles()[0].allocate(ReadBlocks.BLOCK_BYTES).writeZero(ReadBlocks.BLOCK_BYTES);
        run = Run.ofMessages(block, 0, bytes, session, 1);
    }

    @TearDown
    public void tearDown() {
        run.discard();
        block.release();
        bench.runLoops();
        bench.close();
    }

    /** The empty baseline: as many buffers through Netty's outbound buffer to the stub, and nothing else. */
    @Benchmark
    public void baselineWrite() {
        for (int i = 0; i < runs; i++) {
            ChannelFuture unused = context.write(block.retain(), context.voidPromise());
        }
        context.flush();
    }

    /** Each run is copied into the block at the lane's end. */
    @Benchmark
    public void copy() {
        for (int i = 0; i < runs; i++) {
            lane.block(false, bytes).writeBytes(block, 0, bytes);
        }
        writeLane();
    }

    /** Each run is a slice of a read buffer; as one of many members, so that the slice is shared with others. */
    @Benchmark
    public void slice() {
        for (int i = 0; i < runs; i++) {
            slice.open(run);
            lane.addSlice(slice.take(), block);
            slice.close();
        }
        writeLane();
    }

    private void writeLane() {
        for (ByteBuf next = lane.poll(); next != null; next = lane.poll()) {
            ChannelFuture unused = context.write(next, context.voidPromise());
        }
        context.flush();
    }

    /** The outbox itself, which copies or slices as it sees fit, with its accounting and the round that flushes it. */
    @Benchmark
    public void outbox() {
        for (int i = 0; i < runs; i++) {
            slice.open(run);
            if (!outbox.offerMessages(run, slice)) {
                throw new IllegalStateException("the outbox is full");
            }
            slice.close();
        }
        bench.runLoops();
    }

    /** As many PONGs: the control lane. */
    @Benchmark
    public void control() {
        for (int i = 0; i < runs; i++) {
            outbox.queueEmpty(FrameType.PONG, i);
        }
        bench.runLoops();
    }
}
