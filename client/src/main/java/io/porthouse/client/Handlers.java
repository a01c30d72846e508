package io.porthouse.client;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who handles what comes: per room, and for all others. Outlives links, and keeps only rooms that are held or have a
 * handler. Thread-safe.
 */
final class Handlers {

    /** The handlers of one room; looked up once for each membership, so that a message costs no search by name. */
    static final class OfRoom {
        private volatile @Nullable MessageHandler message;
        private volatile @Nullable EnvelopeHandler envelope;

        private boolean isUnused() {
            return message == null && envelope == null;
        }
    }

    private final @Nullable MessageHandler otherMessages;
    private final @Nullable EnvelopeHandler otherEnvelopes;
    private final Map<String, OfRoom> byRoom = new ConcurrentHashMap<>();

    Handlers(ConnectOptions options) {
        otherMessages = options.messageHandler;
        otherEnvelopes = options.envelopeHandler;
    }

    /** Returns the handlers of a room by its full name; none are set at first. */
    OfRoom ofRoom(String room) {
        return byRoom.computeIfAbsent(room, name -> new OfRoom());
    }

    /** The room is not held any more. Handlers that it has stay, for when it is joined again. */
    void forgetIfUnused(String room) {
        var unused = byRoom.computeIfPresent(room, (name, own) -> own.isUnused() ? null : own);
    }

    void setMessages(String room, MessageHandler handler) {
        change(room, own -> own.message = handler);
    }

    void setEnvelopes(String room, EnvelopeHandler handler) {
        change(room, own -> own.envelope = handler);
    }

    /** Has a room's messages handled by nobody of its own, if it is this one who handles them now. */
    void removeMessages(String room, MessageHandler handler) {
        change(room, own -> own.message = handler.equals(own.message) ? null : own.message);
    }

    /** In the map's own lock, so that no handler is set where {@link #forgetIfUnused} lets nobody look any more. */
    private void change(String room, Consumer<OfRoom> change) {
        var unused = byRoom.compute(room, (name, present) -> {
            OfRoom own = present == null ? new OfRoom() : present;
            change.accept(own);
            return own.isUnused() ? null : own;
        });
    }

    /** Returns whether anybody handles what comes from a room, so that it must be received. */
    boolean isHandled(String room) {
        OfRoom own = byRoom.get(room);
        return (own != null && !own.isUnused()) || otherMessages != null || otherEnvelopes != null;
    }

    /** How many rooms are kept. */
    int size() {
        return byRoom.size();
    }

    /** Returns who handles a room's messages; null: nobody. */
    @Nullable
    MessageHandler messages(OfRoom room) {
        MessageHandler own = room.message;
        return own == null ? otherMessages : own;
    }

    /** Returns who handles a room's envelopes; null: nobody. */
    @Nullable
    EnvelopeHandler envelopes(OfRoom room) {
        EnvelopeHandler own = room.envelope;
        return own == null ? otherEnvelopes : own;
    }
}
