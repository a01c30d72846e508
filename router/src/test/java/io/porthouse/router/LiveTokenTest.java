package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.RoomName;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** One token in use, refreshed by many threads and read late. */
final class LiveTokenTest {

    private static final String HASH = MemoryTokenSource.secretHash("secret");
    private static final int THREADS = 4;
    private static final int CHANGES = 4_000;

    private final MemoryTokenSource tokens = new MemoryTokenSource(name -> RoomRules.DEFAULT);
    private final AtomicInteger unused = new AtomicInteger();

    private LiveToken liveToken(TokenSource source) {
        return new LiveToken(HASH, source, new LiveAccounts(), Clock.systemUTC(), token -> unused.incrementAndGet());
    }

    private synchronized void put(int maxConnections) {
        tokens.put(HASH, new TokenState("id", "acme", List.of(), maxConnections, null, false));
    }

    /** What a refresh was asked for after is in force when it completes, whoever reads at the same time. */
    @Test
    void aRefreshIsNeverOlderThanItsCall() throws Exception {
        LiveToken token = liveToken(tokens);
        AtomicInteger changes = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                done.add(threads.submit(() -> {
                    for (int change = 0; change < CHANGES; change++) {
                        int mine;
                        synchronized (changes) {
                            mine = changes.incrementAndGet();
                            put(mine);
                        }
                        Refreshed refreshed = token.refresh().get(60, TimeUnit.SECONDS);
                        assertThat(refreshed.confirmed()).isTrue();
                        assertThat(token.state().maxConnections()).isGreaterThanOrEqualTo(mine);
                    }
                    return null;
                }));
            }
            for (Future<?> each : done) {
                each.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(token.state().maxConnections()).isEqualTo(THREADS * CHANGES);
    }

    /** Of two readings the newer one holds, in whatever order they are answered. */
    @Test
    void anOlderReadingChangesNothing() throws Exception {
        List<TokenSource.Reading<TokenState>> answers = new ArrayList<>();
        LiveToken token = liveToken(new TokenSource() {
            @Override
            public CompletionStage<Reading<TokenState>> readToken(String secretHash) {
                return CompletableFuture.completedFuture(answers.remove(0));
            }

            @Override
            public CompletionStage<Reading<RoomRules>> readRoom(RoomName room) {
                throw new UnsupportedOperationException();
            }
        });
        answers.add(new TokenSource.Reading<>(7, new TokenState("id", "acme", List.of(), 1, null, false)));
        answers.add(new TokenSource.Reading<>(6, null));
        answers.add(new TokenSource.Reading<>(8, null));
        token.refresh().get();
        assertThat(token.state()).isNotNull();
        token.refresh().get();
        assertThat(token.state()).as("what was read before the change before").isNotNull();
        token.refresh().get();
        assertThat(token.state()).isNull();
    }

    /** Whose sessions left while it was read is forgotten when the answer comes: nobody else would do it. */
    @Test
    void aReadingThatNobodyWaitsForAnyMoreEndsTheObject() throws Exception {
        ManualTokenSource late = new ManualTokenSource(tokens);
        late.holdTokens();
        LiveToken token = liveToken(late);
        var refreshed = token.refresh();
        ManualTokenSource.Read<?> read = late.takeTokenRead();
        assertThat(unused).hasValue(0);
        read.answer();
        assertThat(refreshed.get(60, TimeUnit.SECONDS)).isEqualTo(new Refreshed(0, 0, true));
        assertThat(unused).hasValue(1);
    }
}
