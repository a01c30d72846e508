package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ControlBody.Hello;
import io.porthouse.protocol.ControlBody.Welcome;
import io.porthouse.protocol.ControlCodec;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.FrameWalk;
import io.porthouse.protocol.MalformedBodyException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From the first byte to WELCOME and the answers to HELLO's rooms. Nobody is trusted yet: only HELLO is parsed, it is short,
 * and there is little time for it. Confined to the session's loop; forgotten when it is over.
 */
final class Handshake {

    private static final Logger LOG = LoggerFactory.getLogger(Handshake.class);

    /** From accept to HELLO, and to its answer. */
    static final long TIMEOUT_NANOS = 5_000_000_000L;

    private final Session session;
    private final long startedNanos;
    private @Nullable Hello hello;
    private long correlation;
    private int unansweredRooms;

    /** WELCOME is said, and some of HELLO's rooms may not be answered yet. */
    private boolean awaitsRooms;

    Handshake(Session session, long startedNanos) {
        this.session = session;
        this.startedNanos = startedNanos;
    }

    boolean isLate(long nowNanos) {
        return nowNanos - startedNanos >= TIMEOUT_NANOS;
    }

    /** Reads HELLO, if it is whole; consumes nothing else. */
    void take(ByteBuf in) {
        int at = in.readerIndex();
        int bytes = FrameWalk.frameBytes(in, at, in.writerIndex(), Frame.MAX_HELLO_FRAME_BYTES);
        if (bytes == FrameWalk.TOO_LARGE) {
            session.close(CloseCode.FRAME_TOO_LARGE, "the first frame is a HELLO of at most 16 KiB");
        } else if (bytes == FrameWalk.TOO_SHORT) {
            session.close(CloseCode.PROTOCOL_ERROR, "a frame's length is at least 20");
        } else if (in.readableBytes() > Frame.TYPE_OFFSET && Frame.type(in, at) != FrameType.HELLO) {
            session.close(CloseCode.PROTOCOL_ERROR, "the first frame is not HELLO");
        } else if (in.readableBytes() > Frame.FLAGS_OFFSET && Frame.flags(in, at) != 0) {
            session.close(CloseCode.PROTOCOL_ERROR, "HELLO has no flags");
        } else if (bytes != FrameWalk.INCOMPLETE) {
            in.skipBytes(bytes);
            accept(in, at, bytes);
        }
    }

    private void accept(ByteBuf in, int at, int bytes) {
        Hello body;
        try {
            body = ControlCodec.decode(Hello.class, in, at, bytes);
        } catch (MalformedBodyException e) {
            session.close(CloseCode.PROTOCOL_ERROR, "HELLO: " + e.getMessage());
            return;
        }
        if (body.version() != ControlBody.VERSION) {
            session.close(CloseCode.VERSION_UNSUPPORTED, "this router speaks version " + ControlBody.VERSION);
            return;
        }
        String secret = body.token();
        if (secret == null) {
            session.close(CloseCode.PROTOCOL_ERROR, "HELLO has no token");
            return;
        }
        hello = body;
        correlation = Frame.sequence(in, at);
        session.correlate(correlation);
        session.setClient(body.client());
        session.echo = Boolean.TRUE.equals(body.echo());
        session.hold(session.node.tokens.attach(MemoryTokenSource.secretHash(secret), session));
    }

    /** The token is good: says WELCOME and asks for the rooms. */
    void welcome(TokenState state) {
        Hello body = hello;
        if (body == null) {
            throw new IllegalStateException("a token was read before HELLO");
        }
        session.rooms.setReceivesByDefault(!Boolean.FALSE.equals(body.receive()));
        Set<String> rooms = wanted(body, state);
        unansweredRooms = rooms.size();
        LOG.debug("session {} welcomes token {} of {}", session.handle, state.id(), state.account());
        session.outbox.queueControl(
                new Welcome(
                        Integer.toUnsignedString(session.handle),
                        session.node.settings.nodeName(),
                        state.account(),
                        state.id(),
                        (int) session.node.settings.heartbeat().toSeconds(),
                        session.node.settings.limits().maxFrameBytes(),
                        session.node.settings.limits().maxOpenEnvelopes(),
                        rooms.size()),
                0,
                session.handle,
                correlation);
        awaitsRooms = true;
        for (String room : rooms) {
            session.joins.askForHello(room, correlation);
        }
        openIfAnswered();
    }

    /** What HELLO asks for, each room once: by name, or all that the token joins by itself, and the default room. */
    private Set<String> wanted(Hello body, TokenState state) {
        List<String> named = body.rooms();
        Set<String> rooms = new LinkedHashSet<>();
        if (named == null) {
            for (Grant grant : state.grants()) {
                if (grant.autoJoin()) {
                    rooms.add(grant.account() + "/" + grant.name());
                }
            }
        } else {
            for (String room : named) {
                rooms.add(session.rooms.fullName(room));
            }
        }
        String defaultRoom = body.defaultRoom();
        if (defaultRoom != null) {
            rooms.add(session.rooms.fullName(defaultRoom));
        }
        return rooms;
    }

    /** One of the rooms is answered, by GRANTED or ERROR. */
    void answered() {
        unansweredRooms--;
        openIfAnswered();
    }

    private void openIfAnswered() {
        Hello body = hello;
        if (awaitsRooms && unansweredRooms == 0 && session.isAlive() && body != null) {
            awaitsRooms = false;
            session.rooms.fixDefault(body.defaultRoom());
            session.open();
        }
    }
}
