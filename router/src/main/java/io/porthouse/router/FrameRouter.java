package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.porthouse.protocol.Chunk;
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
import io.porthouse.router.Uploads.Upload;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Walks what a session has sent, frame by frame: checks each, stamps where it comes from, and cuts the buffer into runs that
 * go to their rooms. The first frame of a run is checked with all consequences; a following one joins the run if it is
 * plainly fine, and else becomes the first of the next. One per puddle, without state of its own; confined to its loop.
 */
final class FrameRouter {

    /** The type and flags of a whole message, as the upper half of the word behind the length. */
    private static final int MESSAGE = FrameType.ENVELOPE << 8;

    private static final int MESSAGE_FLAGS = Flags.RECEIPT | Flags.TEXT;

    /** Above the node field. */
    private static final int TYPE_AND_FLAGS = 0xFFFF_0000;

    private static final int RECEIPT_BIT = Flags.RECEIPT << 16;

    private final Puddle puddle;
    private final int maxFrameBytes;
    private final int maxOpenEnvelopes;

    FrameRouter(Node node, Puddle puddle) {
        this.puddle = puddle;
        this.maxFrameBytes = node.settings.limits().maxFrameBytes();
        this.maxOpenEnvelopes = node.settings.limits().maxOpenEnvelopes();
    }

    /**
     * Routes whole frames and moves the reader index behind them. Stops before a frame that is not whole, and where the
     * session is suspended; what is unread then is walked again later.
     */
    void route(Session session, ByteBuf in) {
        int end = in.writerIndex();
        while (session.isAlive() && !session.isSuspended()) {
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
                session.ingress.received(bytes);
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
            return violated(session, at, "undefined flags");
        }
        if ((flags & Flags.CHUNK) != 0) {
            return routeChunks(session, in, at, bytes);
        }
        if ((flags & Flags.LAST) != 0) {
            return violated(session, at, "LAST without CHUNK");
        }
        return routeMessages(session, in, at, bytes);
    }

    private static int violated(Session session, int at, String what) {
        session.close(CloseCode.PROTOCOL_ERROR, what);
        return at;
    }

    // ---- whole messages

    private int routeMessages(Session session, ByteBuf in, int start, int firstBytes) {
        int rawRoom = Frame.room(in, start);
        Membership member = session.rooms.resolve(rawRoom);
        if (member != null && hasToWait(session, member, Traffic.MESSAGES)) {
            return start;
        }
        long correlation = Frame.sequence(in, start);
        boolean receipt = (Frame.flags(in, start) & Flags.RECEIPT) != 0;
        if (receipt && correlation == 0) {
            return violated(session, start, "a RECEIPT needs a correlation");
        }
        if (!session.correlate(correlation)) {
            return violated(session, start, "correlations must rise");
        }
        ErrorCode refusal = member == null ? ErrorCode.NOT_HELD : refusalOf(member, in, start, firstBytes);
        if (member == null || refusal != null) {
            session.refusals.refuseThrottled(
                    refusal == null ? ErrorCode.NOT_HELD : refusal, rawRoom, member != null, correlation);
            return start + firstBytes;
        }
        long source = source(member, session);
        stamp(in, start, in.getInt(start + Frame.TYPE_OFFSET), source);
        return cutMessages(session, member, in, start, start + firstBytes, source, receipt ? correlation : 0);
    }

    /** Adds what follows to the run, and publishes it. */
    private int cutMessages(
            Session session, Membership member, ByteBuf in, int start, int second, long source, long receipt) {
        Room room = member.room;
        RoomRules rules = room.rules();
        int maxBodyBytes = rules.maxMessageBytes();
        boolean special = rules.text() || rules.messagesPerSecond() > 0;
        int rawRoom = Frame.room(in, start);
        // The raw field is overwritten by now; followers name the room as the first did, or by its handle.
        int end = in.writerIndex();
        int limit = start + Run.MAX_BYTES;
        int at = second;
        int messages = 1;
        int receiptIndex = 0;
        long receiptCorrelation = receipt;
        while (at < limit) {
            int bytes = FrameWalk.frameBytes(in, at, end, maxFrameBytes);
            if (bytes <= 0 || bytes - Frame.HEADER_BYTES > maxBodyBytes || at + bytes > limit) {
                break;
            }
            int word = in.getInt(at + Frame.TYPE_OFFSET);
            if (((word >>> 16) & ~MESSAGE_FLAGS) != MESSAGE || !names(session, member, in, at, rawRoom)) {
                break;
            }
            long correlation = Frame.sequence(in, at);
            boolean wantsReceipt = (word & RECEIPT_BIT) != 0;
            if (correlation == 0 ? wantsReceipt : !session.wouldRise(correlation)) {
                break;
            }
            if (special && refusalOf(member, in, at, bytes) != null) {
                break;
            }
            session.correlate(correlation);
            if (wantsReceipt) {
                receiptCorrelation = correlation;
                receiptIndex = messages;
            }
            stamp(in, at, word, source);
            messages++;
            at += bytes;
        }
        Run run = Run.ofMessages(in, start, at - start, session, messages);
        if (receiptCorrelation != 0) {
            run.wantReceipt(member, receiptCorrelation, receiptIndex);
            member.awaitReceipt(run);
        }
        puddle.stats.receivedMessages.add(messages);
        room.publish(run, puddle);
        return at;
    }

