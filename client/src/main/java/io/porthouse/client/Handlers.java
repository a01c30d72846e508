package io.porthouse.client;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Who handles what comes: per room, and for all others. Outlives links. Thread-safe. */
final class Handlers {

    /** The handlers of one room; looked up once for each membership, so that a message costs no search by name. */
    static final class OfRoom {
        volatile @Nullable MessageHandler message;
        volatile @Nullable EnvelopeHandler envelope;
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

    /** Returns whether anybody handles what comes from a room, so that it must be received. */
    boolean isHandled(OfRoom room) {
        return messages(room) != null || envelopes(room) != null;
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
