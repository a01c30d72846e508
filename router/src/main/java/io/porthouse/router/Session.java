package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody.Close;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One live connection: its stage from HELLO to CLOSE, and how it ends. What it sends is walked by {@link FrameRouter} while
 * the {@link ReadGate} is open, what it holds is in {@link SessionRooms}, what it is to be sent in {@link Outbox}. Confined to
 * its puddle's loop.
 *
 * <p>The router ends it step by step: it may be marked, for the end of the round; it is silenced, so that nothing that it sent
 * is routed any more; and a {@link Departure} sees it off.
 */
final class Session {

    /** Where a connection stands. Each stage takes what is read in its own way. */
    private enum Stage {
        /** Only HELLO is parsed. */
        HELLO,
        /** HELLO is being answered; what follows it is held. */
        HELD,
        /** Frames are routed. */
        OPEN,
        /** The client has said all that it will; what it is owed is sent. */
        FINISHING,
        /** The router ends it; what comes in is discarded. */
        CLOSING,
        CLOSED
    }

    private static final int MAX_CLIENT_CHARS = 64;

    final Node node;
    final Puddle puddle;
    final TcpIngress ingress;
    final Outbox outbox;
    final ReadGate gate;
    final SessionRooms rooms;
    final Joins joins;
    final Refusals refusals;
    final int handle;

    /** What the client says that it is. */
    private String client = "";

    private long receivedBytes;
    private final long sinceMillis;

    /** Whether its own messages come back to it. */
    boolean echo;

    /** Where its puddle keeps it. */
    int sessionsIndex;

    /** Runs whose receipts it still waits for. */
    int receiptsOutstanding;

    private Stage stage = Stage.HELLO;
    private @Nullable Handshake handshake;
    private @Nullable LiveToken token;
    private @Nullable Departure departure;

    /** Why it is to be closed at the end of the round. */
    private @Nullable CloseCode markedFor;

    /** What is still to be said to who was muted. */
    private @Nullable Close unsaidGoodbye;

    private boolean touched;
    private boolean inputEnded;
    private long lastCorrelation;

    private final Heartbeat heartbeat;
    private final DrainWatch drain;

    Session(Node node, Puddle puddle, TcpIngress ingress) {
        this.node = node;
        this.puddle = puddle;
        this.ingress = ingress;
        this.handle = node.nextSessionHandle();
        this.sinceMillis = node.clock.millis();
        this.outbox = new Outbox(this, puddle, node.memory.allocator());
        this.gate = new ReadGate(this);
        this.rooms = new SessionRooms(this);
        this.joins = new Joins(this, rooms);
        this.refusals = new Refusals(this);
        this.heartbeat = new Heartbeat(this);
        this.drain = new DrainWatch(this);
    }

    // ---- life

    /** The connection is there. */
    void start() {
        heartbeat.heard(puddle.nowNanos());
        puddle.sessions.add(this);
        handshake = new Handshake(this, puddle.nowNanos());
        if (node.handshakes.incrementAndGet() > node.settings.limits().handshakes()) {
            close(CloseCode.OVERLOADED, "too many connections that have not been welcomed yet");
        } else if (node.memory.isExceeded()) {
            close(CloseCode.OVERLOADED, "short of memory");
        }
    }

    /** Returns whether frames are still taken from it, or will be. */
    boolean isAlive() {
        return stage == Stage.HELLO || stage == Stage.HELD || stage == Stage.OPEN;
    }

    /** Keeps what the client says that it is, as far as it is worth keeping. */
    void setClient(@Nullable String name) {
        client = name == null ? "" : name.substring(0, Math.min(name.length(), MAX_CLIENT_CHARS));
    }

    /** Counts what was read. */
    void countRead(int bytes) {
        receivedBytes += bytes;
    }

    /** Returns whether it has been welcomed, and is not closed. */
    boolean isWelcomed() {
        return rooms.hasToken() && isAlive();
    }

    SessionInfo describe(TokenState state) {
        return new SessionInfo(
                Integer.toUnsignedString(handle),
                state.id(),
                state.account(),
                client,
                ingress.remoteAddress(),
                Instant.ofEpochMilli(sinceMillis),
                rooms.names(),
                receivedBytes,
                outbox.sentBytes(),
                outbox.lagBytes());
    }

    /** HELLO is being answered: nothing is read until then. */
    void hold(LiveToken presented) {
        token = presented;
        stage = Stage.HELD;
        gate.suspend(ReadGate.WAITS_FOR_TOKEN);
    }

