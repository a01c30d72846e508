package io.porthouse.client;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.netty.channel.Channel;
import io.porthouse.protocol.FrameType;
import java.util.concurrent.Future;

/** Asks a router that has been silent for a heartbeat, and reports it after another. Confined to its event loop. */
final class Heartbeat {

    private final Channel channel;
    private final SendQueue queue;
    private final Runnable whenSilent;
    private boolean heard = true;
    private boolean asked;

    private Heartbeat(Channel channel, SendQueue queue, Runnable whenSilent) {
        this.channel = channel;
        this.queue = queue;
        this.whenSilent = whenSilent;
    }

    /**
     * Starts; ends with the channel.
     *
     * @param seconds as WELCOME says; 0: not at all
     */
    static Heartbeat start(Channel channel, SendQueue queue, int seconds, Runnable whenSilent) {
        Heartbeat heartbeat = new Heartbeat(channel, queue, whenSilent);
        if (seconds > 0) {
            Future<?> beats = channel.eventLoop().scheduleAtFixedRate(heartbeat::beat, seconds, seconds, SECONDS);
            channel.closeFuture().addListener(closed -> beats.cancel(false));
        }
        return heartbeat;
    }

    /** Something came from the router. */
    void heard() {
        heard = true;
    }

    private void beat() {
        if (!channel.config().isAutoRead()) {
            // While this side does not read, silence says nothing, and the router's own PING is not seen: it hears of
            // this side, so that it need not doubt it.
            heard = false;
            asked = false;
            boolean unused = queue.control(queue.headerOnly(FrameType.PING, 0, 0));
        } else if (heard) {
            heard = false;
            asked = false;
        } else if (!asked) {
            // A full queue means that the router does not read either: the next beat says so.
            asked = true;
            boolean unused = queue.control(queue.headerOnly(FrameType.PING, 0, 0));
        } else {
            whenSilent.run();
        }
    }
}
