package io.porthouse.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.client.PorthouseException.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

class BacklogTest {

    private static final Duration AGE = Duration.ofSeconds(20);

    private final ManualTiming timing = new ManualTiming();
    private final List<String> dropped = new ArrayList<>();
    private final ConnectOptions options = ConnectOptions.to("tcp://test-token-0123456789@127.0.0.1")
            .offlineQueueBytes(100)
            .offlineQueueAge(AGE)
            .events(new ConnectionEvents() {
                @Override
                public void onDropped(PorthouseException cause, long count) {
                    dropped.add(count + " " + cause.kind());
                }
            })
            .build();
    private final Delivery delivery = new Delivery(Runnable::run, options, new Handlers(options), cause -> {});
    private final Backlog backlog = new Backlog(new ReentrantLock(), timing, options, delivery);

    private CompletableFuture<Void> add(int bytes) {
        CompletableFuture<Void> answer = new CompletableFuture<>();
        backlog.add(bytes, link -> {}, answer);
        return answer;
    }

    private Backlog.Item poll() {
        Backlog.Item item = backlog.poll();
        assertThat(item).isNotNull();
        return item;
    }

    private static void expectFailed(CompletableFuture<Void> answer, Kind kind) {
        assertThatThrownBy(() -> answer.getNow(null))
                .cause()
                .isInstanceOfSatisfying(
                        PorthouseException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    @Test
    void theLastThingThatIsPutBackExpiresInItsTime() {
        CompletableFuture<Void> answer = add(10);
        Backlog.Item taken = poll();
        timing.advance(AGE.dividedBy(2));
        backlog.putBack(taken);
        timing.advance(AGE.dividedBy(2).minusNanos(1));
        assertThat(answer).isNotDone();
        timing.advance(Duration.ofNanos(1));
        expectFailed(answer, Kind.EXPIRED);
        assertThat(backlog.isEmpty()).isTrue();
    }

    @Test
    void whatIsPutBackTooLateExpiresAtOnceAndTheRestInItsTime() {
        CompletableFuture<Void> first = add(10);
        Backlog.Item taken = poll();
        timing.advance(AGE.dividedBy(2));
        CompletableFuture<Void> second = add(10);
        timing.advance(AGE.dividedBy(2));
        backlog.putBack(taken);
        timing.advance(Duration.ZERO);
        expectFailed(first, Kind.EXPIRED);
        assertThat(second).isNotDone();
        timing.advance(AGE.dividedBy(2));
        expectFailed(second, Kind.EXPIRED);
    }

    @Test
    void itsBytesAreBoundedAndComeBack() {
        CompletableFuture<Void> answer = add(60);
        backlog.add(40, link -> {}, null);
        assertThatThrownBy(() -> add(1))
                .isInstanceOfSatisfying(
                        PorthouseException.class, e -> assertThat(e.kind()).isEqualTo(Kind.FULL));
        Backlog.Item taken = poll();
        CompletableFuture<Void> another = add(60);
        backlog.putBack(taken);
        assertThatThrownBy(() -> add(1)).isInstanceOf(PorthouseException.class);
        assertThat(poll().answer()).isSameAs(answer);
        PorthouseException end = new PorthouseException(Kind.CLOSED, "closed");
        assertThat(backlog.end(end)).isTrue();
        expectFailed(another, Kind.CLOSED);
        assertThat(dropped).containsExactly("1 CLOSED");
        backlog.putBack(taken);
        expectFailed(answer, Kind.CLOSED);
        assertThat(backlog.end(end)).isFalse();
    }
}
