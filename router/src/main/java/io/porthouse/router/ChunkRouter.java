package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.FrameWalk;
import io.porthouse.router.Uploads.Upload;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the chunks of envelopes into runs, each of one envelope: opens it with its first chunk, checks that none is missing,
 * ends it with its last one or its cancel. One per puddle, without state of its own; confined to its loop.
 */
final class ChunkRouter {

    /** In the word behind the length. */
    private static final int RECEIPT_BIT = Flags.RECEIPT << 16;

    private final Puddle puddle;
    private final int maxFrameBytes;
    private final int maxOpenEnvelopes;

    ChunkRouter(Node node, Puddle puddle) {
        this.puddle = puddle;
        this.maxFrameBytes = node.settings.limits().maxFrameBytes();
        this.maxOpenEnvelopes = node.settings.limits().maxOpenEnvelopes();
    }

    /** Returns where the walk goes on: behind the run, or at this frame again if the session is suspended. */
    int route(Session session, ByteBuf in, int start, int firstBytes) {
        // First, for what is read below lies beyond the end of a frame that is too short.
        if (Chunk.dataBytes(in, start, firstBytes) < 0) {
            session.violated("a chunk is too short for its fields, or a cancel has data");
            return start;
        }
        Membership member = session.rooms.resolve(Frame.room(in, start));
        Upload upload = session.rooms.uploads().find(Chunk.envelopeId(in, start));
        String violation = violationOf(session, upload, member, in, start);
        if (violation != null) {
            session.violated(violation);
            return start;
        }
        int index = Chunk.index(in, start);
        long correlation = Frame.sequence(in, start);
        ErrorCode refusal = upload == null ? refusalOfEnvelope(session, member, in, start, index) : null;
        // A cancel gives back what is queued, so it does not wait for that.
        boolean waits = index != Chunk.CANCEL_INDEX && refusal == null;
        if (waits && member != null && member.hasToWait(Traffic.CHUNKS)) {
            return start;
        }
        session.correlate(correlation);
        if (refusal == null && upload == null && member != null && !member.withinRate()) {
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

    /** Returns how the frame breaks the protocol, its length apart; null if it doesn't. */
    private static @Nullable String violationOf(
            Session session, @Nullable Upload upload, @Nullable Membership member, ByteBuf in, int at) {
        if (!mayCorrelate(session, Frame.flags(in, at), Frame.sequence(in, at))) {
            return "only LAST carries a correlation, which must rise, and a RECEIPT needs one";
        }
        if (upload == null) {
            return null;
        }
        int index = Chunk.index(in, at);
        if (index == 0 || upload.member != member) {
            return "the envelope id is open";
        }
        return index == Chunk.CANCEL_INDEX || upload.expects(index) ? null : "a chunk is missing";
    }

    /** Returns whether a chunk with these flags may have this correlation. */
    private static boolean mayCorrelate(Session session, int flags, long correlation) {
        boolean receipt = (flags & Flags.RECEIPT) != 0;
        if (correlation == 0) {
            return !receipt;
        }
        return (flags & Flags.LAST) != 0 && session.wouldRise(correlation);
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
        long source = member.source();
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
            boolean isLast = (word & Flags.LAST << 16) != 0;
            if (!isCancel && !upload.add(Chunk.dataBytes(in, at, bytes), isLast, maxEnvelopeBytes)) {
                tooLarge = true;
                break;
            }
            ends = isLast;
            receipt = (word & RECEIPT_BIT) != 0 ? correlation : 0;
            session.correlate(correlation);
            Stamp.write(in, at, word, source);
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
        return Frame.type(in, at) == FrameType.ENVELOPE
                && (flags & Flags.CHUNK) != 0
                && (flags & ~Flags.DEFINED) == 0
                && Frame.room(in, at) == rawRoom
                && Chunk.dataBytes(in, at, bytes) >= 0
                && Chunk.envelopeId(in, at) == upload.envelopeId
                && upload.expects(Chunk.index(in, at))
                && mayCorrelate(session, flags, Frame.sequence(in, at));
    }
}