    private static boolean names(Session session, Membership member, ByteBuf in, int at, int handle) {
        int room = Frame.room(in, at);
        return room == handle || (room == 0 && session.rooms.resolve(0) == member);
    }

    private static long source(Membership member, Session session) {
        return ((long) member.room.handle() << 32) | (session.handle & 0xFFFF_FFFFL);
    }

    /** Writes node, room and origin in two stores; without a mesh the node is 0. */
    private static void stamp(ByteBuf in, int at, int word, long source) {
        in.setInt(at + Frame.TYPE_OFFSET, word & TYPE_AND_FLAGS);
        in.setLong(at + Frame.ROOM_OFFSET, source);
    }

    /** Returns why the room does not take this message now; null if it does, and then it is counted against the rate. */
    private @Nullable ErrorCode refusalOf(Membership member, ByteBuf in, int at, int bytes) {
        RoomRules rules = member.room.rules();
        int bodyBytes = bytes - Frame.HEADER_BYTES;
        if (!member.mayWrite()) {
            return ErrorCode.MAY_NOT_WRITE;
        }
        if (bodyBytes > rules.maxMessageBytes()) {
            return ErrorCode.TOO_LARGE;
        }
        if (rules.text() && !isText(in, at, bodyBytes)) {
            return ErrorCode.TEXT_ONLY;
        }
        return isRateExceeded(member, rules) ? ErrorCode.RATE_LIMITED : null;
    }

    private static boolean isText(ByteBuf in, int at, int bodyBytes) {
        return (Frame.flags(in, at) & Flags.TEXT) != 0 && isUtf8(in, at + Frame.BODY_OFFSET, bodyBytes);
    }

    static boolean isUtf8(ByteBuf in, int start, int bytes) {
        return ByteBufUtil.isText(in, start, bytes, StandardCharsets.UTF_8);
    }

    private boolean isRateExceeded(Membership member, RoomRules rules) {
        int perSecond = rules.messagesPerSecond();
        return perSecond > 0 && !member.withinRate(perSecond, puddle.nowNanos());
    }

    // ---- chunks

    private int routeChunks(Session session, ByteBuf in, int start, int firstBytes) {
        int data = Chunk.dataBytes(in, start, firstBytes);
        if (data < 0) {
            return violated(session, start, "a chunk is too short for its fields, or a cancel has data");
        }
        int flags = Frame.flags(in, start);
        boolean last = (flags & Flags.LAST) != 0;
        boolean receipt = (flags & Flags.RECEIPT) != 0;
        long correlation = Frame.sequence(in, start);
        if (last ? receipt && correlation == 0 : receipt || correlation != 0) {
            return violated(session, start, "only LAST carries a correlation, and a RECEIPT needs one");
        }
        Membership member = session.rooms.resolve(Frame.room(in, start));
        int index = Chunk.index(in, start);
        Upload upload = session.rooms.uploads().find(Chunk.envelopeId(in, start));
        if (upload != null && (index == 0 || upload.member != member)) {
            return violated(session, start, "the envelope id is open");
        }
        if (upload != null && index != Chunk.CANCEL_INDEX && !upload.expects(index)) {
            return violated(session, start, "a chunk is missing");
        }
        ErrorCode refusal = upload == null ? refusalOfEnvelope(session, member, in, start, index) : null;
        if (member != null && refusal == null && hasToWait(session, member, Traffic.CHUNKS)) {
            return start;
        }
        if (!session.correlate(correlation)) {
            return violated(session, start, "correlations must rise");
        }
        if (refusal == null && upload == null && member != null && isRateExceeded(member, member.room.rules())) {
            refusal = ErrorCode.RATE_LIMITED;
        }
        if (member == null || refusal != null) {
            // The rest of an envelope that was refused at its beginning is skipped in silence, but for its last chunk.
            if (index == 0 || correlation != 0) {
                session.refusals.refuseEnvelope(
                        refusal == null ? ErrorCode.NOT_HELD : refusal,
                        Frame.room(in, start),
                        Chunk.envelopeId(in, start),
                        correlation);
            }
            return start + firstBytes;
        }
        Upload open = upload == null ? session.rooms.uploads().begin(member, Chunk.envelopeId(in, start)) : upload;
        return cutChunks(session, open, in, start, firstBytes);
    }

