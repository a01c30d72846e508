package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.FlowSender.Sent;
import io.porthouse.router.TestClient.Received;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** One connection of a play: what it has sent, and what it was told. */
final class FlowActor {

    /** So long one may hold a room up and drain too little. */
    private static final long DRAIN_MILLIS = 10_000;

    /** What is not so for a shorter time may not be noticed. */
    private static final long SCAN_MILLIS = 2_000;

    final ManualPeer peer;
    final FlowSender sender;
    private final FlowTally tally;

    /** By the room's handle, in the order in which it is told of them: the last one is the present one. */
    private final Map<Integer, Deque<FlowMember>> memberships = new HashMap<>();

    private boolean mayWrite;

    /** It has ended its own stream. */
    private boolean isEnding;

    /** What it sent into a room that was deleted may be refused. */
    private boolean mayBeRefused;

    /** Something was published to it, while it was slow, under a rule that says so. During the present step. */
    boolean mayBeDisconnected;

    private boolean wasStalled;
    private boolean wasAlive = true;
    private boolean mayBeClosed;
    private boolean isClosed;

    private long stepBeganAtMillis;

    /** Since when it might have held a room up, but for moments, and when that was so last. */
    private long inTheWaySinceMillis;

    private long inTheWayAtMillis = Long.MIN_VALUE / 2;

    FlowActor(ManualPeer peer, boolean mayWrite, Random random, FlowTally tally) {
        this.peer = peer;
        this.mayWrite = mayWrite;
        this.sender = new FlowSender(peer, random, tally);
        this.tally = tally;
    }

    /** Whether it did not take all that it was sent, during the present step. */
    boolean isSlow() {
        return wasStalled || peer.isStalled();
    }

    // ---- coming and going

    private boolean maySend() {
        return sender.isAlive() && !isEnding;
    }

    @Nullable
    private FlowMember memberOf(FlowRoom room) {
        Deque<FlowMember> all = memberships.get(room.handle);
        FlowMember last = all == null ? null : all.peekLast();
        return last == null || last.isEnded ? null : last;
    }

    boolean mayPublish(FlowRoom room) {
        return maySend() && mayWrite && memberOf(room) != null;
    }

    /** Whether the router has heard all that it sent, so that what it does now takes effect at once. */
    boolean isHeard() {
        return maySend() && sender.firstUnheard() == null;
    }

    /** Whether it has something to say that the router does not hear. */
    boolean isWaiting() {
        return sender.isAlive() && sender.firstUnheard() != null;
    }

    /** Joins the room, or leaves it and perhaps joins it again at once, in one piece. */
    void comeOrGo(FlowRoom room, boolean comesAgain) {
        byte[] join = TestClient.json(FrameType.JOIN, 0, 0, "{'room':'" + room.name + "'}");
        FlowMember member = memberOf(room);
        if (member == null) {
            join(room);
            peer.send(join);
            return;
        }
        byte[] leave = TestClient.frame(FrameType.LEAVE, 0, room.handle, 0, new byte[0]);
        sender.giveUp(room);
        member.end();
        if (comesAgain) {
            join(room);
            peer.send(TestClient.concat(leave, join));
        } else {
            peer.send(leave);
        }
    }

    /** It is a member as soon as the router hears what follows. */
    void join(FlowRoom room) {
        boolean isAgain = memberships.containsKey(room.handle);
        memberships
                .computeIfAbsent(room.handle, handle -> new ArrayDeque<>())
                .add(new FlowMember(this, room, isAgain, tally));
    }

    /** It may not write any more, or may again. */
    void setMayWrite(boolean may) {
        mayWrite = may;
        sender.giveUpAll();
    }

    /** The room ends: what is on its way there is refused. */
    void forget(FlowRoom room) {
        mayBeRefused |= sender.forget(room);
        FlowMember member = memberOf(room);
        if (member != null) {
            member.end();
        }
    }

    void endInput() {
        isEnding = true;
        tally.halfClosed++;
        peer.endInput();
    }

    void breakOff() {
        peer.breakOff();
        wasAlive = false;
        leaveAll();
    }

    private void leaveAll() {
        memberships.values().forEach(all -> all.forEach(FlowMember::end));
    }

    // ---- being told

    /** The router's present step begins. */
    void beginStep(long nowMillis) {
        stepBeganAtMillis = nowMillis;
        wasStalled = peer.isStalled();
        mayBeDisconnected = false;
    }

