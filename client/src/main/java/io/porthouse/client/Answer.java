package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
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

    private void requireMayWait() {
        if (!isDone() && isReader.getAsBoolean()) {
            throw new PorthouseException(
                    Kind.USAGE,
                    "a connection's own handlers and threads cannot wait for its answers;"
                            + " hang what follows on the future (thenAccept), or wait on another thread");
        }
    }
}
