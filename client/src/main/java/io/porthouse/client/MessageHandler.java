package io.porthouse.client;

/** Takes messages, in their room's order. */
@FunctionalInterface
public interface MessageHandler {

    /**
     * Called for one message at a time, on a thread of the connection's own that may block: then the connection stops
     * reading, and nothing else is disturbed. What it throws is logged, and the next message follows.
     */
    void onMessage(Message message);
}