    /** Returns why an envelope that is not open is not taken; null if its first chunk may open it. */
    private @Nullable ErrorCode refusalOfEnvelope(
            Session session, @Nullable Membership member, ByteBuf in, int at, int index) {
        if (index != 0) {
            return ErrorCode.ENVELOPE_NOT_OPEN;
        }
        if (member == null) {
            return ErrorCode.NOT_HELD;
        }
        RoomRules rules = member.room.rules();
        if (!member.mayWrite()) {
            return ErrorCode.MAY_NOT_WRITE;
        }
        if (rules.text()) {
            return ErrorCode.TEXT_ONLY;
        }
        long total = in.getLong(at + Frame.BODY_OFFSET + Chunk.TOTAL_OFFSET);
        boolean tooLarge = total != Chunk.UNKNOWN_TOTAL && Long.compareUnsigned(total, rules.maxEnvelopeBytes()) > 0;
        if (tooLarge || rules.maxEnvelopeBytes() < 0) {
            return ErrorCode.TOO_LARGE;
        }
        return session.rooms.uploads().size() >= maxOpenEnvelopes ? ErrorCode.TOO_MANY_ENVELOPES : null;
    }

    /** Cuts a run of one envelope's chunks, and publishes it. */
    private int cutChunks(Session session, Upload upload, ByteBuf in, int start, int firstBytes) {
        Membership member = upload.member;
        long maxEnvelopeBytes = member.room.rules().maxEnvelopeBytes();
        long source = source(member, session);
        int rawRoom = Frame.room(in, start);
        boolean opens = Chunk.index(in, start) == 0;
        int limit = start + Run.MAX_BYTES;
        int at = start;
        int bytes = firstBytes;
        boolean ends = false;
        boolean tooLarge = false;
        long receipt = 0;
        int chunks = 0;
        do {
            int word = in.getInt(at + Frame.TYPE_OFFSET);
            long correlation = Frame.sequence(in, at);
            boolean isCancel = Chunk.index(in, at) == Chunk.CANCEL_INDEX;
            if (!isCancel && !upload.add(Chunk.dataBytes(in, at, bytes), maxEnvelopeBytes)) {
                tooLarge = true;
                break;
            }
            ends = (word & Flags.LAST << 16) != 0;
            receipt = (word & RECEIPT_BIT) != 0 ? correlation : 0;
            session.correlate(correlation);
            stamp(in, at, word, source);
            Frame.setSequence(in, at, 0);
            chunks++;
            at += bytes;
            bytes = ends ? 0 : FrameWalk.frameBytes(in, at, in.writerIndex(), maxFrameBytes);
        } while (bytes > 0 && at + bytes <= limit && continues(session, upload, in, at, bytes, rawRoom));
        puddle.stats.receivedChunks.add(chunks);
        if (chunks > 0) {
            Run run = Run.ofChunks(in, start, at - start, session, upload.envelopeId, opens, ends);
            if (receipt != 0) {
                run.wantReceipt(member, receipt, 0);
                member.awaitReceipt(run);
            }
            member.room.publish(run, puddle);
        }
        if (tooLarge) {
            return refuseRest(session, upload, in, at, bytes);
        }
        if (ends) {
            session.rooms.uploads().end(upload);
        }
        return at;
    }

    private static int refuseRest(Session session, Upload upload, ByteBuf in, int at, int bytes) {
        long correlation = Frame.sequence(in, at);
        session.correlate(correlation);
        session.rooms.uploads().cancel(upload);
        session.refusals.refuseEnvelope(ErrorCode.TOO_LARGE, Frame.room(in, at), upload.envelopeId, correlation);
        return at + bytes;
    }

    /** Returns whether the frame is plainly the next chunk of the same envelope. */
    private static boolean continues(Session session, Upload upload, ByteBuf in, int at, int bytes, int rawRoom) {
        int flags = Frame.flags(in, at);
        if (Frame.type(in, at) != FrameType.ENVELOPE
                || (flags & Flags.CHUNK) == 0
                || (flags & ~Flags.DEFINED) != 0
                || Frame.room(in, at) != rawRoom
                || Chunk.dataBytes(in, at, bytes) < 0
                || Chunk.envelopeId(in, at) != upload.envelopeId
                || !upload.expects(Chunk.index(in, at))) {
            return false;
        }
        long correlation = Frame.sequence(in, at);
        boolean receipt = (flags & Flags.RECEIPT) != 0;
        return (flags & Flags.LAST) != 0
                ? correlation == 0 ? !receipt : session.wouldRise(correlation)
                : correlation == 0 && !receipt;
    }

    // ---- suspension

    /** Suspends a publisher for as long as its room, or a loop that it would reach, can't take more. */
    private static boolean hasToWait(Session session, Membership member, Traffic traffic) {
        Room room = member.room;
        if (room.pauses().isOn(traffic) && room.pauses().await(traffic, session)) {
            session.suspend(Session.WAITS_FOR_ROOM);
            member.tellPaused();
            return true;
        }
        Puddle full = room.findFullPuddle();
        if (full != null) {
            session.suspend(Session.WAITS_FOR_INBOX);
            full.awaitSpace(session);
            return true;
        }
        return false;
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
            return violated(session, at, FrameType.name(type) + " has no flags");
        }
        switch (type) {
            case FrameType.JOIN, FrameType.LEAVE, FrameType.PING -> {
                if (!session.correlate(correlation)) {
                    return violated(session, at, "correlations must rise");
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
                session.rooms.join(ControlCodec.decode(Join.class, in, at, bytes), correlation);
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
