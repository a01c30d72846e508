package io.porthouse.router;

import io.porthouse.protocol.Gap;
import io.porthouse.protocol.Right;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One session in one room: what it may do there, what it loses, and when it has to wait. Confined to the session's loop,
 * except where noted.
 */
final class Membership {

    /** Not in its shard's list. */
    static final int NOWHERE = -1;

    private static final long RATE_WINDOW_NANOS = 1_000_000_000L;

    final Session session;
    final Room room;

    /** Publishes without being a member: it is not counted, and receives nothing. */
    final boolean isGuest;

    private Set<Right> may;

    /** What the client asked for; it gets messages if it also may read. */
    private boolean wantsToReceive;

    /** GRANTED is queued, and WITHDRAWN is not under way: only then does the session resolve the room's handle. */
    private boolean held;

    /** HELLO waits for the answer to this join. */
    boolean answersHello;

    /** Where the shard keeps it. */
    int memberIndex = NOWHERE;

    int receiverIndex = NOWHERE;

    /** Since which of its shard's beginnings it receives. */
    long receivesSince;

    /** Whether an envelope that may still be open here goes on without it. */
    boolean lostEnvelope;

    /** Whether the room counts it among those who receive; guarded by the room's lock. */
    boolean counted;

    /** A span of messages that did not fit. */
    private boolean losing;

    private long firstLost;
    private long lastLost;
    private long lostMessages;

    /** Whether this member holds up the room. */
    private final EnumSet<Traffic> holdsUp = EnumSet.noneOf(Traffic.class);

    /** How many buffers the lane of messages had been given with the last run that was queued under {@code wait}. */
    long lastQueued;

    /** What FLOW said last to this session as a publisher. */
    private boolean toldPaused;

    private int openUploads;

    /** The room tells it of pauses. */
    private boolean isUploader;

    private long rateWindowStart;
    private int rateCount;

    /** Null while it has asked for none, as most do not. */
    private @Nullable PendingReceipts receipts;

    Membership(Session session, Room room, boolean isGuest, Set<Right> may, boolean wantsToReceive) {
        this.session = session;
        this.room = room;
        this.isGuest = isGuest;
        this.may = may;
        this.wantsToReceive = wantsToReceive;
    }

    Shard shard() {
        return room.shard(session.puddle);
    }

    // ---- rights

    boolean mayWrite() {
        return may.contains(Right.WRITE);
    }

    Set<Right> may() {
        return may;
    }

    boolean wantsToReceive() {
        return wantsToReceive;
    }

    /** Returns whether messages go to it, as far as the session's loop knows. */
    boolean receives() {
        return wantsToReceive && may.contains(Right.READ);
    }

    /** Sets what it may do and wants; takes effect for messages at the room's next cut ({@link Room#change}). */
    void setRights(Set<Right> rights, boolean receive) {
        may = rights.isEmpty() ? EnumSet.noneOf(Right.class) : EnumSet.copyOf(rights);
        wantsToReceive = receive;
    }

    boolean isHeld() {
        return held;
    }

    void setHeld(boolean isHeld) {
        held = isHeld;
    }

    /** Returns, once, whether HELLO waited for this membership's answer. */
    boolean endHelloAnswer() {
        boolean answered = answersHello;
        answersHello = false;
        return answered;
    }

    /** Counts one more message or envelope; false if that is above the room's rate. */
    boolean withinRate() {
        int perSecond = room.rules().messagesPerSecond();
        if (perSecond == 0) {
            return true;
        }
        long nowNanos = session.puddle.nowNanos();
        if (nowNanos - rateWindowStart >= RATE_WINDOW_NANOS) {
            rateWindowStart = nowNanos;
            rateCount = 0;
        }
        if (rateCount >= perSecond) {
            return false;
        }
        rateCount++;
        return true;
    }

    // ---- receiving

    /**
     * Queues a run of messages, or counts it as lost, or marks the session for its end, as the room's rule says.
     *
     * @return whether it is queued
     */
    boolean takeMessages(Run run, SharedSlice slice, Overflow overflow) {
        if (overflow == Overflow.WAIT) {
            return takeWaiting(run, slice);
        }
        if (!losing && session.outbox.offerMessages(run, slice)) {
            return true;
        }
        if (session.outbox.isShut()) {
            return false;
        }
        if (overflow == Overflow.DISCONNECT) {
            session.markSlow();
            return false;
        }
        if (!losing) {
            losing = true;
            firstLost = run.firstSequence();
            lostMessages = 0;
            session.outbox.congestion().addLoser(this);
        }
        lastLost = run.lastSequence();
        lostMessages += run.messages;
        session.puddle.stats.droppedMessages.add(run.messages);
        return false;
    }

    private boolean takeWaiting(Run run, SharedSlice slice) {
        if (session.outbox.isShut()) {
            return false;
        }
        // What was lost under another rule, until now, comes first.
        tellLoss();
        session.outbox.addMessages(run, slice);
        lastQueued = session.outbox.messageBuffers();
        holdUpIfOverMark(Traffic.MESSAGES);
        return true;
    }

