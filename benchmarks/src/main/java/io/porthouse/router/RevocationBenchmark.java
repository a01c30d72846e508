package io.porthouse.router;

import io.porthouse.benchmarks.RouterJvm;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A token with many live connections is revoked: from the router being told to every session being muted and having left its
 * room; the goodbyes follow. One revocation an iteration, from a node set up anew.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 10)
@Measurement(iterations = 10)
public class RevocationBenchmark extends RouterJvm {

    @Param("10000")
    private int sessions;

    private BenchNode bench;

    @Setup(Level.Invocation)
    public void setUp() {
        bench = BenchNode.onThisThread(2);
        for (int i = 0; i < sessions; i++) {
            bench.connect(i % 2, true, "room-0");
        }
    }

    @TearDown(Level.Invocation)
    public void tearDown() {
        bench.close();
    }

    @Benchmark
    public Refreshed revoke() {
        bench.revoke();
        CompletableFuture<Refreshed> refreshed =
                bench.node.tokens.refreshTokens(Set.of(BenchNode.TOKEN_ID)).toCompletableFuture();
        bench.await(refreshed::isDone);
        return refreshed.join();
    }
}
