package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.local.LocalIoHandler;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.netty.util.concurrent.Future;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ControlBody.Hello;
import io.porthouse.protocol.ControlCodec;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * A node without sockets, for benchmarks: the router's own puddles, rooms, sessions and ingress, on loops that the
 * benchmark's thread drives, and connections that end in a {@link SinkChannel}. Its ticks do not run, so no heartbeat closes
 * a session that only listens. Confined to the thread that made it.
 *
 * <p>It lies in the router's package because what it puts together is not public, and has no other reason to be.
 */
final class BenchNode {

    static final String ACCOUNT = "bench";
    static final String TOKEN_ID = "bench";
    private static final String SECRET = "bench-token-0123456789";

    final Node node;
    private final MemoryTokenSource source = new MemoryTokenSource(room -> RoomRules.DEFAULT);

    /** Those that the benchmark's thread drives. */
    private final List<ManualIoEventLoop> drivenLoops = new ArrayList<>();

    private final List<LoopThread> loopThreads = new ArrayList<>();
    private final List<SinkChannel> channels = new ArrayList<>();

    /** Makes a node whose puddles all run on the calling thread, one after the other. */
    static BenchNode onThisThread(int puddles) {
        return new BenchNode(puddles, 0);
    }

    /** Makes a node of two puddles, the first on the calling thread, the second on a thread of its own that never sleeps. */
    static BenchNode onTwoThreads() {
        return new BenchNode(1, 1);
    }

    private BenchNode(int driven, int threads) {
        if (!FastThreadLocalThread.currentThreadHasFastThreadLocal()) {
            throw new IllegalStateException(
                    "not an event loop's kind of thread: start JMH with -Djmh.executor=CUSTOM and"
                            + " -Djmh.executor.class=io.porthouse.benchmarks.LoopThreads");
        }
        grantAll();
        List<EventLoop> loops = new ArrayList<>();
        for (int i = 0; i < driven; i++) {
            drivenLoops.add(new ManualIoEventLoop(Thread.currentThread(), LocalIoHandler.newFactory()));
        }
        for (int i = 0; i < threads; i++) {
            loopThreads.add(new LoopThread());
        }
        loops.addAll(drivenLoops);
        loopThreads.forEach(thread -> loops.add(thread.loop));
        RouterSettings settings = RouterSettings.defaults();
        Memory memory = new Memory(settings.limits().memoryBytes(), loops.size());
        node = new Node(settings, source, new NoCloses(), Clock.systemUTC(), System::nanoTime, loops, memory);
        loopThreads.forEach(Thread::start);
    }

    private void grantAll() {
        Grant all = new Grant(ACCOUNT, "", true, Set.of(Right.READ, Right.WRITE), false);
        source.put(
                MemoryTokenSource.secretHash(SECRET),
                new TokenState(TOKEN_ID, ACCOUNT, List.of(all), Integer.MAX_VALUE, null, false));
    }

    /** Connects, says HELLO, and returns when the rooms are joined. */
    SinkChannel connect(int puddle, boolean receives, String... rooms) {
        SinkChannel channel = new SinkChannel();
        channels.add(channel);
        Puddle home = node.puddles()[puddle];
        channel.pipeline().addLast(new TcpIngress(node, home));
        await(home.loop().register(channel));
        ByteBuf hello = hello(receives, rooms);
        await(home.loop().submit(() -> channel.read(hello, 0, hello.readableBytes())));
        await(() -> node.handshakes.get() == 0);
        hello.release();
        if (!channel.isOpen()) {
            throw new IllegalStateException("a session of the benchmark was refused");
        }
        return channel;
    }

    /** Breaks a connection off, as when the client has crashed. */
    void disconnect(SinkChannel channel) {
        channels.remove(channel);
        await(channel.close());
        runLoops();
    }

    /** Deletes the token of all sessions; the router is not told. */
    void revoke() {
        source.remove(MemoryTokenSource.secretHash(SECRET));
    }

