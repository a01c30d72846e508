package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.RecordingClient.End;
import io.porthouse.router.RecordingClient.Join;
import io.porthouse.router.RecordingClient.Leave;
import io.porthouse.router.RecordingClient.Message;
import io.porthouse.router.RecordingClient.Sent;
import io.porthouse.router.RecordingClient.Upload;
import io.porthouse.router.RoomOrderJudge.Life;
import io.porthouse.router.TestClient.Received;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Walks through what one client got, and judges every frame of it by the room's order. */
final class RoomOrderView {

    /** What the contract says of one membership at one place in the stream. */
    private static final class Member {
        final Life life;
        boolean receives;

        /** All up to this number is accounted for, if it receives. */
        long cursor;

        /** The last GRANTED said that nothing up to this number comes behind it. */
        long cut;

        boolean paused;

        Member(Life life) {
            this.life = life;
        }
    }

    /** An envelope that is coming in. */
    private static final class Incoming {
        final Upload upload;
        int next;

        Incoming(Upload upload) {
            this.upload = upload;
        }
    }

    private final RoomOrderJudge judge;
    private final RecordingClient client;
    private final int origin;
    private final Map<Integer, Member> members = new HashMap<>();
    private final Map<String, Incoming> incoming = new HashMap<>();

    RoomOrderView(RoomOrderJudge judge, RecordingClient client) {
        this.judge = judge;
        this.client = client;
        this.origin = RoomOrderJudge.origin(client);
    }

    void judge() {
        int at = 0;
        for (Received frame : client.received()) {
            try {
                judge(frame);
            } catch (AssertionError e) {
                throw new AssertionError(
                        "client " + client.number + ", frame " + at + ": " + frame + "; cuts before it: " + cuts(at),
                        e);
            }
            at++;
        }
        if (client.end == End.GRACEFUL) {
            int sentBefore = firstUnanswered();
            members.forEach((handle, member) -> checkTail(handle, member, sentBefore));
        }
    }

    /** A goodbye overtakes the answers to joins and leaves, so what they have changed is not known. */
    private int firstUnanswered() {
        Set<Long> answered = client.received().stream()
                .filter(frame -> frame.type() == FrameType.GRANTED || frame.type() == FrameType.WITHDRAWN)
                .map(Received::sequence)
                .collect(Collectors.toSet());
        for (int i = 0; i < client.sent.size(); i++) {
            Sent sent = client.sent.get(i);
            if ((sent instanceof Join join && !answered.contains(join.correlation()))
                    || (sent instanceof Leave leave && !answered.contains(leave.correlation()))) {
                return i;
            }
        }
        return client.sent.size();
    }

    /** What was asked for and answered in the room of a frame, for people. */
    private String cuts(int upTo) {
        List<Received> frames = client.received().subList(0, upTo + 1);
        int room = frames.get(upTo).room();
        return frames.stream()
                .filter(frame -> frame.room() == room)
                .filter(frame -> frame.type() == FrameType.GRANTED || frame.type() == FrameType.WITHDRAWN)
                .map(frame -> frame + " to " + client.joins.get(frame.sequence()))
                .collect(Collectors.joining("; "));
    }

    private void judge(Received frame) {
        switch (frame.type()) {
            case FrameType.WELCOME, FrameType.PONG -> {}
            case FrameType.GRANTED -> granted(frame);
            case FrameType.WITHDRAWN -> withdrawn(frame);
            case FrameType.GAP -> gap(frame);
            case FrameType.FLOW -> {
                Member member = member(frame);
                boolean paused = frame.body()[0] == 1;
                assertThat(paused).as("FLOW says something new").isNotEqualTo(member.paused);
                member.paused = paused;
            }
            case FrameType.RECEIPT -> member(frame);
            case FrameType.ENVELOPE -> {
                if (RoomOrderJudge.isMessage(frame)) {
                    message(frame);
                } else {
                    chunk(frame);
                }
            }
            default -> fail("nothing else is to come");
        }
    }

    private Member member(Received frame) {
        Member member = members.get(frame.room());
        assertThat(member).as("the room is held").isNotNull();
        return member;
    }

    // ---- cuts

    private void granted(Received frame) {
        long sequence = frame.json().get("sequence").asLong();
        Join asked = client.joins.get(frame.sequence());
        Boolean wish = asked == null ? null : asked.receive();
        Member present = members.get(frame.room());
        if (present == null) {
            Member joined = new Member(judge.lives.get(frame.room()));
            joined.receives = wish == null ? client.receives : wish;
            joined.cursor = sequence;
            joined.cut = sequence;
            members.put(frame.room(), joined);
            return;
        }
        assertThat(sequence).as("numbers rise").isGreaterThanOrEqualTo(present.cut);
        boolean receives = wish == null ? present.receives : wish;
        if (present.receives && !receives) {
            checkOwn(present, sequence);
            checkNoneIncoming(frame.room());
        } else if (!present.receives) {
            present.cursor = sequence;
        }
        assertThat(present.receives ? present.cursor : 0)
                .as("what is behind the cut comes behind it")
                .isLessThanOrEqualTo(sequence);
        present.receives = receives;
        present.cut = sequence;
    }

