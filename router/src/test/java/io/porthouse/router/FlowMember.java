package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.router.TestClient.Received;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * What one connection is owed as a member of one room, and what of that it was told: each message or a GAP, each envelope
 * whole or cancelled, and losses only where the rule was {@code drop} when what is lost was published to one who was slow.
 */
final class FlowMember {

    final FlowActor actor;
    final FlowRoom room;
    private final FlowTally tally;

    /** It was in the room before. */
    private final boolean isAgain;

    /** The number of the next message. */
    private long next;

    /** Numbers of messages that it may lose. */
    private final BitSet losable = new BitSet();

    /** Whose first chunk was published while it was a member, by {@link FlowEnvelope#key} in the order of their ends. */
    private final Map<Long, Deque<Owed>> owed = new HashMap<>();

    /** It has been told GRANTED. */
    boolean isGranted;

    /** Its membership is over, as far as the router has heard: what is not told yet is cancelled. */
    boolean isEnded;

    boolean isPaused;

    /** An envelope, and what one member was told of it. */
    private static final class Owed {
        final FlowEnvelope envelope;
        final boolean mayLoseAll;
        boolean mayLoseRest;
        int chunks;

        Owed(FlowEnvelope envelope, boolean mayLoseAll) {
            this.envelope = envelope;
            this.mayLoseAll = mayLoseAll;
        }
    }

    FlowMember(FlowActor actor, FlowRoom room, boolean isAgain, FlowTally tally) {
        this.actor = actor;
        this.room = room;
        this.isAgain = isAgain;
        this.tally = tally;
        this.next = room.messages.size() + 1L;
        room.members.add(this);
    }

    void end() {
        isEnded = true;
        room.members.remove(this);
    }

    // ---- what is published

    /** A message has been published to it. */
    void owe(long sequence, Overflow rule) {
        losable.set((int) sequence, rule == Overflow.DROP && actor.isSlow());
        actor.mayBeDisconnected |= rule == Overflow.DISCONNECT && actor.isSlow();
    }

    /** One more chunk has been published; it is for those who were members at the first one. */
    void owe(FlowEnvelope envelope, Overflow rule) {
        boolean mayLose = rule == Overflow.DROP && actor.isSlow();
        actor.mayBeDisconnected |= rule == Overflow.DISCONNECT && actor.isSlow();
        if (envelope.published.size() == 1) {
            owed.computeIfAbsent(envelope.key(), key -> new ArrayDeque<>()).add(new Owed(envelope, mayLose));
        }
        Deque<Owed> uses = owed.get(envelope.key());
        Owed last = uses == null ? null : uses.peekLast();
        if (last != null && last.envelope.equals(envelope)) {
            last.mayLoseRest |= mayLose;
        }
    }

    // ---- what it is told

    void granted(long sequence) {
        assertThat(isGranted).as("granted twice").isFalse();
        assertThat(sequence).as("where %s begins", room).isEqualTo(next - 1);
        isGranted = true;
    }

    void withdrawn(Received frame) {
        assertThat(isEnded).as("%s", frame).isTrue();
        owed.values()
                .forEach(uses -> uses.forEach(each -> assertThat(each.chunks)
                        .as("taken of open %s at %s", each.envelope, frame)
                        .isZero()));
    }

    void takeGap(Received gap) {
        ByteBuffer body = gap.buffer();
        long last = body.getLong(8);
        assertThat(body.getLong(0)).as("first of %s", gap).isEqualTo(next);
        assertThat(last).as("last of %s", gap).isBetween(next, (long) room.messages.size());
        assertThat(body.getLong(16)).as("lost of %s", gap).isEqualTo(last - next + 1);
        assertThat(losable.nextClearBit((int) next))
                .as("what may be lost from %s on", next)
                .isGreaterThan((int) last);
        next = last + 1;
        tally.gaps++;
    }

    void takeFlow(Received flow) {
        boolean paused = flow.body()[0] == 1;
        // It overtakes WITHDRAWN and GRANTED: of one membership it may come where another begins.
        assertThat(paused != isPaused || isAgain || isEnded).as("%s", flow).isTrue();
        tally.pauses += paused ? 1 : 0;
        isPaused = paused;
    }

    void takeEnvelope(Received frame) {
        assertThat(isGranted).as("granted before %s", frame).isTrue();
        if (!Chunks.isChunk(frame)) {
            assertThat(frame.sequence()).as("%s", frame).isEqualTo(next);
            FlowRoom.assertBody(frame, room.messages.get((int) next - 1));
            next++;
            return;
        }
        long key = RoomChunks.key(frame.origin(), Chunks.envelope(frame));
        Deque<Owed> uses = owed.get(key);
        assertThat(uses).as("what is owed where %s comes", frame).isNotNull();
        Owed first = uses.getFirst();
        if (Chunks.isCancel(frame)) {
            takeCancel(first, frame);
        } else {
            assertThat(Chunks.index(frame)).as("index of %s", frame).isEqualTo(first.chunks);
            FlowRoom.assertBody(frame, first.envelope.published.get(first.chunks));
            first.chunks++;
        }
        if (Chunks.isLast(frame)) {
            uses.removeFirst();
            if (uses.isEmpty()) {
                owed.remove(key);
            }
        }
    }

    private void takeCancel(Owed cancelled, Received cancel) {
        boolean isLost = !isEnded && !cancelled.envelope.isCancelled;
        tally.lostEnvelopes += isLost ? 1 : 0;
        if (cancelled.chunks == 0) {
            assertThat(cancelled.mayLoseAll).as("may lose all: %s", cancel).isTrue();
        } else if (isLost) {
            assertThat(cancelled.mayLoseRest)
                    .as("may lose the rest: %s", cancel)
                    .isTrue();
        }
    }

    // ---- in the end

    /** It has taken all that there is, and is a member still. */
    void assertComplete() {
        assertThat(isGranted && !isEnded).as("still in %s", room).isTrue();
        assertThat(next - 1).as("messages of %s", room).isEqualTo(room.messages.size());
        assertThat(isPaused).as("told to wait in %s", room).isFalse();
        owed.values()
                .forEach(uses -> uses.forEach(each -> assertThat(each.envelope.isOver)
                        .as("%s is over and was not told", each.envelope)
                        .isFalse()));
    }
}
