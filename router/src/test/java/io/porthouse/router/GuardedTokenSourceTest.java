package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.RoomName;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Which of two readings is the newer, also of a source whose numbers fall. */
final class GuardedTokenSourceTest {

    private static final RoomName ROOM = new RoomName("acme", "lobby");

    private final Queue<CompletableFuture<TokenSource.Reading<RoomRules>>> asked = new ArrayDeque<>();
    private final GuardedTokenSource source = new GuardedTokenSource(new TokenSource() {
        @Override
        public CompletionStage<Reading<TokenState>> readToken(String secretHash) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Reading<RoomRules>> readRoom(RoomName room) {
            CompletableFuture<Reading<RoomRules>> answer = new CompletableFuture<>();
            asked.add(answer);
            return answer;
        }
    });

    private void answer(long change) {
        asked.remove().complete(new TokenSource.Reading<>(change, RoomRules.DEFAULT));
    }

    private static long change(CompletionStage<TokenSource.Reading<RoomRules>> reading) throws Exception {
        return reading.toCompletableFuture().get(60, TimeUnit.SECONDS).change();
    }

    @Test
    void ofTheSameNumbersTheGreaterIsTheNewer() throws Exception {
        var first = source.readRoom(ROOM);
        var second = source.readRoom(ROOM);
        answer(7);
        answer(6);
        assertThat(change(first)).isGreaterThan(change(second));
    }

    @Test
    void whatIsAskedAfterTheNumbersStartAnewIsNewerThanAllBefore() throws Exception {
        var before = source.readRoom(ROOM);
        var late = source.readRoom(ROOM);
        answer(1_000_000);
        source.startNumbersAnew();
        var after = source.readRoom(ROOM);
        answer(2_000_000);
        answer(3);
        assertThat(change(after)).isGreaterThan(change(before)).isGreaterThan(change(late));
    }
}
