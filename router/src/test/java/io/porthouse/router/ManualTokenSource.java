package io.porthouse.router;

import io.porthouse.protocol.RoomName;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A token source that reads at once, but answers when the test says so: as a database does that is slow, overtakes itself,
 * or fails.
 */
final class ManualTokenSource implements TokenSource {

    private static final long TIMEOUT_SECONDS = 60;

    private final TokenSource source;
    private final BlockingQueue<Read<?>> tokenReads = new LinkedBlockingQueue<>();
    private final BlockingQueue<Read<?>> roomReads = new LinkedBlockingQueue<>();
    private volatile boolean holdsTokens;
    private volatile boolean holdsRooms;
    private final AtomicBoolean throwsOnce = new AtomicBoolean();

    ManualTokenSource(TokenSource source) {
        this.source = source;
    }

    /** From now on readings of tokens wait for {@link #takeTokenRead}. */
    void holdTokens() {
        holdsTokens = true;
    }

    void releaseTokens() {
        holdsTokens = false;
    }

    /** From now on readings of rooms wait for {@link #takeRoomRead}. */
    void holdRooms() {
        holdsRooms = true;
    }

    void releaseRooms() {
        holdsRooms = false;
    }

    /** Takes the oldest reading of a token that was asked for and is not answered. */
    Read<?> takeTokenRead() throws InterruptedException {
        return take(tokenReads);
    }

    Read<?> takeRoomRead() throws InterruptedException {
        return take(roomReads);
    }

    private static Read<?> take(BlockingQueue<Read<?>> reads) throws InterruptedException {
        Read<?> read = reads.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (read == null) {
            throw new AssertionError("nothing was asked for in time");
        }
        return read;
    }

    /** The next reading, of whatever, fails by an exception out of the method itself. */
    void throwOnce() {
        throwsOnce.set(true);
    }

    @Override
    public CompletionStage<Reading<TokenState>> readToken(String secretHash) {
        throwIfDue();
        CompletionStage<Reading<TokenState>> now = source.readToken(secretHash);
        return holdsTokens ? hold(now, tokenReads) : now;
    }

    @Override
    public CompletionStage<Reading<RoomRules>> readRoom(RoomName room) {
        throwIfDue();
        CompletionStage<Reading<RoomRules>> now = source.readRoom(room);
        return holdsRooms ? hold(now, roomReads) : now;
    }

    private void throwIfDue() {
        if (throwsOnce.compareAndSet(true, false)) {
            throw withoutTrace(new IllegalStateException("the test's source is out of order"));
        }
    }

    /** The router logs it, and who reads the log of a test need not see where the test was. */
    private static <E extends Exception> E withoutTrace(E failure) {
        failure.setStackTrace(new StackTraceElement[0]);
        return failure;
    }

    private static <T> CompletionStage<Reading<T>> hold(CompletionStage<Reading<T>> now, BlockingQueue<Read<?>> reads) {
        Read<T> read = new Read<>(now.toCompletableFuture().join());
        reads.add(read);
        return read.answer;
    }

    /** One reading, made when it was asked for. */
    static final class Read<T> {
        private final Reading<T> reading;
        private final CompletableFuture<Reading<T>> answer = new CompletableFuture<>();

        private Read(Reading<T> reading) {
            this.reading = reading;
        }

        void answer() {
            answer.complete(reading);
        }

        /** Answers with what another reading of the same thing found, such as an older one. */
        @SuppressWarnings("unchecked")
        void answerLike(Read<?> other) {
            answer.complete((Reading<T>) other.reading);
        }

        void fail() {
            answer.completeExceptionally(withoutTrace(new IOException("the test's source is out of order")));
        }
    }
}