    /** All that was published in this step is known: takes what it was told. */
    void endStep(long nowMillis) {
        if (isSlow() && isInRoomThatMayPause()) {
            if (stepBeganAtMillis - inTheWayAtMillis > SCAN_MILLIS) {
                inTheWaySinceMillis = stepBeganAtMillis;
            }
            inTheWayAtMillis = nowMillis;
        }
        if (wasAlive && !sender.isAlive()) {
            wasAlive = false;
            judgeEnd(nowMillis);
            leaveAll();
        }
        peer.take().forEach(this::take);
        if (sender.isAlive()) {
            judgeWaiting();
        }
    }

    private boolean isInRoomThatMayPause() {
        return memberships.values().stream()
                .flatMap(Deque::stream)
                .anyMatch(member -> !member.isEnded && member.room.mayPause());
    }

    /** The router takes nothing from it any more: because it is done, or because it was too slow. */
    private void judgeEnd(long nowMillis) {
        boolean heldUp = nowMillis - inTheWayAtMillis <= SCAN_MILLIS && nowMillis - inTheWaySinceMillis >= DRAIN_MILLIS;
        mayBeClosed = mayBeDisconnected || heldUp;
        tally.disconnected += mayBeDisconnected ? 1 : 0;
        tally.tooSlow += heldUp && !mayBeDisconnected ? 1 : 0;
        if (!mayBeClosed) {
            assertThat(isEnding).as("the end of session %s", sender.handle()).isTrue();
            assertThat(sender.firstUnheard())
                    .as("what nobody heard of session %s", sender.handle())
                    .isNull();
        }
    }

    private void take(Received frame) {
        assertThat(isClosed).as("what follows CLOSE").isFalse();
        Deque<FlowMember> all = memberships.get(frame.room());
        switch (frame.type()) {
            case FrameType.GRANTED -> takeGranted(all, frame);
            case FrameType.WITHDRAWN -> all.removeFirst().withdrawn(frame);
            case FrameType.GAP -> all.getFirst().takeGap(frame);
            case FrameType.FLOW -> {
                if (!all.isEmpty()) {
                    all.getFirst().takeFlow(frame);
                }
            }
            case FrameType.CLOSE -> {
                assertThat(frame.json().get("code").asInt()).isEqualTo(CloseCode.SLOW_RECEIVER.number());
                assertThat(mayBeClosed).as("reason of %s", frame).isTrue();
                isClosed = true;
            }
            case FrameType.ENVELOPE -> all.getFirst().takeEnvelope(frame);
            case FrameType.ERROR -> {
                assertThat(frame.json().get("code").asInt()).isEqualTo(ErrorCode.NOT_HELD.number());
                assertThat(mayBeRefused).as("reason of %s", frame).isTrue();
            }
            default -> assertThat(frame.type()).as("%s", frame).isEqualTo(FrameType.WELCOME);
        }
    }

    private void takeGranted(Deque<FlowMember> all, Received granted) {
        if (granted.json().get("reason").asText().equals("changed")) {
            return;
        }
        FlowMember member =
                all.stream().filter(each -> !each.isGranted).findFirst().orElseThrow();
        member.granted(granted.json().get("sequence").asLong());
    }

    /** Who is not read waits for a room whose rule says so, and in which somebody is slow; who is read was heard. */
    private void judgeWaiting() {
        Sent first = sender.firstUnheard();
        assertThat(peer.isRead())
                .as("session %s is read; it waits with %s", sender.handle(), first)
                .isEqualTo(first == null);
        if (first != null) {
            assertThat(first.room.rule(first.traffic()))
                    .as("what session %s waits for", sender.handle())
                    .isEqualTo(Overflow.WAIT);
            assertThat(first.room.members)
                    .as("whom session %s waits for", sender.handle())
                    .anyMatch(member -> member.actor.isSlow());
        }
        memberships
                .values()
                .forEach(all -> all.forEach(member -> assertThat(
                                member.isPaused && !peer.isStalled() && !member.isEnded && !member.room.mayPause())
                        .as("session %s is told to wait in %s", sender.handle(), member.room)
                        .isFalse()));
    }

    /** Nobody is slow any more. */
    void assertComplete() {
        if (sender.isAlive()) {
            memberships.values().forEach(all -> all.forEach(FlowMember::assertComplete));
        }
    }
}
