package io.porthouse.admin.store;

import io.porthouse.admin.model.Actor;
import io.porthouse.admin.store.Outcome.Done;
import io.porthouse.admin.store.StoreUnavailableException.Reason;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Makes changes: the one way in which anything in the store comes to be different. */
final class Changes {

    private final Database database;
    private final Clock clock;
    private final long patienceMillis;
    private final Semaphore turn = new Semaphore(1, true);

    /** @param patience how long a change waits for those before it */
    Changes(Database database, Clock clock, Duration patience) {
        this.database = database;
        this.clock = clock;
        this.patienceMillis = patience.toMillis();
    }

    /** What a change does between its beginning and its end. It is committed if it ends as {@link Done}. */
    @FunctionalInterface
    interface Work<T, X extends Exception> {
        Outcome<T> on(Draft draft) throws X;
    }

    /** Makes one change. */
    <T, X extends Exception> Outcome<T> make(Actor by, Work<T, X> work) throws X {
        return make(by, false, work);
    }

    /** Makes one change that may last. */
    <T, X extends Exception> Outcome<T> makeLong(Actor by, Work<T, X> work) throws X {
        return make(by, true, work);
    }

    private <T, X extends Exception> Outcome<T> make(Actor by, boolean isLong, Work<T, X> work) throws X {
        // Tells this transaction from any other that may get the same number if this one fails.
        String mark = UUID.randomUUID().toString();
        Attempt<T> attempt = database.run(handle -> attempt(handle, by, isLong, mark, work));
        RuntimeException unclear = attempt.unclear;
        if (unclear == null || happened(attempt.number, mark, unclear)) {
            return attempt.outcome;
        }
        throw new StoreUnavailableException(Reason.UNREACHABLE, "the store went away before it could commit", unclear);
    }

    /**
     * How a transaction ended.
     *
     * @param number of the change
     * @param unclear what came instead of an answer to the commit; null: the answer came
     */
    private record Attempt<T>(
            Outcome<T> outcome, long number, @Nullable RuntimeException unclear) {}

    private <T, X extends Exception> Attempt<T> attempt(
            Handle handle, Actor by, boolean isLong, String mark, Work<T, X> work) throws X {
        takeTurn();
        Attempt<T> attempt;
        try {
            attempt = commit(handle, prepare(handle, by, isLong, mark, work));
        } finally {
            turn.release();
        }
        if (attempt.outcome instanceof Done<T> && attempt.unclear == null) {
            try {
                database.dialect().makeDurable(handle);
            } catch (RuntimeException e) {
                return new Attempt<>(attempt.outcome, attempt.number, e);
            }
        }
        return attempt;
    }

    /**
     * Waits until no other change of this process is being made. The counter's row is locked as well, but now and then H2 gives
     * two transactions that meet there the same number, and the second one fails.
     */
    private void takeTurn() {
        boolean isTaken = false;
        try {
            isTaken = turn.tryAcquire(patienceMillis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!isTaken) {
            throw new StoreUnavailableException(Reason.BUSY, "another change takes too long", null);
        }
    }

    private static <T> Attempt<T> commit(Handle handle, Attempt<T> prepared) {
        if (prepared.outcome instanceof Done<T>) {
            try {
                handle.commit();
            } catch (RuntimeException e) {
                return new Attempt<>(prepared.outcome, prepared.number, e);
            }
        } else {
            handle.rollback();
        }
        return prepared;
    }

    /** Does everything but the commit. */
    private <T, X extends Exception> Attempt<T> prepare(
            Handle handle, Actor by, boolean isLong, String mark, Work<T, X> work) throws X {
        handle.begin();
        try {
            if (isLong) {
                database.dialect().beginLong(handle);
            }
            Draft draft = new Draft(handle, by, nextNumber(handle), now());
            Outcome<T> outcome = work.on(draft);
            if (outcome instanceof Done<T>) {
                ChangeLog.append(draft, mark);
                AuditTrail.append(draft);
            }
            return new Attempt<>(outcome, draft.number(), null);
        } catch (Throwable e) {
            rollBack(handle, e);
            throw e;
        }
    }

    private static void rollBack(Handle handle, Throwable why) {
        try {
            handle.rollback();
        } catch (RuntimeException e) {
            // The connection is lost, and with it the transaction.
            why.addSuppressed(e);
        }
    }

    /**
     * Finds out how a commit ended that was not answered. The counter's row is locked for that: if the lost transaction is
     * still being worked on, it holds that lock, and what is read after it is final.
     */
    private boolean happened(long number, String mark, RuntimeException unclear) {
        RuntimeException lost = database.failed(unclear);
        try {
            return database.run(handle -> handle.inTransaction(transaction -> {
                lock(transaction);
                boolean found = ChangeLog.has(transaction, number, mark);
                if (found) {
                    database.dialect().makeDurable(transaction);
                }
                return found;
            }));
        } catch (RuntimeException e) {
            lost.addSuppressed(e);
            throw new StoreUnavailableException(Reason.UNCERTAIN, "the store went away while it was committing", lost);
        }
    }

    Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    /** Takes the next number, and with it the right to change anything until the transaction ends. */
    private static long nextNumber(Handle handle) {
        handle.execute("update change_counter set number = number + 1");
        return handle.createQuery("select number from change_counter")
                .mapTo(Long.class)
                .one();
    }

    /** Takes the right to change anything, without a number. */
    static void lock(Handle handle) {
        handle.createQuery("select number from change_counter for update")
                .mapTo(Long.class)
                .one();
    }
}
