package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody.Join;
import io.porthouse.protocol.ControlBody.Withdrawn;
import io.porthouse.protocol.ControlCodec;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.FrameWalk;
import io.porthouse.protocol.MalformedBodyException;

/**
 * Walks what a session has sent, frame by frame: checks each, stamps where it comes from, and cuts the buffer into runs that
 * go to their rooms; messages by {@link MessageRouter}, chunks by {@link ChunkRouter}. One per puddle, without state of its
 * own; confined to its loop.
 */
final class FrameRouter {

    private final MessageRouter messages;
    private final ChunkRouter chunks;
    private final int maxFrameBytes;

    FrameRouter(Node node, Puddle puddle) {
        this.messages = new MessageRouter(node, puddle);
        this.chunks = new ChunkRouter(node, puddle);
        this.maxFrameBytes = node.settings.limits().maxFrameBytes();
    }

    /**
     * Routes whole frames and moves the reader index behind them. Stops before a frame that is not whole, and where the
     * session is suspended; what is unread then is walked again later.
     */
    void route(Session session, ByteBuf in) {
        int end = in.writerIndex();
        ReadGate gate = session.gate;
        while (session.isAlive() && !gate.isSuspended()) {
            int at = in.readerIndex();
            int bytes = FrameWalk.frameBytes(in, at, end, maxFrameBytes);
            if (bytes == FrameWalk.INCOMPLETE) {
                return;
            }
            if (bytes < 0) {
                refuseLength(session, bytes);
                break;
            }
            if (bytes > TcpIngress.LARGE_FRAME_BYTES) {
                session.ingress.noteLargeFrame(bytes);
            }
            int next = Frame.type(in, at) == FrameType.ENVELOPE
                    ? routeEnvelope(session, in, at, bytes)
                    : routeControl(session, in, at, bytes);
            in.readerIndex(next);
        }
        if (!session.isAlive()) {
            in.readerIndex(end);
        }
    }

    private static void refuseLength(Session session, int reason) {
        if (reason == FrameWalk.TOO_LARGE) {
            session.close(CloseCode.FRAME_TOO_LARGE, null);
        } else {
            session.close(CloseCode.PROTOCOL_ERROR, "a frame's length is at least 20");
        }
    }

    /** Returns where the walk goes on: behind the run, or at this frame again if the session is suspended. */
    private int routeEnvelope(Session session, ByteBuf in, int at, int bytes) {
        int flags = Frame.flags(in, at);
        if ((flags & ~Flags.DEFINED) != 0) {
            session.violated("undefined flags");
            return at;
        }
        if ((flags & Flags.CHUNK) != 0) {
            return chunks.route(session, in, at, bytes);
        }
        if ((flags & Flags.LAST) != 0) {
            session.violated("LAST without CHUNK");
            return at;
        }
        return messages.route(session, in, at, bytes);
    }

    // ---- control frames

    private int routeControl(Session session, ByteBuf in, int at, int bytes) {
        byte type = Frame.type(in, at);
        long correlation = Frame.sequence(in, at);
        if (!isKnown(type)) {
            session.refusals.refuseThrottled(ErrorCode.UNKNOWN_TYPE, Frame.room(in, at), false, correlation);
            return at + bytes;
        }
        if (Frame.flags(in, at) != 0) {
            session.violated(FrameType.name(type) + " has no flags");
            return at;
        }
        switch (type) {
            case FrameType.JOIN, FrameType.LEAVE, FrameType.PING -> {
                if (!session.correlate(correlation)) {
                    session.violated("correlations must rise");
                    return at;
                }
                request(session, type, in, at, bytes, correlation);
            }
            case FrameType.PONG -> {}
            case FrameType.CLOSE -> session.finish();
            case FrameType.HELLO -> session.close(CloseCode.PROTOCOL_ERROR, "a second HELLO");
            default -> session.refusals.refuseThrottled(ErrorCode.UNKNOWN_TYPE, Frame.room(in, at), false, correlation);
        }
        return at + bytes;
    }

    private static boolean isKnown(byte type) {
        return (type >= FrameType.HELLO && type <= FrameType.GAP) || type == FrameType.FLOW;
    }

    private static void request(Session session, byte type, ByteBuf in, int at, int bytes, long correlation) {
        if (type == FrameType.PING) {
            session.outbox.queueEmpty(FrameType.PONG, correlation);
        } else if (type == FrameType.JOIN && bytes > Frame.MAX_HELLO_FRAME_BYTES) {
            // Parsing it would take the loop from everybody else.
            session.refusals.refuse(ErrorCode.MALFORMED_BODY, Frame.room(in, at), correlation);
        } else if (type == FrameType.JOIN) {
            try {
                session.joins.ask(ControlCodec.decode(Join.class, in, at, bytes), correlation);
            } catch (MalformedBodyException e) {
                session.refusals.refuse(ErrorCode.MALFORMED_BODY, Frame.room(in, at), correlation);
            }
        } else {
            int handle = Frame.room(in, at);
            Membership member = handle == 0 ? null : session.rooms.resolve(handle);
            if (member == null) {
                session.refusals.refuse(ErrorCode.NOT_HELD, handle, correlation);
            } else {
                session.rooms.leave(member, Withdrawn.LEFT, correlation);
            }
        }
    }
}