    /** WELCOME and all answers to HELLO's rooms are queued. */
    void open() {
        stage = Stage.OPEN;
        endHandshake();
        gate.resume(ReadGate.WAITS_FOR_TOKEN);
    }

    private void endHandshake() {
        if (handshake != null) {
            handshake = null;
            node.handshakes.decrementAndGet();
        }
    }

    @Nullable
    LiveToken token() {
        return token;
    }

    /**
     * The token was read, for the first time or again.
     *
     * @param tally of the refresh that this is part of; null: of none
     * @return whether it is refused, and muted by that; {@link #sayGoodbye} is due then
     */
    boolean tokenApplied(LiveToken.Verdict verdict, @Nullable RefreshTally tally) {
        if (!isAlive() && stage != Stage.FINISHING) {
            return false;
        }
        TokenState state = stage == Stage.FINISHING ? null : verdict.state();
        CloseCode refusal = verdict.refusal();
        if (refusal != null) {
            boolean neverKnown = refusal == CloseCode.TOKEN_REVOKED && !rooms.hasToken();
            mute(neverKnown ? CloseCode.TOKEN_UNKNOWN : refusal);
            if (tally != null) {
                tally.countClosed();
            }
            return true;
        } else if (state != null && rooms.hasToken()) {
            rooms.compare(state, tally);
        } else if (state != null && handshake != null) {
            rooms.setToken(state);
            handshake.welcome(state);
        }
        return false;
    }

    /** Ends it in silence: nothing that it sent is routed any more, and it is sent nothing but a goodbye. */
    private void mute(CloseCode code) {
        silence(code, false);
        // How it was ending until now counts no more.
        departure = null;
        unsaidGoodbye = new Close(code.number(), code.text(), null);
    }

    /** Says goodbye to who was muted, and closes; a crowd is muted first, and told afterwards. */
    void sayGoodbye() {
        Close body = unsaidGoodbye;
        if (body != null && stage == Stage.CLOSING) {
            unsaidGoodbye = null;
            depart(Departure.byRouter(this, body, false, inputEnded));
        }
    }

    // ---- reading

    /** Takes what was read; whole frames are consumed, the rest is left in the buffer. */
    void take(ByteBuf in) {
        heartbeat.heard(puddle.nowNanos());
        switch (stage) {
            case HELLO -> {
                if (handshake != null) {
                    handshake.take(in);
                }
            }
            case OPEN -> puddle.frames.route(this, in);
            case FINISHING, CLOSING, CLOSED -> in.skipBytes(in.readableBytes());
            case HELD -> {}
        }
    }

    /** The peer sends no more: what it sent is routed, then the session ends. */
    void inputEnded() {
        inputEnded = true;
        Departure departing = departure;
        if (departing != null) {
            departing.inputEnded();
        } else if (stage == Stage.HELLO) {
            disconnected();
        } else {
            finishIfHeard();
        }
    }

    /** A JOIN that had to wait is answered: perhaps the last thing that its end waited for. */
    void joinAnswered() {
        if (inputEnded) {
            touch();
        }
    }

    /** Ends it if the peer sends no more, and all that it sent is routed, and each JOIN is answered. */
    private void finishIfHeard() {
        if (inputEnded && gate.hasWalkedAll() && !joins.arePending()) {
            finish();
        }
    }

    /** Takes a correlation; false if it is not 0 and does not rise, which is a protocol error. */
    boolean correlate(long correlation) {
        if (correlation != 0) {
            if (!wouldRise(correlation)) {
                return false;
            }
            lastCorrelation = correlation;
        }
        return true;
    }

    boolean wouldRise(long correlation) {
        return Long.compareUnsigned(correlation, lastCorrelation) > 0;
    }

    /** One of HELLO's rooms is answered. */
    void helloAnswered() {
        if (handshake != null && isAlive()) {
            handshake.answered();
        }
    }

    // ---- the round

    /** Has the session looked at when the puddle's round ends. */
    void touch() {
        if (!touched) {
            touched = true;
            puddle.touch(this);
        }
    }

    /** Marks the session to be closed at the end of the round, because it does not take what it is sent. */
    void markSlow() {
        mark(CloseCode.SLOW_RECEIVER);
    }

    void mark(CloseCode code) {
        if (markedFor == null) {
            markedFor = code;
            touch();
        }
    }