    private static ByteBuf hello(boolean receives, String... rooms) {
        ByteBuf hello = Unpooled.directBuffer();
        Hello body = new Hello(ControlBody.VERSION, SECRET, null, List.of(rooms), null, null, receives);
        ControlCodec.encode(hello, body, 0, 0, 1);
        return hello;
    }

    /** Returns whole messages as a client would send them, of these rooms in turn. */
    ByteBuf messages(int count, int payloadBytes, String... rooms) {
        ByteBuf frames = Unpooled.directBuffer(count * (Frame.HEADER_BYTES + payloadBytes));
        for (int i = 0; i < count; i++) {
            int handle = room(rooms[i % rooms.length]).handle();
            Frame.writeHeader(frames, payloadBytes, FrameType.ENVELOPE, 0, 0, handle, 0, 0);
            frames.writeZero(payloadBytes);
        }
        return frames;
    }

    /** Returns the names of as many rooms. */
    static String[] rooms(int count) {
        String[] rooms = new String[count];
        for (int i = 0; i < count; i++) {
            rooms[i] = "room-" + i;
        }
        return rooms;
    }

    Room room(String name) {
        Room room = node.rooms.find(new RoomName(ACCOUNT, name));
        if (room == null) {
            throw new IllegalStateException("nobody is in " + name);
        }
        return room;
    }

    /** Runs the rounds that are due on the loops of this thread, until none is. */
    void runLoops() {
        int ran;
        do {
            ran = 0;
            for (int i = 0; i < drivenLoops.size(); i++) {
                ran += drivenLoops.get(i).runNonBlockingTasks(0);
            }
        } while (ran > 0);
    }

    /** Runs the loops of this thread until something is so. */
    void await(BooleanSupplier condition) {
        do {
            runLoops();
            Thread.onSpinWait();
        } while (!condition.getAsBoolean());
    }

    private void await(Future<?> future) {
        await(future::isDone);
        future.syncUninterruptibly();
    }

    /** Returns how many messages members were handed so far. Any loops may be running. */
    long delivered() {
        long sum = 0;
        for (Puddle puddle : node.puddles()) {
            sum += puddle.stats.deliveredMessages.get();
        }
        return sum;
    }

    /** Ends all sessions and loops; fails if something was not as every benchmark means it. */
    void close() {
        long dropped = 0;
        for (Puddle puddle : node.puddles()) {
            dropped += puddle.stats.droppedMessages.get();
        }
        long gone = channels.stream().filter(channel -> !channel.isOpen()).count();
        for (Puddle puddle : node.puddles()) {
            await(puddle.loop().submit(puddle::stop));
        }
        await(() -> channels.stream().noneMatch(channel -> channel.isRegistered()));
        runLoops();
        loopThreads.forEach(LoopThread::end);
        long left = node.memory.usedBytes();
        if (dropped != 0 || gone != 0 || left != 0) {
            throw new IllegalStateException("the benchmark is wrong, or the router: " + dropped + " messages dropped, "
                    + gone + " sessions closed, " + left + " bytes of buffers not released");
        }
    }

    /** Drives one loop without ever sleeping, so that waking it is not part of what is measured. */
    private static final class LoopThread extends FastThreadLocalThread {
        private final ManualIoEventLoop loop = new ManualIoEventLoop(this, LocalIoHandler.newFactory());
        private volatile boolean ending;

        LoopThread() {
            super("second-loop");
            setDaemon(true);
        }

        @Override
        public void run() {
            while (!ending) {
                if (loop.runNonBlockingTasks(0) == 0) {
                    Thread.onSpinWait();
                }
            }
        }

        void end() {
            ending = true;
            try {
                join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static final class NoCloses implements Closes {
        @Override
        public void count(CloseCode code) {}

        @Override
        public void countLost() {}
    }
}
