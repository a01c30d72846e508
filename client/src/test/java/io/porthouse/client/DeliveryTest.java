package io.porthouse.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.client.PorthouseException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class DeliveryTest {

    private final List<Long> dropped = new ArrayList<>();
    private final ConnectOptions options = ConnectOptions.to("tcp://test-token-0123456789@127.0.0.1")
            .events(new ConnectionEvents() {
                @Override
                public void onDropped(PorthouseException cause, long count) {
                    dropped.add(count);
                }
            })
            .build();

    @Test
    void whatFoundNoThreadIsHandledWithWhatFollows() {
        AtomicBoolean isFirst = new AtomicBoolean(true);
        Executor executor = task -> {
            if (isFirst.getAndSet(false)) {
                throw new OutOfMemoryError("unable to create native thread, as the test wants it");
            }
            task.run();
        };
        Delivery delivery = new Delivery(executor, options, new Handlers(options), cause -> {});
        PorthouseException why = new PorthouseException(Kind.EXPIRED, "too old");
        assertThatThrownBy(() -> delivery.dropped(why, 1)).isInstanceOf(OutOfMemoryError.class);
        delivery.dropped(why, 2);
        assertThat(dropped).containsExactly(1L, 2L);
        delivery.dropped(why, 3);
        assertThat(dropped).containsExactly(1L, 2L, 3L);
    }

    @Test
    void handlersAreKeptOfRoomsThatAreHeldOrHandledOnly() {
        Handlers handlers = new Handlers(options);
        MessageHandler one = message -> {};
        MessageHandler two = message -> {};
        assertThat(handlers.isHandled("acme/lobby")).isFalse();
        assertThat(handlers.size()).isZero();
        Handlers.OfRoom held = handlers.ofRoom("acme/lobby");
        handlers.setMessages("acme/lobby", one);
        handlers.setMessages("acme/lobby", two);
        handlers.removeMessages("acme/lobby", one);
        assertThat(handlers.messages(held)).isSameAs(two);
        handlers.forgetIfUnused("acme/lobby");
        assertThat(handlers.ofRoom("acme/lobby")).isSameAs(held);
        assertThat(handlers.isHandled("acme/lobby")).isTrue();
        handlers.removeMessages("acme/lobby", two);
        assertThat(handlers.messages(held)).isNull();
        assertThat(handlers.size()).isZero();
        assertThat(handlers.ofRoom("acme/side")).isNotNull();
        handlers.forgetIfUnused("acme/side");
        assertThat(handlers.size()).isZero();
    }
}
