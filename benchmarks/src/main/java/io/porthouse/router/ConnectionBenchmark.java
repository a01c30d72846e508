package io.porthouse.router;

import io.porthouse.benchmarks.RouterJvm;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What a storm of reconnecting clients costs, one by one: a session is made, HELLO parsed, the token attached, a room joined,
 * WELCOME and GRANTED sent; then the connection breaks off, and all of that is undone.
 */
@State(Scope.Thread)
public class ConnectionBenchmark extends RouterJvm {

    private static final String ROOM = "room-0";

    private BenchNode bench;

    /** One member stays, so that the room does. */
    @Setup
    public void setUp() {
        bench = BenchNode.onThisThread(1);
        bench.connect(0, true, ROOM);
    }

    @TearDown
    public void tearDown() {
        bench.close();
    }

    @Benchmark
    public void connectAndBreakOff() {
        bench.disconnect(bench.connect(0, true, ROOM));
    }
}
