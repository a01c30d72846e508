package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.FrameWalk;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Cuts whole messages into runs. The first of a run is checked with all consequences; a following one joins the run if it is
 * plainly fine, and else becomes the first of the next. One per puddle, without state of its own; confined to its loop.
 */
final class MessageRouter {

    /** The type and flags of a whole message, as the upper half of the word behind the length. */
    private static final int MESSAGE = FrameType.ENVELOPE << 8;

    private static final int MESSAGE_FLAGS = Flags.RECEIPT | Flags.TEXT;

    /** In the word behind the length. */
    private static final int RECEIPT_BIT = Flags.RECEIPT << 16;

    private final Puddle puddle;
    private final int maxFrameBytes;

    MessageRouter(Node node, Puddle puddle) {
        this.puddle = puddle;
        this.maxFrameBytes = node.settings.limits().maxFrameBytes();
    }

    /** Returns where the walk goes on: behind the run, or at this frame again if the session is suspended. */
    int route(Session session, ByteBuf in, int start, int firstBytes) {
        int rawRoom = Frame.room(in, start);
        Membership member = session.rooms.resolve(rawRoom);
        if (member != null && member.mayWrite() && member.hasToWait(Traffic.MESSAGES)) {
            return start;
        }
        long correlation = Frame.sequence(in, start);
        boolean receipt = (Frame.flags(in, start) & Flags.RECEIPT) != 0;
        if (receipt && correlation == 0) {
            session.violated("a RECEIPT needs a correlation");
            return start;
        }
        if (!session.correlate(correlation)) {
            session.violated("correlations must rise");
            return start;
        }
        if (member == null) {
            session.refusals.refuseThrottled(ErrorCode.NOT_HELD, rawRoom, false, correlation);
            return start + firstBytes;
        }
        ErrorCode refusal = refusalOf(member, in, start, firstBytes);
        if (refusal != null) {
            session.refusals.refuseThrottled(refusal, rawRoom, true, correlation);
            return start + firstBytes;
        }
        long source = member.source();
        Stamp.write(in, start, in.getInt(start + Frame.TYPE_OFFSET), source);
        return cutMessages(session, member, in, start, start + firstBytes, source, receipt ? correlation : 0);
    }

    /** Adds what follows to the run, and publishes it. */
    private int cutMessages(
            Session session, Membership member, ByteBuf in, int start, int second, long source, long receipt) {
        Room room = member.room;
        RoomRules rules = room.rules();
        int maxBodyBytes = rules.maxMessageBytes();
        boolean special = rules.text() || rules.messagesPerSecond() > 0;
        int handle = room.handle();
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
            if (((word >>> 16) & ~MESSAGE_FLAGS) != MESSAGE || !names(session, member, in, at, handle)) {
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
            Stamp.write(in, at, word, source);
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

    /** Returns why the room does not take this message now; null if it does, and then it is counted against the rate. */
    private static @Nullable ErrorCode refusalOf(Membership member, ByteBuf in, int at, int bytes) {
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
        return member.withinRate() ? null : ErrorCode.RATE_LIMITED;
    }

    private static boolean isText(ByteBuf in, int at, int bodyBytes) {
        return (Frame.flags(in, at) & Flags.TEXT) != 0 && isUtf8(in, at + Frame.BODY_OFFSET, bodyBytes);
    }

    static boolean isUtf8(ByteBuf in, int start, int bytes) {
        return ByteBufUtil.isText(in, start, bytes, StandardCharsets.UTF_8);
    }
}
