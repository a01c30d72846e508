package io.porthouse.benchmarks;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.internal.ThreadExecutorMap;
import io.porthouse.benchmarks.LoopProbe.Held;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Grant;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.Refreshed;
import io.porthouse.router.RoomRules;
import io.porthouse.router.Router;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.TokenState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * What live changes take, with real sockets and tokens in memory: granting a room, listing many connections of a token and
 * how long that holds an event loop, and revoking the token.
 *
 * <pre>
 * ulimit -n 30000; java -cp benchmarks.jar io.porthouse.benchmarks.LiveFigures [connections] [rounds]
 * </pre>
 */
public final class LiveFigures {

    private static final String SECRET = "figures-token-0123456789";
    private static final String ID = "figures";
    private static final String ACCOUNT = "bench";
    private static final int GRANTS = 4_000;
    private static final int LISTINGS = 100;
    private static final int GIVE_UP_SECONDS = 60;
    private static final Grant LOBBY = grant("lobby");
    private static final RoomName ROOM = new RoomName(ACCOUNT, "lobby");

    private final MemoryTokenSource tokens = new MemoryTokenSource(room -> RoomRules.DEFAULT);
    private final Router router;

    private LiveFigures() throws IOException {
        RouterSettings settings =
                RouterSettings.defaults().withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        this.router = Router.start(settings, tokens, new SimpleMeterRegistry(), Clock.systemUTC());
    }

    public static void main(String[] arguments) throws Exception {
        int connections = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 10_000;
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
        LiveFigures figures = new LiveFigures();
        try {
            figures.grants();
            for (int i = 0; i < rounds; i++) {
                figures.crowd(connections);
            }
        } finally {
            figures.router.close();
        }
    }

    private static Grant grant(String room) {
        return new Grant(ACCOUNT, room, false, Set.of(Right.READ, Right.WRITE), true);
    }

    private void put(Grant... grants) {
        tokens.put(
                MemoryTokenSource.secretHash(SECRET),
                new TokenState(ID, ACCOUNT, List.of(grants), Integer.MAX_VALUE, null, false));
    }

    private Refreshed refresh() {
        return router.refreshTokens(Set.of(ID)).toCompletableFuture().join();
    }

    private SocketChannel connect() throws IOException {
        SocketChannel channel = SocketChannel.open(router.address());
        byte[] hello = ("{\"version\":1,\"token\":\"" + SECRET + "\"}").getBytes(StandardCharsets.UTF_8);
        ByteBuffer frame = ByteBuffer.allocate(Frame.HEADER_BYTES + hello.length)
                .putInt(Frame.MIN_LENGTH + hello.length)
                .put(FrameType.HELLO)
                .position(Frame.BODY_OFFSET)
                .put(hello)
                .flip();
        channel.write(frame);
        return channel;
    }

    private void awaitMembers(int members) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(GIVE_UP_SECONDS);
        while (router.room(ROOM).map(room -> room.members() != members).orElse(members != 0)) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("not " + members + " members in time");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    // ---- granting

    /** Grants and withdraws a room of a token with one connection; each is over when the client's outbox has it. */
    private void grants() throws IOException {
        put(LOBBY);
        try (SocketChannel client = connect()) {
            awaitMembers(1);
            client.configureBlocking(false);
            ByteBuffer sink = ByteBuffer.allocateDirect(1 << 20);
            long[] unchanged = new long[GRANTS];
            long[] changed = new long[GRANTS];
            for (int warming = 0; warming < 2; warming++) {
                for (int i = 0; i < GRANTS; i++) {
                    long start = System.nanoTime();
                    refresh();
                    unchanged[i] = System.nanoTime() - start;
                    if (i % 2 == 0) {
                        put(LOBBY, grant("foo"));
                    } else {
                        put(LOBBY);
                    }
                    start = System.nanoTime();
                    refresh();
                    changed[i] = System.nanoTime() - start;
                    client.read(sink.clear());
                }
            }
            print("a refresh that finds nothing new", unchanged);
            print("a grant, until GRANTED is in the outbox", changed);
        }
        awaitMembers(0);
    }

    private static void print(String what, long[] nanos) {
        Arrays.sort(nanos);
        System.out.printf(
                Locale.ROOT,
                "%s: p50 %.3f ms, p99 %.3f ms, at most %.3f ms%n",
                what,
                nanos[nanos.length / 2] / 1e6,
                nanos[(nanos.length - 1) * 99 / 100] / 1e6,
                nanos[nanos.length - 1] / 1e6);
    }

    // ---- many connections of one token