    /**
     * Queues a run of chunks, or gives up its envelope for this member, or marks the session for its end, as the room's rule
     * says.
     *
     * @return whether the member goes on with the envelope
     */
    boolean takeChunks(Run run, SharedSlice slice, Overflow overflow) {
        Outbox outbox = session.outbox;
        if (outbox.isShut()) {
            return false;
        }
        if (run.isCancel()) {
            outbox.cancel(this, run.origin(), run.envelopeId);
            return true;
        }
        if (overflow == Overflow.WAIT) {
            outbox.addChunks(this, run, slice);
            holdUpIfOverMark(Traffic.CHUNKS);
            return true;
        }
        if (outbox.chunksFit(run)) {
            outbox.addChunks(this, run, slice);
            return true;
        }
        if (overflow == Overflow.DISCONNECT) {
            session.markSlow();
        } else if (run.opensEnvelope) {
            outbox.lose(this, run.origin(), run.envelopeId);
        } else {
            outbox.cancel(this, run.origin(), run.envelopeId);
        }
        return false;
    }

    /** The rest of an envelope does not come: what is queued of it is given back, and the member is told. */
    void giveUp(int origin, int envelopeId) {
        session.outbox.cancel(this, origin, envelopeId);
    }

    /** It receives no more, so the rest of an envelope does not come; what is queued of one is given up with the others. */
    void endEnvelope(int origin, int envelopeId) {
        Outbox outbox = session.outbox;
        if (!outbox.hasQueued(this, origin, envelopeId)) {
            outbox.endEnvelope(this, origin, envelopeId);
        }
    }

    /** Ends a span of loss: GAP takes the place of what was lost. */
    void tellLoss() {
        if (losing) {
            losing = false;
            session.outbox.congestion().removeLoser(this);
            if (!session.outbox.isShut()) {
                session.outbox.queueInOrder(buf -> Gap.encode(buf, room.handle(), firstLost, lastLost, lostMessages));
                session.puddle.stats.gaps.add(1);
            }
        }
    }

    private void holdUpIfOverMark(Traffic traffic) {
        Outbox outbox = session.outbox;
        if (holdsUp.contains(traffic) || !outbox.isOverMark(traffic, this)) {
            return;
        }
        outbox.makePlace(traffic);
        if (outbox.isOverMark(traffic, this)) {
            holdsUp.add(traffic);
            outbox.congestion().addHolder(traffic, this);
            room.pauses().begin(traffic);
        }
    }

    /** Holds the room up no longer. */
    void letGo(Traffic traffic) {
        if (holdsUp.remove(traffic)) {
            session.outbox.congestion().removeHolder(traffic, this);
            room.pauses().end(traffic);
        }
    }

    /** Receives no more, or from now on as other rules say: holds nobody up. */
    void letGo() {
        letGo(Traffic.MESSAGES);
        letGo(Traffic.CHUNKS);
    }

    // ---- publishing

    /** Returns room and origin as they stand in the header of what it sends. */
    long source() {
        return ((long) room.handle() << 32) | (session.handle & 0xFFFF_FFFFL);
    }

    /** Returns whether its session has to wait, and suspends it, because the room or a loop that it would reach is full. */
    boolean hasToWait(Traffic traffic) {
        if (room.pauses().isOn(traffic) && room.pauses().await(traffic, session)) {
            session.gate.suspend(ReadGate.WAITS_FOR_ROOM);
            tellPaused();
            return true;
        }
        Puddle full = room.findFullPuddle();
        if (full != null) {
            session.gate.suspend(ReadGate.WAITS_FOR_INBOX);
            full.awaitSpace(session);
            return true;
        }
        return false;
    }

    /** The session has one more envelope open here; the room remembers whom to tell of a pause. */
    void uploadOpened() {
        openUploads++;
        beUploader();
        tellFlow();
    }

    void uploadEnded() {
        openUploads--;
        forgetUploaderIfDone();
    }

    /** Tells the session that it is suspended for this room, if it was not told of the pause before. */
    void tellPaused() {
        beUploader();
        tellFlow();
    }

    /** Sends FLOW if the room's state is not what this session was told last. */
    void tellFlow() {
        if (!held || !isUploader) {
            // It has left in the meantime, and nothing of a room follows WITHDRAWN; or it was told of a pause's end,
            // is done here, and nobody would tell it of the end of the next.
            return;
        }
        boolean paused = room.pauses().areOn();
        if (paused != toldPaused) {
            toldPaused = paused;
            session.outbox.queueFlow(room.handle(), paused);
        }
        forgetUploaderIfDone();
    }

    private void beUploader() {
        if (!isUploader) {
            isUploader = true;
            room.pauses().addUploader(this);
        }
    }

    /** Who was told of a pause is told of its end, even if its envelopes have ended in the meantime. */
    private void forgetUploaderIfDone() {
        if (isUploader && openUploads == 0 && !toldPaused) {
            isUploader = false;
            room.pauses().removeUploader(this);
        }
    }

    /** Returns the receipts that it waits for. */
    PendingReceipts receipts() {
        if (receipts == null) {
            receipts = new PendingReceipts(this);
        }
        return receipts;
    }

    void awaitReceipt(Run run) {
        receipts().add(run);
    }

    /** Nothing outstanding will be answered any more. */
    void failReceipts() {
        if (receipts != null) {
            receipts.fail();
        }
    }
}
