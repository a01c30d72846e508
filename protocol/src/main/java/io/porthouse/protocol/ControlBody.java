package io.porthouse.protocol;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The JSON body of a control frame: rare, and readable in every language. Unknown fields are ignored. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface ControlBody {

    /** The only version of the protocol so far. */
    int VERSION = 1;

    /** The {@link FrameType} that carries this body. */
    byte frameType();

    /**
     * The first frame of a connection.
     *
     * @param version {@link #VERSION}
     * @param token the secret; null where the binding has given it before (a WebSocket upgrade's bearer)
     * @param client name and version of the client's software, for logs
     * @param rooms what to join; null: every room that the token auto-joins
     * @param defaultRoom the room that handle 0 stands for, joined too if {@code rooms} lacks it
     * @param echo whether the connection's own messages come back to it; null: no
     * @param receive false: publishes only; null: true
     */
    record Hello(
            int version,
            @Nullable String token,
            @Nullable String client,
            @Nullable List<String> rooms,
            @JsonProperty("default") @Nullable String defaultRoom,
            @Nullable Boolean echo,
            @Nullable Boolean receive)
            implements ControlBody {
        /** @throws NullPointerException if one of the rooms is null */
        public Hello {
            rooms = rooms == null ? null : List.copyOf(rooms);
        }

        @Override
        public byte frameType() {
            return FrameType.HELLO;
        }

        /** Leaves the secret out. */
        @Override
        public String toString() {
            return "Hello[version=" + version + ", client=" + client + ", rooms=" + rooms + "]";
        }
    }

    /**
     * The answer to HELLO. The frame's origin field is the session's handle.
     *
     * @param session the session's id, for people and the API
     * @param node the node's name
     * @param account the token's account
     * @param token the token's id, never its secret
     * @param heartbeatSeconds silence after which the router sends PING
     * @param maxFrame the largest whole frame that the router takes, bytes
     * @param maxOpenEnvelopes how many envelopes the session may have open at once
     * @param rooms how many answers (GRANTED or ERROR) follow with HELLO's correlation
     */
    record Welcome(
            String session,
            String node,
            String account,
            String token,
            @JsonProperty("heartbeat") int heartbeatSeconds,
            int maxFrame,
            int maxOpenEnvelopes,
            int rooms)
            implements ControlBody {
        /** @throws NullPointerException if a text is missing */
        public Welcome {
            Objects.requireNonNull(session, "session");
            Objects.requireNonNull(node, "node");
            Objects.requireNonNull(account, "account");
            Objects.requireNonNull(token, "token");
        }

        @Override
        public byte frameType() {
            return FrameType.WELCOME;
        }
    }

    /**
     * Asks for a room.
     *
     * @param room its full or short name
     * @param receive false: no messages of this room; null: as HELLO said
     * @param lasts how long a room lasts that this makes: {@link #PEER} or {@link #PEERLESS}; null: the latter
     */
    record Join(
            String room,
            @Nullable Boolean receive,
            @JsonProperty("transient") @Nullable String lasts) implements ControlBody {
        /** Until the member that made it leaves. */
        public static final String PEER = "peer";

        /** Until its last member leaves. */
        public static final String PEERLESS = "peerless";

        /**
         * @throws NullPointerException if there is no room
         * @throws IllegalArgumentException if {@code lasts} is something else
         */
        public Join {
            Objects.requireNonNull(room, "room");
            if (lasts != null && !lasts.equals(PEER) && !lasts.equals(PEERLESS)) {
                throw new IllegalArgumentException("transient is neither peer nor peerless");
            }
        }

        /** Asks for a room without saying what to make of one that does not exist. */
        public Join(String room, @Nullable Boolean receive) {
            this(room, receive, null);
        }

        @Override
        public byte frameType() {
            return FrameType.JOIN;
        }
    }

    /**
     * A room is the session's. The frame's room field is its handle.
     *
     * @param room its full name
     * @param may what the session may do there
     * @param epoch one life of the room; its numbers start at 1
     * @param sequence the member gets exactly the messages numbered above this
     * @param reason {@code join}, {@code granted} or {@code changed}
     */
    record Granted(String room, Set<Right> may, String epoch, long sequence, String reason) implements ControlBody {
        public static final String JOIN = "join";
        public static final String GRANTED = "granted";
        public static final String CHANGED = "changed";

        /** @throws NullPointerException if a text is missing, or all of {@code may} */
        public Granted {
            Objects.requireNonNull(room, "room");
            Objects.requireNonNull(epoch, "epoch");
            Objects.requireNonNull(reason, "reason");
            // In the order of Right, so that equal grants have equal bytes. A right of a newer protocol reads as
            // null, and is of no use here.
            may = Collections.unmodifiableSet(may.stream()
                    .filter(Objects::nonNull)
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(Right.class))));
        }

        @Override
        public byte frameType() {
            return FrameType.GRANTED;
        }
    }

    /**
     * A room is no longer the session's; nothing of it follows.
     *
     * @param room its full name
     * @param reason {@code left}, {@code withdrawn} or {@code room-deleted}
     */
    record Withdrawn(String room, String reason) implements ControlBody {
        public static final String LEFT = "left";
        public static final String WITHDRAWN = "withdrawn";
        public static final String ROOM_DELETED = "room-deleted";

        /** @throws NullPointerException if a text is missing */
        public Withdrawn {
            Objects.requireNonNull(room, "room");
            Objects.requireNonNull(reason, "reason");
        }

        @Override
        public byte frameType() {
            return FrameType.WITHDRAWN;
        }
    }

    /**
     * The connection ends.
     *
     * @param code a {@link CloseCode} number
     * @param reason for people
     * @param afterMillis with {@link CloseCode#GOING_AWAY}: how long to wait before coming back
     */
    record Close(
            int code,
            @Nullable String reason,
            @JsonProperty("after") @Nullable Long afterMillis) implements ControlBody {
        @Override
        public byte frameType() {
            return FrameType.CLOSE;
        }
    }

    /**
     * One frame was refused (an ERROR on the wire).
     *
     * @param code an {@link ErrorCode} number
     * @param message for people
     * @param room the name that was refused, where the frame had no handle
     * @param envelope the envelope's id, if one was refused before its last chunk
     * @param count how many refusals this one stands for, if they were throttled
     */
    record Refusal(
            int code,
            String message,
            @Nullable String room,
            @Nullable Long envelope,
            @Nullable Long count) implements ControlBody {
        /** @throws NullPointerException if there is no message */
        public Refusal {
            Objects.requireNonNull(message, "message");
        }

        @Override
        public byte frameType() {
            return FrameType.ERROR;
        }
    }
}
