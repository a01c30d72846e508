package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.RoomName;
import io.porthouse.router.TestClient.Received;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One life of a room in a play: what was published in it, by the witness, and under which rules. */
final class FlowRoom {

    final String name;
    final int handle;

    /** Bodies of all messages, from number 1. */
    final List<byte[]> messages = new ArrayList<>();

    /** Who gets what is published, as far as it was to be heard by the router. */
    final List<FlowMember> members = new ArrayList<>();

    /** What holds for all that is published during the present step. */
    private RoomRules rules;

    /** By {@link FlowEnvelope#key}: of which some, but not all, has been published. */
    private final Map<Long, FlowEnvelope> open = new HashMap<>();

    boolean isDeleted;

    FlowRoom(String name, int handle, RoomRules rules) {
        this.name = name;
        this.handle = handle;
        this.rules = rules;
    }

    RoomName roomName() {
        return new RoomName(RouterHarness.ACCOUNT, name);
    }

    void setRules(RoomRules changed) {
        rules = changed;
    }

    Overflow rule(Traffic traffic) {
        return traffic == Traffic.MESSAGES ? rules.overflow() : rules.envelopeOverflow();
    }

    boolean mayPause() {
        return rule(Traffic.MESSAGES) == Overflow.WAIT || rule(Traffic.CHUNKS) == Overflow.WAIT;
    }

    /** The witness was told this: it is what its sender said next, and now it is owed to each member. */
    void publish(Received frame, FlowSender sender) {
        if (!Chunks.isChunk(frame)) {
            byte[] body = sender.hearMessage(this).body;
            assertBody(frame, body);
            messages.add(body);
            assertThat(frame.sequence()).as("number of %s", frame).isEqualTo(messages.size());
            members.forEach(member -> member.owe(frame.sequence(), rule(Traffic.MESSAGES)));
        } else if (Chunks.isCancel(frame)) {
            cancel(frame, sender);
        } else {
            publishChunk(frame, sender);
        }
    }

    private void publishChunk(Received chunk, FlowSender sender) {
        FlowSender.Sent sent = sender.hearChunk(this, Chunks.envelope(chunk));
        FlowEnvelope envelope = sent.envelope;
        assertBody(chunk, sent.body);
        assertThat(Chunks.index(chunk)).as("index of %s", chunk).isEqualTo(envelope.published.size());
        envelope.published.add(sent.body);
        if (Chunks.index(chunk) == 0) {
            assertThat(open.put(envelope.key(), envelope)).as("open already").isNull();
        }
        members.forEach(member -> member.owe(envelope, rule(Traffic.CHUNKS)));
        if (Chunks.isLast(chunk)) {
            envelope.isOver = true;
            open.remove(envelope.key());
        }
    }

    /** The sender said so, or could not go on. */
    private void cancel(Received cancel, FlowSender sender) {
        FlowEnvelope envelope = open.remove(RoomChunks.key(cancel.origin(), Chunks.envelope(cancel)));
        assertThat(envelope).as("what %s cancels", cancel).isNotNull();
        if (!sender.hearCancel(envelope)) {
            assertThat(envelope.isGivenUp || isDeleted || !sender.isAlive())
                    .as("reason of %s", cancel)
                    .isTrue();
        }
        envelope.isOver = true;
        envelope.isCancelled = true;
    }

    /** The frame has this body; if not, nobody wants to read both. */
    static void assertBody(Received frame, byte[] body) {
        assertThat(Arrays.equals(frame.body(), body))
                .as("the body of %s is what was sent", frame)
                .isTrue();
    }

    @Override
    public String toString() {
        return name + " (" + handle + ")";
    }
}
