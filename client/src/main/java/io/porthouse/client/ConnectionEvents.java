package io.porthouse.client;

import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.Gap;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Is told what happens to a connection, each in its place among the room's messages. Called on the thread of the message
 * handlers, never by two threads at once; what a method throws is logged and otherwise ignored.
 */
public interface ConnectionEvents {

    /** The default: nobody listens. */
    ConnectionEvents NONE = new ConnectionEvents() {};

    /** A room is held, or what may be done in it changed: asked for, or by the token's owner while connected. */
    default void onGranted(RoomGrant grant) {}

    /**
     * A room is no longer held; nothing of it follows.
     *
     * @param room its full name
     * @param reason {@code left}, {@code withdrawn} or {@code room-deleted}
     */
    default void onWithdrawn(String room, String reason) {}

    /** Messages of a room were lost on the way here, because this side was too slow. */
    default void onGap(String room, Gap gap) {}

    /** A room's envelopes must pause, because a member is slow, or may go on. Sending envelopes obeys by itself. */
    default void onFlow(String room, boolean paused) {}

    /**
     * An arriving envelope could not begin: it is malformed, or too many are open. Later failures are told to its sink.
     *
     * @param room its room's full name
     */
    default void onEnvelopeRefused(String room, EnvelopeFailure reason) {}

    /**
     * The router refused something that was sent without asking for a receipt. What was sent with one fails its future
     * instead.
     *
     * @param count how many refusals this one stands for, at least 1
     */
    default void onRejected(PorthouseException refusal, long count) {}

    /**
     * What was sent without asking for a receipt while there was no connection was not sent, because none came back in
     * time. What was sent with one fails its future instead.
     *
     * @param count how many messages, at least 1
     */
    default void onDropped(PorthouseException cause, long count) {}

    /**
     * The connection was lost, or an attempt to connect again failed. Receipts that were outstanding have failed with {@link
     * PorthouseException.Kind#IN_DOUBT}; what is sent from now on waits. Messages of others that are sent to the rooms in
     * the meantime are not received.
     *
     * @param retryIn when the next attempt begins
     */
    default void onDisconnected(PorthouseException cause, Duration retryIn) {}

    /**
     * The connection is back. The rooms were told by {@link #onGranted} before, with the sequence and epoch from which on
     * they are received; those that are not granted any more by {@link #onWithdrawn}. Messages of
     * a room may come as soon as it is granted, before this.
     */
    default void onReconnected() {}

    /**
     * The connection has ended for good; the last call.
     *
     * @param cause null after {@link Connection#close}
     */
    default void onEnded(@Nullable PorthouseException cause) {}
}
