package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.Flags;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.RecordingClient.End;
import io.porthouse.router.RecordingClient.Message;
import io.porthouse.router.RecordingClient.Sent;
import io.porthouse.router.RecordingClient.Upload;
import io.porthouse.router.TestClient.Received;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * The order of rooms by the words of the contract, and whether what each client got is a view of it. Handles are never used
 * again, so one handle is one life of one room.
 */
final class RoomOrderJudge {

    /** One life of a room: its messages by number, as far as anybody got them, and who got each. */
    static final class Life {
        final String room;
        final String epoch;
        final NavigableMap<Long, Message> messages = new TreeMap<>();
        final Map<Long, Integer> recipients = new HashMap<>();
        final Map<Long, Long> numbers = new HashMap<>();

        /** The highest number that anybody heard of. */
        long last;

        /** How many were sent to it. */
        long sent;

        Life(String room, String epoch) {
            this.room = room;
            this.epoch = epoch;
        }
    }

    final Map<Integer, Life> lives = new HashMap<>();
    final Map<Long, RecordingClient> senders = new HashMap<>();
    final Map<Long, Message> sentMessages = new HashMap<>();
    final Map<Long, Upload> sentUploads = new HashMap<>();

    /** How many got the last chunk of an envelope. */
    final Map<Long, Integer> completions = new HashMap<>();

    private final List<RecordingClient> clients;
    private final boolean someBrokeOff;

    RoomOrderJudge(List<RecordingClient> clients) {
        this.clients = clients;
        this.someBrokeOff = clients.stream().anyMatch(client -> client.end == End.ABRUPT);
    }

    /** @param lasting handles of rooms that lasted until all was sent, and whose last number was asked for then */
    void judge(Set<Integer> lasting) {
        clients.forEach(this::collectSent);
        clients.forEach(this::collectReceived);
        checkLives();
        lasting.forEach(this::checkTotal);
        clients.forEach(this::checkOrderOfSender);
        for (RecordingClient client : clients) {
            if (client.end == End.GRACEFUL || !client.received().isEmpty()) {
                new RoomOrderView(this, client).judge();
            }
        }
        for (RecordingClient client : clients) {
            checkReceipts(client);
        }
    }

    // ---- what is true

    private void collectSent(RecordingClient client) {
        for (Sent sent : client.sent) {
            if (sent instanceof Message message) {
                sentMessages.put(message.id(), message);
                senders.put(message.id(), client);
            } else if (sent instanceof Upload upload) {
                sentUploads.put(upload.id, upload);
                senders.put(upload.id, client);
            }
        }
    }

    private void collectReceived(RecordingClient client) {
        for (Received frame : client.received()) {
            if (frame.type() == FrameType.GRANTED) {
                String room = frame.json().get("room").asText();
                String epoch = frame.json().get("epoch").asText();
                Life life = lives.computeIfAbsent(frame.room(), none -> new Life(room, epoch));
                assertThat(life.room).as("the room of a handle").isEqualTo(room);
                assertThat(life.epoch).as("the epoch of a handle").isEqualTo(epoch);
                life.last = Math.max(life.last, frame.json().get("sequence").asLong());
            } else if (isMessage(frame)) {
                collectMessage(frame);
            }
        }
    }

    static boolean isMessage(Received frame) {
        return frame.type() == FrameType.ENVELOPE && (frame.flags() & Flags.CHUNK) == 0;
    }

    private void collectMessage(Received frame) {
        Message message = sentMessages.get(frame.buffer().getLong());
        assertThat(message).as("what was sent for %s", frame).isNotNull();
        assertThat(frame.room()).isEqualTo(message.handle());
        assertThat(frame.flags()).isEqualTo(message.flags());
        assertThat(frame.node()).isZero();
        assertThat(frame.body()).isEqualTo(message.body());
        assertThat(frame.origin()).isEqualTo(origin(senders.get(message.id())));
        Life life = lives.get(frame.room());
        assertThat(life).as("the room of %s", frame).isNotNull();
        Message before = life.messages.putIfAbsent(frame.sequence(), message);
        assertThat(before == null || before.id() == message.id())
                .as("everybody gets the same message %d of %s", frame.sequence(), life.room)
                .isTrue();
        Long number = life.numbers.putIfAbsent(message.id(), frame.sequence());
        assertThat(number == null || number == frame.sequence())
                .as("one number per message")
                .isTrue();
        life.recipients.merge(frame.sequence(), 1, Integer::sum);
        life.last = Math.max(life.last, frame.sequence());
    }

