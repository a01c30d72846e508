package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * What the router will say. Whoever waits for it must not be who reads it: the connection's network thread would wait for
 * itself, and one of its handlers for a connection that reads no further while the handler is behind. Both would be rare
 * and for ever, so both are refused at once; so are the futures that are made of this one.
 */
final class Answer<T> extends CompletableFuture<T> {

    private final BooleanSupplier isReader;

    /** @param isReader whether the present thread is needed for the answer to come */
    Answer(BooleanSupplier isReader) {
        this.isReader = isReader;
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new Answer<>(isReader);
    }

    @Override
    public T join() {
        requireMayWait();
        return super.join();
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        requireMayWait();
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        requireMayWait();
        return super.get(timeout, unit);
    }

    /**
     * Waits for what the router will say.
     *
     * @param what for messages: "the room"
     * @throws PorthouseException what it fails with; or {@link Kind#TIMEOUT}, {@link Kind#INTERRUPTED}
     */
    static <T> T await(CompletableFuture<T> future, Duration limit, String what) {
        try {
            return future.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PorthouseException(Kind.INTERRUPTED, "interrupted while waiting for " + what, e);
        } catch (TimeoutException e) {
            throw new PorthouseException(
                    Kind.TIMEOUT,
                    what + " did not come within " + limit.toMillis() + " ms; check the router, or wait longer",
                    e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof PorthouseException known) {
                throw known.again();
            }
            throw new PorthouseException(Kind.LOST, "waiting for " + what + " failed; connect again", e.getCause());
        }
    }

    private void requireMayWait() {
        if (!isDone() && isReader.getAsBoolean()) {
            throw new PorthouseException(
                    Kind.USAGE,
                    "a connection's own handlers and threads cannot wait for its answers;"
                            + " hang what follows on the future (thenAccept), or wait on another thread");
        }
    }
}
