package io.porthouse.cli;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.ConnectionEvents;
import io.porthouse.client.PorthouseException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The times when a command has no connection: says when one begins and ends, and bounds it. For commands that lose nothing
 * unsaid by it; the others end with their connection. Thread-safe.
 */
final class Reconnecting implements ConnectionEvents {

    private static final Duration FIRST_DELAY = Duration.ofMillis(250);

    /** How often receivers try, and how long senders who are back give them before they send again. */
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(1);

    /** How soon a loss is told after it was noticed; and how soon to try again where there was none. */
    private static final Duration NOTICE = Duration.ofMillis(100);

    private final Duration limit;
    private final Consumer<String> say;
    private final CompletableFuture<CommandException> over = new CompletableFuture<>();
    private Consumer<PorthouseException> whenLost = cause -> {};
    private int losses;
    private boolean away;
    private boolean ended;

    /**
     * @param limit how long one absence may last; zero: the first loss is the end
     * @param say tells the person
     */
    Reconnecting(Duration limit, Consumer<String> say) {
        this.limit = limit;
        this.say = say;
    }

    /** Sets what a connection does when it is lost. */
    void configure(ConnectOptions.Builder options) {
        options.reconnect(!limit.isZero()).reconnectDelays(FIRST_DELAY, LONGEST_DELAY);
    }

    /** How long one absence may last; zero: the first loss is the end. */
    Duration limit() {
        return limit;
    }

    /** Completes when an absence has lasted too long, with what that means for the command. */
    CompletableFuture<CommandException> over() {
        return over;
    }

    /** Has somebody told of the losses from now on, who takes the place of whoever was told before. */
    synchronized void whenLost(Consumer<PorthouseException> told) {
        whenLost = told;
    }

    /** How many times the connection was lost. */
    synchronized int losses() {
        return losses;
    }

    /** How many times it came back. */
    synchronized int returns() {
        return away ? losses - 1 : losses;
    }

    /**
     * Waits for a connection, after something could not be sent. Who sends may notice a loss before it is told, so this gives
     * it a moment.
     *
     * @return false if there will be none any more
     */
    synchronized boolean awaitConnection() throws InterruptedException {
        if (!away && !ended) {
            TimeUnit.NANOSECONDS.timedWait(this, NOTICE.toNanos());
        }
        while (away && !ended) {
            wait();
        }
        return !ended;
    }

    /**
     * Waits until the connection is back from a loss, and a little longer: receivers that lost theirs at the same moment are
     * to be back before anything is sent again. Returns at once if it will not come back.
     *
     * @param before what {@link #returns} was when what is to be sent again was begun
     */
    void awaitBack(int before) throws InterruptedException {
        synchronized (this) {
            while (returns() == before && !ended) {
                wait();
            }
            if (ended) {
                return;
            }
        }
        // Nobody can be asked who else is coming back.
        TimeUnit.NANOSECONDS.sleep(LONGEST_DELAY.toNanos());
    }

    @Override
    public void onDisconnected(PorthouseException cause, Duration retryIn) {
        int loss;
        Consumer<PorthouseException> told;
        synchronized (this) {
            if (away) {
                return;
            }
            away = true;
            loss = ++losses;
            told = whenLost;
            notifyAll();
        }
        say.accept("the connection was lost: " + cause.getMessage() + " (trying for " + limit.toSeconds() + " s)");
        CompletableFuture.delayedExecutor(limit.toNanos(), TimeUnit.NANOSECONDS).execute(() -> giveUp(loss, cause));
        told.accept(cause);
    }

    @Override
    public void onReconnected() {
        synchronized (this) {
            away = false;
            notifyAll();
        }
        say.accept("the connection is back");
    }

    @Override
    public void onEnded(@Nullable PorthouseException cause) {
        Consumer<PorthouseException> told;
        synchronized (this) {
            ended = true;
            told = whenLost;
            notifyAll();
        }
        if (cause != null) {
            told.accept(cause);
        }
    }

    private void giveUp(int loss, PorthouseException cause) {
        synchronized (this) {
            if (!away || losses != loss) {
                return;
            }
        }
        over.complete(new CommandException(
                Failures.code(cause),
                "the connection did not come back within " + limit.toSeconds() + " s: " + cause.getMessage(),
                cause));
        synchronized (this) {
            ended = true;
            notifyAll();
        }
    }
}
