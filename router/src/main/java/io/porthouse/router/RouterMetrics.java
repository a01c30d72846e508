package io.porthouse.router;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.porthouse.protocol.CloseCode;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * The router's meters. The data path never touches one: puddles count for themselves ({@link PuddleStats}), and a meter adds
 * them up when it is read. No meter has a room, a token or an address as a label.
 */
final class RouterMetrics implements Closes {

    private final MeterRegistry registry;
    private final Map<CloseCode, Counter> closes = new EnumMap<>(CloseCode.class);
    private final Counter lost;

    RouterMetrics(MeterRegistry registry) {
        this.registry = registry;
        for (CloseCode code : CloseCode.values()) {
            closes.put(code, closeCounter(Integer.toString(code.number()), code.text()));
        }
        this.lost = closeCounter("none", "lost");
    }

    private Counter closeCounter(String code, String reason) {
        return Counter.builder("porthouse.closes")
                .description("Connections ended, by close code")
                .tag("code", code)
                .tag("reason", reason)
                .register(registry);
    }

    @Override
    public void count(CloseCode code) {
        Counter counter = closes.get(code);
        if (counter != null) {
            counter.increment();
        }
    }

    @Override
    public void countLost() {
        lost.increment();
    }

    /** Registers what the node's puddles count. */
    void bind(Node node) {
        counter(node, "porthouse.received.bytes", "Bytes read from clients", BaseUnits.BYTES, s -> s.receivedBytes);
        counter(node, "porthouse.received.messages", "Messages taken in", "messages", s -> s.receivedMessages);
        counter(node, "porthouse.received.chunks", "Envelope chunks taken in", "chunks", s -> s.receivedChunks);
        counter(node, "porthouse.sent.bytes", "Bytes handed to sockets", BaseUnits.BYTES, s -> s.sentBytes);
        counter(
                node,
                "porthouse.delivered.messages",
                "Messages queued to members",
                "messages",
                s -> s.deliveredMessages);
        counter(
                node,
                "porthouse.delivered.chunk.runs",
                "Runs of chunks queued to members",
                "runs",
                s -> s.deliveredChunkRuns);
        counter(node, "porthouse.dropped.messages", "Messages that members lost", "messages", s -> s.droppedMessages);
        counter(node, "porthouse.gaps", "GAP frames sent", "gaps", s -> s.gaps);
        counter(
                node,
                "porthouse.cancelled.envelopes",
                "Envelopes cut short for a member",
                "envelopes",
                s -> s.cancelledEnvelopes);
        counter(node, "porthouse.refusals", "Frames refused with ERROR", "frames", s -> s.refusals);
        sum(node, "porthouse.connections", "Live connections", s -> s.connections.get());
        sum(node, "porthouse.publishers.suspended", "Publishers not read for now", s -> s.suspendedPublishers.get());
        seconds(
                node,
                "porthouse.publishers.suspended.time",
                "How long publishers were not read, of those who have gone on",
                s -> s.suspendedNanos);
        sum(node, "porthouse.envelopes.open", "Envelopes being sent", s -> s.openEnvelopes.get());
        lag(node, "control", s -> s.controlLagBytes.get());
        lag(node, "messages", s -> s.messageLagBytes.get());
        lag(node, "chunks", s -> s.chunkLagBytes.get());
        sum(node, "porthouse.sessions.lagging", "Sessions with something queued", s -> s.laggingSessions.get());
        gauge("porthouse.inbox.bytes", "Bytes waiting in inboxes", node, n -> total(n, p -> p.inbox.bytes()));
        gauge("porthouse.handshakes", "Connections not welcomed yet", node, n -> n.handshakes.get());
        gauge("porthouse.rooms", "Live rooms", node, n -> n.rooms.size());
        gauge("porthouse.tokens", "Tokens in use", node, n -> n.tokens.size());
        gauge("porthouse.memory.used.bytes", "Buffers in use", node, n -> n.memory.usedBytes());
        gauge("porthouse.memory.limit.bytes", "The limit over all buffers", node, n -> n.memory.limitBytes());
    }

    private void counter(
            Node node, String name, String description, String unit, Function<PuddleStats, PuddleStats.Tally> tally) {
        FunctionCounter.builder(
                        name, node, n -> total(n, p -> tally.apply(p.stats).get()))
                .description(description)
                .baseUnit(unit)
                .register(registry);
    }

    private void seconds(Node node, String name, String description, Function<PuddleStats, PuddleStats.Tally> nanos) {
        FunctionCounter.builder(
                        name, node, n -> total(n, p -> nanos.apply(p.stats).get()) / 1e9)
                .description(description)
                .baseUnit("seconds")
                .register(registry);
    }

    /** What outboxes hold, by lane. */
    private void lag(Node node, String lane, ToLongFunction<PuddleStats> bytes) {
        Gauge.builder("porthouse.lag.bytes", node, n -> (double) total(n, p -> bytes.applyAsLong(p.stats)))
                .description("Bytes charged to outboxes, by lane")
                .tag("lane", lane)
                .register(registry);
    }

    private void sum(Node node, String name, String description, ToLongFunction<PuddleStats> value) {
        gauge(name, description, node, n -> total(n, p -> value.applyAsLong(p.stats)));
    }

    private void gauge(String name, String description, Node node, ToLongFunction<Node> value) {
        Gauge.builder(name, node, n -> (double) value.applyAsLong(n))
                .description(description)
                .register(registry);
    }

    private static long total(Node node, ToLongFunction<Puddle> value) {
        long sum = 0;
        for (Puddle puddle : node.puddles()) {
            sum += value.applyAsLong(puddle);
        }
        return sum;
    }
}