    static int origin(RecordingClient client) {
        Received welcome = client.received().get(0);
        assertThat(welcome.type()).isEqualTo(FrameType.WELCOME);
        return welcome.origin();
    }

    /** No two lives share an epoch, and of one room no two lasted at once. */
    private void checkLives() {
        assertThat(lives.values().stream().map(life -> life.epoch)).doesNotHaveDuplicates();
        sentMessages.values().forEach(message -> lives.get(message.handle()).sent++);
        lives.values().forEach(life -> {
            assertThat(life.last).as("numbers of %s", life.room).isLessThanOrEqualTo(life.sent);
            assertThat(life.messages.headMap(1L)).isEmpty();
        });
    }

    /** All that was sent is numbered, but for what somebody sent who was cut off. */
    private void checkTotal(int handle) {
        long certain = sentMessages.values().stream()
                .filter(message -> message.handle() == handle)
                .filter(message -> senders.get(message.id()).end == End.GRACEFUL)
                .count();
        Life life = lives.get(handle);
        assertThat(life.last).as("messages numbered in %s", life.room).isGreaterThanOrEqualTo(certain);
    }

    /** What one client sends to a room keeps its order there. */
    private void checkOrderOfSender(RecordingClient client) {
        Map<Integer, Long> lastNumber = new HashMap<>();
        for (Sent sent : client.sent) {
            if (sent instanceof Message message) {
                Long number = number(message);
                if (number != null) {
                    Long before = lastNumber.put(message.handle(), number);
                    assertThat(before == null || before < number)
                            .as("client %d sent %x before", client.number, message.id())
                            .isTrue();
                }
            }
        }
    }

    /** The message's number, if anybody got it. */
    Long number(Message message) {
        Life life = lives.get(message.handle());
        return life == null ? null : life.numbers.get(message.id());
    }

    // ---- receipts

    private void checkReceipts(RecordingClient client) {
        Map<Long, Object> flagged = new HashMap<>();
        for (Sent sent : client.sent) {
            if (sent instanceof Message message && (message.flags() & Flags.RECEIPT) != 0) {
                flagged.put(message.correlation(), message);
            } else if (sent instanceof Upload upload && upload.receipt != 0) {
                flagged.put(upload.receipt, upload);
            }
        }
        Map<Integer, Long> last = new HashMap<>();
        for (Received frame : client.received()) {
            if (frame.type() != FrameType.RECEIPT) {
                continue;
            }
            Long before = last.put(frame.room(), frame.sequence());
            assertThat(before == null || before < frame.sequence())
                    .as("receipts rise: %s after %s", frame, before)
                    .isTrue();
            ByteBuffer body = frame.buffer();
            Object covered = flagged.get(frame.sequence());
            if (covered instanceof Message message) {
                checkReceipt(frame, message, body.getLong(), body.getInt());
            } else {
                assertThat(covered).as("the envelope of %s", frame).isInstanceOf(Upload.class);
                Upload upload = (Upload) covered;
                assertThat(frame.room()).isEqualTo(upload.handle);
                assertThat(body.getLong()).isZero();
                // Who leaves is not sent what was queued of an envelope.
                assertThat(body.getInt())
                        .as("recipients of %s", frame)
                        .isBetween(completions.getOrDefault(upload.id, 0), clients.size());
            }
        }
        if (client.end == End.GRACEFUL) {
            client.owed.forEach((handle, correlation) -> assertThat(last.get(handle))
                    .as("client %d's last receipt of handle %d", client.number, handle)
                    .isEqualTo(correlation));
        }
    }

    private void checkReceipt(Received frame, Message message, long number, int recipients) {
        assertThat(frame.room()).isEqualTo(message.handle());
        Long known = number(message);
        if (known == null) {
            assertThat(lives.get(message.handle()).messages.get(number))
                    .as("another message has the number of %s", frame)
                    .isNull();
        } else {
            assertThat(number).as("%s", frame).isEqualTo(known);
        }
        checkRecipients(
                frame, recipients, lives.get(message.handle()).recipients.getOrDefault(number, 0));
    }

    /** Who was cut off may have had more queued than it got. */
    private void checkRecipients(Received frame, int told, int counted) {
        if (someBrokeOff) {
            assertThat(told).as("recipients of %s", frame).isBetween(counted, clients.size());
        } else {
            assertThat(told).as("recipients of %s", frame).isEqualTo(counted);
        }
    }
}
