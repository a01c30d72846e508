package io.porthouse.router;

import io.netty.channel.EventLoop;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/** What the puddles of one router share: settings, time, memory, rooms and live tokens. Thread-safe. */
final class Node {

    final RouterSettings settings;
    final Clock clock;
    final LongSupplier nanoTime;
    final Memory memory;
    final GuardedTokenSource source;
    final LiveTokens tokens;
    final Rooms rooms;
    final Closes closes;

    /** Connections that have not been welcomed yet. */
    final AtomicInteger handshakes = new AtomicInteger();

    private final AtomicInteger lastSessionHandle = new AtomicInteger();
    private final Puddle[] puddles;

    Node(
            RouterSettings settings,
            TokenSource source,
            Closes closes,
            Clock clock,
            LongSupplier nanoTime,
            List<EventLoop> loops,
            Memory memory) {
        this.settings = settings;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.closes = closes;
        this.memory = memory;
        this.source = new GuardedTokenSource(source);
        this.tokens = new LiveTokens(this.source, clock);
        this.puddles = new Puddle[loops.size()];
        this.rooms = new Rooms(this.source, puddles, clock);
        for (int i = 0; i < puddles.length; i++) {
            puddles[i] = new Puddle(i, this, loops.get(i));
        }
    }

    Puddle[] puddles() {
        return puddles;
    }

    int nextSessionHandle() {
        return lastSessionHandle.incrementAndGet();
    }

    /** Returns what one outbox may hold now: less than configured while the node's memory is short. */
    long outboxBudgetBytes() {
        if (!memory.isShort()) {
            return settings.limits().outboxBytes();
        }
        long lagging = 1;
        for (Puddle puddle : puddles) {
            lagging += puddle.stats.laggingSessions.get();
        }
        return memory.outboxBudgetBytes(settings.limits().outboxBytes(), lagging);
    }
}