    private void withdrawn(Received frame) {
        Leave leave = client.leaves.get(frame.sequence());
        assertThat(leave).as("the LEAVE that is answered").isNotNull();
        assertThat(frame.room()).isEqualTo(leave.handle());
        Member member = members.remove(frame.room());
        assertThat(member).as("the room is held").isNotNull();
        checkTail(frame.room(), member, client.sent.indexOf(leave));
        checkNoneIncoming(frame.room());
    }

    /** Everything has come that was certainly numbered while the client was a member. */
    private void checkTail(int handle, Member member, int sentBefore) {
        if (!member.receives) {
            return;
        }
        long reached = member.cut;
        for (Sent sent : client.sent.subList(0, sentBefore)) {
            if (sent instanceof Message message && message.handle() == handle) {
                Long number = judge.number(message);
                reached = Math.max(reached, number == null ? 0 : number);
            }
        }
        checkOwn(member, reached);
    }

    /** All numbers up to this one that have not come are the client's own. */
    private void checkOwn(Member member, long upTo) {
        for (long number = member.cursor + 1; number <= upTo; number++) {
            assertThat(isOwn(member, number)).as("number %d is missing", number).isTrue();
        }
        member.cursor = Math.max(member.cursor, upTo);
    }

    /** A message that nobody got may have been the client's own, unless it gets those. */
    private boolean isOwn(Member member, long number) {
        if (client.echo) {
            return false;
        }
        Message message = member.life.messages.get(number);
        return message == null || judge.senders.get(message.id()) == client;
    }

    // ---- messages

    private void message(Received frame) {
        Member member = member(frame);
        long number = frame.sequence();
        assertThat(member.receives).as("it receives").isTrue();
        assertThat(number).as("no message twice or late").isGreaterThan(Math.max(member.cursor, member.cut));
        assertThat(frame.origin() == origin && !client.echo).as("an echo").isFalse();
        checkOwn(member, number - 1);
        member.cursor = number;
    }

    private void gap(Received frame) {
        Member member = member(frame);
        ByteBuffer body = frame.buffer();
        long first = body.getLong();
        long last = body.getLong();
        long lost = body.getLong();
        assertThat(member.receives).as("it receives").isTrue();
        assertThat(first).isGreaterThan(member.cursor).isLessThanOrEqualTo(last);
        assertThat(last).isLessThanOrEqualTo(member.life.sent);
        checkOwn(member, first - 1);
        long certain = 0;
        long possible = 0;
        for (long number = first; number <= last; number++) {
            Message message = member.life.messages.get(number);
            boolean own = message != null && judge.senders.get(message.id()) == client && !client.echo;
            certain += message != null && !own ? 1 : 0;
            possible += own ? 0 : 1;
        }
        assertThat(lost).as("lost").isBetween(certain, possible);
        if (client.echo || member.life.messages.containsKey(first)) {
            assertThat(lost).isPositive();
        }
        member.cursor = last;
    }

    // ---- envelopes

    private void chunk(Received frame) {
        assertThat(member(frame).receives).as("it receives").isTrue();
        assertThat(frame.sequence()).as("chunks have no number").isZero();
        ByteBuffer body = frame.buffer();
        int envelopeId = body.getInt();
        int index = body.getInt();
        String key = frame.room() + "/" + frame.origin() + "/" + envelopeId;
        boolean last = (frame.flags() & Flags.LAST) != 0;
        if (index == 0) {
            Upload upload = judge.sentUploads.get(body.getLong(body.position() + 10));
            assertThat(upload).as("the envelope").isNotNull();
            assertThat(upload.handle).isEqualTo(frame.room());
            assertThat(upload.envelopeId).isEqualTo(envelopeId);
            assertThat(frame.origin()).isEqualTo(RoomOrderJudge.origin(judge.senders.get(upload.id)));
            assertThat(frame.origin() == origin && !client.echo).as("an echo").isFalse();
            assertThat(incoming.put(key, new Incoming(upload)))
                    .as("an envelope that is open")
                    .isNull();
        } else if (index == -1) {
            assertThat(last).isTrue();
            // Who lost the only chunk is told of an envelope that it has not heard of.
            incoming.remove(key);
            return;
        }
        Incoming open = incoming.get(key);
        assertThat(open).as("the open envelope").isNotNull();
        assertThat(index).as("the chunk's index").isEqualTo(open.next++);
        byte[] sent = open.upload.chunks.get(index);
        assertThat(Arrays.equals(frame.body(), 8, frame.body().length, sent, 0, sent.length))
                .as("the chunk's bytes")
                .isTrue();
        if (last) {
            assertThat(open.next).isEqualTo(open.upload.chunks.size());
            judge.completions.merge(open.upload.id, 1, Integer::sum);
            incoming.remove(key);
        }
    }

    /** Whose part in a room ends gets the end of every envelope that it has begun to get there. */
    private void checkNoneIncoming(int handle) {
        assertThat(incoming.keySet()).noneMatch(key -> key.startsWith(handle + "/"));
    }
}