    private void crowd(int connections) throws IOException {
        put(LOBBY);
        try (Selector selector = Selector.open()) {
            for (int i = 0; i < connections; i++) {
                SocketChannel channel = connect();
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ);
            }
            awaitMembers(connections);
            listings();
            revocation(selector, connections);
        }
    }

    /** Lists all again and again: how long that takes, and how long each slice of it holds a loop. */
    private void listings() {
        List<EventExecutor> loops = loops();
        long[] nanos = new long[LISTINGS];
        List<Held> slices = new ArrayList<>();
        List<Held> empty = new ArrayList<>();
        int listed = 0;
        for (int i = 0; i < LISTINGS; i++) {
            long start = System.nanoTime();
            listed = list(token -> true);
            nanos[i] = System.nanoTime() - start;
            // A second time, because watching keeps the loops busy.
            List<Held> held = slices(loops);
            slices.addAll(held);
            empty.addAll(emptySlices(loops, held.size() / loops.size()));
        }
        print("a listing of " + listed + " sessions", nanos);
        print("how long a slice of it holds its loop", nanosOf(slices, Held::nanos));
        print("  processor time of that", nanosOf(slices, Held::cpuNanos));
        print("how long a slice that does nothing holds its loop", nanosOf(empty, Held::nanos));
        print("  processor time of that", nanosOf(empty, Held::cpuNanos));
    }

    private int list(Predicate<TokenState> wanted) {
        return router.sessions(wanted).toCompletableFuture().join().size();
    }

    /** The loops that have sessions. */
    private List<EventExecutor> loops() {
        Set<EventExecutor> loops = ConcurrentHashMap.newKeySet();
        int unused = list(token -> loops.add(ThreadExecutorMap.currentExecutor()));
        return List.copyOf(loops);
    }

    private List<Held> slices(List<EventExecutor> loops) {
        return watch(
                loops,
                probes -> list(token -> {
                    // The question for a session is asked on its loop, in the slice.
                    Objects.requireNonNull(probes.get(ThreadExecutorMap.currentExecutor()))
                            .mark();
                    return true;
                }));
    }

    private static List<Held> emptySlices(List<EventExecutor> loops, int times) {
        return watch(
                loops,
                probes -> probes.values().stream()
                        .map(probe -> probe.markOnly(times))
                        .toList()
                        .forEach(CompletableFuture::join));
    }

    /** Returns how long the loops were held by each slice of something. */
    private static List<Held> watch(List<EventExecutor> loops, Consumer<Map<EventExecutor, LoopProbe>> something) {
        Map<EventExecutor, LoopProbe> probes = loops.stream().collect(Collectors.toMap(loop -> loop, LoopProbe::new));
        probes.values().forEach(probe -> probe.start().join());
        something.accept(probes);
        return probes.values().stream()
                .flatMap(probe -> probe.stop().join().stream())
                .toList();
    }

    private static long[] nanosOf(List<Held> all, ToLongFunction<Held> which) {
        return all.stream().mapToLong(which).toArray();
    }

    private void revocation(Selector selector, int connections) throws IOException {
        tokens.remove(MemoryTokenSource.secretHash(SECRET));
        long start = System.nanoTime();
        CompletableFuture<Double> mutedMillis =
                router.refreshTokens(Set.of(ID)).toCompletableFuture().thenApply(refreshed -> millisSince(start));
        int goodbyes = awaitEnds(selector, connections);
        System.out.printf(
                Locale.ROOT,
                "%d sessions revoked: all muted after %.1f ms, the last closed after %.0f ms, %d with a goodbye%n",
                connections,
                mutedMillis.join(),
                millisSince(start),
                goodbyes);
    }

    private static double millisSince(long startNanos) {
        return (System.nanoTime() - startNanos) / 1e6;
    }

    /** Reads until every connection has ended; returns how many ended in good order. */
    private static int awaitEnds(Selector selector, int connections) throws IOException {
        ByteBuffer sink = ByteBuffer.allocateDirect(64 << 10);
        int ended = 0;
        int inOrder = 0;
        while (ended < connections) {
            if (selector.select(TimeUnit.SECONDS.toMillis(GIVE_UP_SECONDS)) == 0) {
                throw new IllegalStateException(connections - ended + " connections do not end");
            }
            for (SelectionKey key : selector.selectedKeys()) {
                SocketChannel channel = (SocketChannel) key.channel();
                int read;
                try {
                    do {
                        read = channel.read(sink.clear());
                    } while (read > 0);
                    inOrder += read < 0 ? 1 : 0;
                } catch (IOException reset) {
                    read = -1;
                }
                if (read < 0) {
                    ended++;
                    channel.close();
                }
            }
            selector.selectedKeys().clear();
        }
        return inOrder;
    }
}