    void endOfRound() {
        touched = false;
        CloseCode marked = markedFor;
        if (marked != null) {
            close(marked, null);
        }
        outbox.flush();
        Departure departing = departure;
        if (departing != null) {
            departing.advance();
        }
        if (gate.takeResumeDue() && isAlive()) {
            ingress.resume();
        }
        finishIfHeard();
    }

    // ---- the end

    /** Ends the connection by the router's will. */
    void close(CloseCode code, @Nullable String detail) {
        end(new Close(code.number(), detail == null ? code.text() : code.text() + ": " + detail, null), code, false);
    }

    /** Ends it because it does not keep to the protocol. */
    void violated(String what) {
        close(CloseCode.PROTOCOL_ERROR, what);
    }

    /** Ends it because the router stops: what is queued is sent first. */
    void goAway(long afterMillis) {
        Close body = new Close(CloseCode.GOING_AWAY.number(), CloseCode.GOING_AWAY.text(), afterMillis);
        end(body, CloseCode.GOING_AWAY, true);
    }

    private void end(Close body, CloseCode code, boolean drainFirst) {
        if (isAlive() || stage == Stage.FINISHING) {
            silence(code, drainFirst);
            Puddle.apart(this, () -> depart(Departure.byRouter(this, body, drainFirst, inputEnded)));
        }
    }

    /** From now on nothing that it sent is routed, and nothing but what {@code drainFirst} leaves queued is sent to it. */
    private void silence(CloseCode code, boolean drainFirst) {
        if (stage != Stage.FINISHING) {
            node.closes.count(code);
        }
        if (!drainFirst) {
            // First, so that nothing is queued any more, for which there might be no memory.
            outbox.shut();
        }
        leaveAll(Stage.CLOSING);
        if (drainFirst) {
            outbox.shutBehindQueued();
        }
        ingress.discardInput();
    }

    /** Ends it because the client is done: its receipts are sent, and what it was owed. */
    void finish() {
        if (stage == Stage.OPEN) {
            leaveAll(Stage.FINISHING);
            node.closes.count(CloseCode.DONE);
            ingress.discardInput();
            depart(Departure.byClient(this, inputEnded));
        }
    }

    private void depart(Departure begun) {
        departure = begun;
        puddle.sessions.watch(begun);
        begun.advance();
    }

    /** The connection is gone. */
    void disconnected() {
        if (stage == Stage.CLOSED) {
            return;
        }
        boolean wasAlive = isAlive();
        if (wasAlive) {
            node.closes.countLost();
        }
        outbox.shut();
        if (wasAlive) {
            leaveAll(Stage.CLOSED);
        }
        stage = Stage.CLOSED;
        detachToken();
        puddle.sessions.remove(this);
        ingress.close();
    }

    private void leaveAll(Stage next) {
        stage = next;
        gate.end();
        endHandshake();
        rooms.leaveAll();
        // Who is still sent what was queued can still be revoked.
        if (next != Stage.FINISHING) {
            detachToken();
        }
    }

    private void detachToken() {
        LiveToken held = token;
        if (held != null) {
            token = null;
            node.tokens.detach(held, this);
        }
    }

    /** Returns whether everything that the client asked for has been answered and sent. */
    boolean isSettled() {
        return rooms.areCutsPassed() && receiptsOutstanding == 0 && !joins.arePending() && outbox.isDrained();
    }

    /** Returns whether {@code ending} is how the session ends: a later reason replaces an earlier one. */
    boolean isDeparting(Departure ending) {
        return departure == ending && stage != Stage.CLOSED;
    }

    // ---- deadlines, by the puddle's tick

    /** Returns whether WELCOME, or an answer to one of HELLO's rooms, is still owed to it. */
    boolean isHandshaking() {
        return handshake != null;
    }

    /** Returns whether its time for that is over; also where nothing is owed any more. */
    boolean isHandshakeLate(long nowNanos) {
        return handshake == null || handshake.isLate(nowNanos);
    }

    void closeLate() {
        if (isHandshaking()) {
            close(CloseCode.TIMEOUT, "no HELLO in time");
        }
    }

    /** Looks after throttled refusals, slow draining and the heartbeat; about once a second. */
    void scan(long nowNanos) {
        if (stage != Stage.OPEN) {
            return;
        }
        refusals.tellThrottled(nowNanos);
        drain.check(nowNanos);
        if (gate.isSuspendedAsPublisher()) {
            // It is silent because it is not read.
            heartbeat.heard(nowNanos);
        }
        heartbeat.check(nowNanos);
    }
}
