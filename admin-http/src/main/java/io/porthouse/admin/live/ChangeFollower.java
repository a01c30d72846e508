package io.porthouse.admin.live;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.porthouse.admin.model.Change;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.store.ChangesRead;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreUnavailableException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the store's change log, for what another process changes: a second node, or a command that works on the data
 * directory. Looks once a second, with one small query while nothing is new; a log of which something is missing, or that ends
 * before what was seen of it because an older copy of the store was put back, means that everything is read again. Also forgets history that has grown old.
 */
public final class ChangeFollower implements AutoCloseable {

    /** How long changes stay in the log: whoever looks less often must read everything again. */
    public static final Duration KEPT_CHANGES = Duration.ofDays(7);

    /** How long the audit trail is kept. */
    public static final Duration KEPT_AUDIT = Duration.ofDays(365);

    private static final long PERIOD_MILLIS = 1_000;
    private static final long FORGET_EVERY_LOOKS = 3_600;
    private static final int CHANGES_AT_ONCE = 1_000;
    private static final long STOP_SECONDS = 5;
    private static final long ANSWER_SECONDS = 30;
    private static final LiveEffect NO_ANSWER = new LiveEffect(false, 0, 0, 0);

    /** Nothing is known yet, so at the first look everything is read. */
    private static final long UNKNOWN = -1;

    private static final Logger LOG = LoggerFactory.getLogger(ChangeFollower.class);

    private final Store store;
    private final LiveChanges live;
    private final Clock clock;
    private final Counter foreign;
    private final Counter failures;
    private final ScheduledExecutorService thread;

    // Confined to the thread:
    private long seen = UNKNOWN;
    private long looks;
    private boolean failing;

    /** @param clock tells how old history is */
    public ChangeFollower(Store store, LiveChanges live, Clock clock, MeterRegistry metrics) {
        this.store = store;
        this.live = live;
        this.clock = clock;
        this.foreign = Counter.builder("porthouse.changes.foreign")
                .description("Changes that another process made")
                .register(metrics);
        this.failures = Counter.builder("porthouse.changes.failures")
                .description("Looks into the change log that failed")
                .register(metrics);
        this.thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread made = new Thread(task, "porthouse-changes");
            made.setDaemon(true);
            return made;
        });
    }

    /** Begins to look. */
    public void start() {
        Future<?> unused = thread.scheduleWithFixedDelay(this::look, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Looks once; what it throws would end all looking. */
    private void look() {
        try {
            follow();
            if (looks++ % FORGET_EVERY_LOOKS == 0) {
                Instant now = clock.instant();
                store.forget(now.minus(KEPT_CHANGES), now.minus(KEPT_AUDIT));
            }
            if (failing) {
                failing = false;
                LOG.info("the change log can be read again");
            }
        } catch (StoreUnavailableException e) {
            failures.increment();
            if (!failing) {
                failing = true;
                LOG.warn("the change log can't be read: {}", e.getMessage());
            }
        } catch (RuntimeException e) {
            failures.increment();
            LOG.error("following the change log failed; it is tried again", e);
        }
    }

    /** Catches up with the log. */
    private void follow() {
        long last = store.lastChange();
        while (last != seen) {
            ChangesRead read = store.changesAfter(Math.max(seen, 0), CHANGES_AT_ONCE);
            List<Change> changes = read.changes();
            boolean isPutBack = read.last() < seen;
            if (isPutBack) {
                LOG.warn("the store is older than before, at change {} after {}; all is read again", read.last(), seen);
                // The same numbers will be those of other changes.
                live.forgetFollowed(Long.MAX_VALUE);
            }
            if (isPutBack || seen == UNKNOWN || read.gap()) {
                await(live.refreshAll());
                seen = read.last();
            } else if (changes.isEmpty()) {
                return;
            } else {
                refreshForeign(changes);
                seen = changes.get(changes.size() - 1).number();
            }
            live.forgetFollowed(seen);
            last = read.last();
        }
    }

    private void refreshForeign(List<Change> changes) {
        Set<Subject> touched = new LinkedHashSet<>();
        for (Change change : changes) {
            if (!live.takeFollowed(change.number())) {
                foreign.increment();
                touched.addAll(change.touched());
            }
        }
        if (!touched.isEmpty()) {
            await(live.refresh(List.copyOf(touched)));
        }
    }

    /** One after the other, so that the router is never asked for more than it can read; a router that stops answers nothing. */
    private static void await(CompletionStage<LiveEffect> effect) {
        LiveEffect unused = effect.toCompletableFuture()
                .completeOnTimeout(NO_ANSWER, ANSWER_SECONDS, TimeUnit.SECONDS)
                .join();
    }

    /** Looks no more. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            boolean unused = thread.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
