package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.ControlBody;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One link's way from its socket to the place of the link that was lost: it brings back the rooms that HELLO doesn't, and sends
 * what was kept, before anything new. What fails on the way ends the link, so that the {@link Lifeline} opens another.
 */
final class Comeback {

    private final Lifeline lifeline;
    private final Memberships memberships;
    private final Backlog backlog;
    private final Executor executor;
    private final Link link;
    private final Timing.Timer limit;

    private Comeback(
            Lifeline lifeline,
            Memberships memberships,
            Backlog backlog,
            Executor executor,
            Link link,
            Timing.Timer limit) {
        this.lifeline = lifeline;
        this.memberships = memberships;
        this.backlog = backlog;
        this.executor = executor;
        this.link = link;
        this.limit = limit;
    }

    /**
     * Begins; all of it has the connect timeout.
     *
     * @param link just opened
     * @param executor for what may block
     */
    static void begin(
            Lifeline lifeline,
            Memberships memberships,
            Backlog backlog,
            Executor executor,
            Link link,
            Timing timing,
            ConnectOptions options) {
        Timing.Timer limit = timing.after(options.connectTimeout, () -> link.cut(late(options)));
        Comeback comeback = new Comeback(lifeline, memberships, backlog, executor, link, limit);
        var unusedUp = link.ready().thenAccept(body -> link.afterRead(() -> comeback.onReady(body)));
        var unusedDown = link.ended().thenRun(limit::cancel);
    }

    private void onReady(ControlBody.Welcome body) {
        link.rooms().keepDefault(lifeline.defaultRoom());
        if (memberships.isEmpty() && takesOver(body)) {
            return;
        }
        executor.execute(() -> restore(body));
    }

    /** Asks for the rooms that HELLO doesn't bring; may block. */
    private void restore(ControlBody.Welcome body) {
        try {
            var unused = memberships.restore(link).whenComplete((all, failure) -> {
                if (failure != null && failure.getCause() instanceof PorthouseException unreadable) {
                    link.cut(unreadable);
                } else {
                    link.afterRead(() -> executor.execute(() -> flush(body)));
                }
            });
        } catch (PorthouseException e) {
            link.cut(e);
        }
    }

    /** Sends what was kept, in its order, and lets new things follow it; may block. */
    private void flush(ControlBody.Welcome body) {
        backlog.expire();
        boolean goesOn = true;
        while (goesOn && !takesOver(body)) {
            goesOn = send(backlog.poll());
        }
    }

    /** Returns whether the next may follow. */
    private boolean send(Backlog.@Nullable Item item) {
        if (item == null) {
            return true;
        }
        try {
            item.send().accept(link);
            backlog.sent();
        } catch (PorthouseException e) {
            if (lifeline.isLost(link)) {
                backlog.putBack(item);
                return false;
            }
            backlog.fail(item, e);
        }
        return true;
    }

    private boolean takesOver(ControlBody.Welcome body) {
        boolean over = lifeline.takeOver(link, body);
        if (over) {
            limit.cancel();
        }
        return over;
    }

    private static PorthouseException late(ConnectOptions options) {
        return new PorthouseException(
                Kind.TIMEOUT,
                "the router at " + options.address + " did not answer within " + options.connectTimeout.toMillis()
                        + " ms; check the router, or wait longer");
    }
}
