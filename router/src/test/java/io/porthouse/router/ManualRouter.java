package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.FastThreadLocal;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The router's inside without threads and sockets: its loops do nothing until the test runs them, time stands still until
 * the test lets it pass, and connections are {@link ManualPeer}s. What happens is the same each time.
 */
final class ManualRouter implements AutoCloseable {

    final MemoryTokenSource tokens;
    final List<CloseCode> closes = new ArrayList<>();
    final Node node;

    /** Where all of the router's buffers come from. */
    final EmptyableAllocator allocator = new EmptyableAllocator();

    private final List<EmbeddedChannel> loops = new ArrayList<>();
    private final List<ManualPeer> peers = new ArrayList<>();
    private int lost;
    private long nanos = 1;

    ManualRouter(RouterSettings settings, Function<RoomName, RoomRules> rules) {
        this.tokens = new MemoryTokenSource(rules);
        grant(new Grant(RouterHarness.ACCOUNT, "", true, RouterHarness.READ_WRITE, false));
        List<EventLoop> each = new ArrayList<>();
        for (int i = 0; i < settings.loops(); i++) {
            EmbeddedChannel loop = new EmbeddedChannel();
            loop.freezeTime();
            loops.add(loop);
            each.add(loop.eventLoop());
        }
        node = new Node(
                settings,
                tokens,
                new Counted(),
                Clock.fixed(Instant.EPOCH, ZoneOffset.UTC),
                () -> nanos,
                each,
                new Memory(settings.limits().memoryBytes(), allocator));
        for (Puddle puddle : node.puddles()) {
            puddle.start();
        }
    }

    void grant(Grant... grants) {
        tokens.put(
                MemoryTokenSource.secretHash(RouterHarness.SECRET),
                new TokenState(RouterHarness.TOKEN_ID, RouterHarness.ACCOUNT, List.of(grants), 1000, null, false));
    }

    /** A grant of one room, or of all whose names start with what stands before the {@code *}. */
    static Grant room(String name, Set<Right> may) {
        boolean prefix = name.endsWith("*");
        return new Grant(
                RouterHarness.ACCOUNT, prefix ? name.substring(0, name.length() - 1) : name, prefix, may, false);
    }

    /** Connects without a word. */
    ManualPeer dial(int puddle) {
        ManualPeer peer = new ManualPeer(this, node, node.puddles()[puddle]);
        peers.add(peer);
        return peer;
    }

    /** Connects, and takes WELCOME and the answers to HELLO's rooms. */
    ManualPeer connect(int puddle, String... rooms) {
        ManualPeer peer = dial(puddle);
        peer.hello("'rooms':[" + (rooms.length == 0 ? "" : "'" + String.join("','", rooms) + "'") + "]");
        return peer;
    }

    /** Lets the loops and the connections do what there is to do. */
    void run() {
        boolean busy = true;
        while (busy) {
            busy = false;
            for (EmbeddedChannel loop : loops) {
                busy |= loop.hasPendingTasks();
                loop.runPendingTasks();
            }
            for (ManualPeer peer : peers) {
                busy |= peer.read();
            }
        }
    }

    /** Lets one loop alone do what there is to do. */
    void run(int puddle) {
        loops.get(puddle).runPendingTasks();
    }

    /** Lets time pass, tick by tick. */
    void pass(long millis) {
        for (long passed = 0; passed < millis; passed += Puddle.TICK_MILLIS) {
            nanos += TimeUnit.MILLISECONDS.toNanos(Puddle.TICK_MILLIS);
            loops.forEach(loop -> loop.advanceTimeBy(Puddle.TICK_MILLIS, TimeUnit.MILLISECONDS));
            run();
        }
    }

    int lost() {
        return lost;
    }

    /** Drops every connection. */
    void breakOff() {
        List.copyOf(peers).forEach(ManualPeer::breakOff);
    }

    void forget(ManualPeer peer) {
        peers.remove(peer);
    }

    /** Drops whoever is left; fails if a buffer was not released. */
    @Override
    public void close() {
        breakOff();
        for (Puddle puddle : node.puddles()) {
            puddle.stop();
            assertThat(puddle.inbox.bytes()).as("bytes in an inbox").isZero();
            assertThat(puddle.stats.suspendedPublishers.get())
                    .as("suspended publishers")
                    .isZero();
            assertThat(puddle.stats.messageLagBytes.get() + puddle.stats.chunkLagBytes.get())
                    .as("lag")
                    .isZero();
            assertThat(puddle.stats.connections.get()).as("connections").isZero();
        }
        run();
        assertThat(node.rooms.size()).as("rooms").isZero();
        assertThat(node.tokens.size()).as("tokens").isZero();
        assertThat(node.handshakes.get()).as("handshakes").isZero();
        assertThat(node.memory.usedBytes()).as("bytes of buffers").isZero();
        // The test's thread outlives the router, and would hold its arenas: MiBs for each router that a run has made.
        FastThreadLocal.removeAll();
    }

    private final class Counted implements Closes {
        @Override
        public void count(CloseCode code) {
            closes.add(code);
        }

        @Override
        public void countLost() {
            lost++;
        }
    }
}
