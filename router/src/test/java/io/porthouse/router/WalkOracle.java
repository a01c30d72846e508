package io.porthouse.router;

import io.porthouse.protocol.Chunk;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a router makes of a session's frames, one frame after the other, by the words of the contract and without any thought
 * of speed. Time stands still, so a rate is a number of messages and a throttle lets one through.
 */
final class WalkOracle {

    private static final class Upload {
        private final OracleRoom room;
        private int next;
        private long dataBytes;

        Upload(OracleRoom room) {
            this.room = room;
        }
    }

    private final int maxFrameBytes;
    private final int maxOpenEnvelopes;
    private final int origin;
    private final OracleRoom defaultRoom;
    private final Map<Integer, OracleRoom> held = new LinkedHashMap<>();
    private final Map<Integer, Upload> uploads = new TreeMap<>();
    private long lastCorrelation = 1;

    /** What others get, in order; see {@link #line}. */
    final List<String> delivered = new ArrayList<>();

    /** The sender's own share of it, with GRANTED and WITHDRAWN in their places. */
    final List<String> inOrder = new ArrayList<>();

    /** ERROR and PONG, in order. */
    final List<String> answers = new ArrayList<>();

    /** Errors that answer JOIN: whether a room may be joined is asked, so they may come later. */
    final List<String> joinsRefused = new ArrayList<>();

    /** How many errors were held back: by room field or 0, and code. */
    final Map<String, Integer> heldBack = new HashMap<>();

    /** What was held back in a room that was left since, and so is told at once. */
    final List<String> toldOnLeaving = new ArrayList<>();

    CloseCode closed;
    boolean finished;

    WalkOracle(int maxFrameBytes, int maxOpenEnvelopes, int origin, List<OracleRoom> rooms, OracleRoom defaultRoom) {
        this.maxFrameBytes = maxFrameBytes;
        this.maxOpenEnvelopes = maxOpenEnvelopes;
        this.origin = origin;
        this.defaultRoom = defaultRoom;
        rooms.forEach(room -> held.put(room.handle, room));
    }

    /** One frame as a line of text; of the body a hash. */
    static String line(byte type, int flags, int room, int origin, long sequence, byte[] body) {
        String of = (flags & Flags.CHUNK) == 0
                ? ""
                : " envelope=" + ByteBuffer.wrap(body).getInt();
        return FrameType.name(type) + of + " room=" + room + " origin=" + origin + " flags=" + flags + " sequence="
                + Long.toUnsignedString(sequence) + " body=" + body.length + "#" + Arrays.hashCode(body);
    }

    static String answer(int code, int room, long correlation, Long envelope) {
        return "ERROR " + code + " room=" + room + " correlation=" + Long.toUnsignedString(correlation)
                + (envelope == null ? "" : " envelope=" + envelope);
    }

    boolean isOver() {
        return closed != null || finished;
    }

    void take(byte[] bytes) {
        if (isOver()) {
            return;
        }
        ByteBuffer frame = ByteBuffer.wrap(bytes);
        long length = Integer.toUnsignedLong(frame.getInt());
        if (length > maxFrameBytes - 4) {
            close(CloseCode.FRAME_TOO_LARGE);
            return;
        }
        if (length < 20) {
            close(CloseCode.PROTOCOL_ERROR);
            return;
        }
        byte type = frame.get();
        int flags = Byte.toUnsignedInt(frame.get());
        frame.getShort();
        int room = frame.getInt();
        frame.getInt();
        long correlation = frame.getLong();
        byte[] body = Arrays.copyOfRange(bytes, Frame.HEADER_BYTES, bytes.length);
        if (type == FrameType.ENVELOPE) {
            envelope(flags, room, correlation, body);
        } else if ((type >= FrameType.HELLO && type <= FrameType.GAP) || type == FrameType.FLOW) {
            control(type, flags, room, correlation, body);
        } else {
            refuse(ErrorCode.UNKNOWN_TYPE, room, 0, correlation);
        }
    }

    private void close(CloseCode code) {
        closed = code;
        cancelAll(null);
    }

    private boolean correlates(long correlation) {
        if (correlation != 0 && Long.compareUnsigned(correlation, lastCorrelation) <= 0) {
            return false;
        }
        lastCorrelation = correlation == 0 ? lastCorrelation : correlation;
        return true;
    }

    /** An error that is throttled unless it has a correlation. */
    private void refuse(ErrorCode code, int room, int throttle, long correlation) {
        if (correlation == 0) {
            int before = heldBack.merge(throttle + "/" + code.number(), 1, Integer::sum);
            if (before > 1) {
                return;
            }
        }
        answers.add(answer(code.number(), room, correlation, null));
    }

    // ---- control

    private void control(byte type, int flags, int room, long correlation, byte[] body) {
        boolean counts = type == FrameType.JOIN || type == FrameType.LEAVE || type == FrameType.PING;
        if (flags != 0 || type == FrameType.HELLO || (counts && !correlates(correlation))) {
            close(CloseCode.PROTOCOL_ERROR);
            return;
        }
        switch (type) {
            case FrameType.PING -> answers.add("PONG correlation=" + Long.toUnsignedString(correlation));
            case FrameType.PONG -> {}
            case FrameType.CLOSE -> {
                finished = true;
                cancelAll(null);
            }
            case FrameType.JOIN -> join(new String(body, StandardCharsets.UTF_8), room, correlation);
            case FrameType.LEAVE -> leave(room, correlation);
            default -> refuse(ErrorCode.UNKNOWN_TYPE, room, 0, correlation);
        }
    }

    private void join(String body, int field, long correlation) {
        if (!body.startsWith("{\"room\":\"")) {
            answers.add(answer(ErrorCode.MALFORMED_BODY.number(), field, correlation, null));
            return;
        }
        String name = body.substring(9, body.indexOf('"', 9));
        for (OracleRoom room : held.values()) {
            if (room.name.equals(name)) {
                inOrder.add("GRANTED room=" + room.handle + " correlation=" + correlation + " at " + room.sequence);
                return;
            }
        }
        joinsRefused.add(answer(ErrorCode.ROOM_UNAVAILABLE.number(), 0, correlation, null));
    }

    private void leave(int handle, long correlation) {
        OracleRoom room = handle == 0 ? null : held.get(handle);
        if (room == null) {
            answers.add(answer(ErrorCode.NOT_HELD.number(), handle, correlation, null));
            return;
        }
        cancelAll(room);
        inOrder.add("WITHDRAWN room=" + handle + " correlation=" + correlation);
        held.remove(handle);
        tellHeldBack(handle);
    }

    private OracleRoom resolve(int field) {
        OracleRoom room = field == 0 ? defaultRoom : held.get(field);
        return room != null && held.containsKey(room.handle) ? room : null;
    }

    // ---- messages

    private void envelope(int flags, int field, long correlation, byte[] body) {
        boolean chunk = (flags & Flags.CHUNK) != 0;
        if ((flags & ~0x0F) != 0 || (!chunk && (flags & Flags.LAST) != 0)) {
            close(CloseCode.PROTOCOL_ERROR);
        } else if (chunk) {
            chunk(flags, field, correlation, body);
        } else {
            message(flags, field, correlation, body);
        }
    }

    private void message(int flags, int field, long correlation, byte[] body) {
        boolean receipt = (flags & Flags.RECEIPT) != 0;
        if ((receipt && correlation == 0) || !correlates(correlation)) {
            close(CloseCode.PROTOCOL_ERROR);
            return;
        }
        OracleRoom room = resolve(field);
        ErrorCode refusal = room == null ? ErrorCode.NOT_HELD : room.refusalOfMessage(flags, body);
        if (refusal != null) {
            refuse(refusal, field, room == null ? 0 : field, correlation);
            return;
        }
        room.sequence++;
        if (receipt) {
            room.flagged.put(correlation, room.sequence);
        }
        deliver(flags, room, room.sequence, body);
    }

    private void deliver(int flags, OracleRoom room, long sequence, byte[] body) {
        String line = line(FrameType.ENVELOPE, flags, room.handle, origin, sequence, body);
        delivered.add(line);
        inOrder.add(line);
    }

    // ---- chunks

    private void chunk(int flags, int field, long correlation, byte[] body) {
        boolean last = (flags & Flags.LAST) != 0;
        boolean receipt = (flags & Flags.RECEIPT) != 0;
        if (body.length < 8 || (!last && (receipt || correlation != 0)) || (receipt && correlation == 0)) {
            close(CloseCode.PROTOCOL_ERROR);
            return;
        }
        ByteBuffer in = ByteBuffer.wrap(body);
        int id = in.getInt();
        int index = in.getInt();
        boolean cancel = index == Chunk.CANCEL_INDEX;
        int data = in.remaining() - (last ? 4 : 0);
        long total = 0;
        if (cancel) {
            data = last && !in.hasRemaining() ? 0 : -1;
        } else if (index == 0 && in.remaining() >= 10) {
            total = in.getLong();
            data -= 10 + Short.toUnsignedInt(in.getShort());
        } else if (index == 0) {
            data = -1;
        }
        OracleRoom room = resolve(field);
        Upload open = uploads.get(id);
        boolean follows = open == null || (open.room == room && (cancel || (index != 0 && index == open.next)));
        if (data < 0 || !follows || !correlates(correlation)) {
            close(CloseCode.PROTOCOL_ERROR);
            return;
        }
        if (open == null) {
            ErrorCode refusal = index != 0
                    ? ErrorCode.ENVELOPE_NOT_OPEN
                    : room == null
                            ? ErrorCode.NOT_HELD
                            : room.refusalOfEnvelope(total, uploads.size() >= maxOpenEnvelopes);
            if (refusal != null) {
                if (index == 0 || correlation != 0) {
                    answers.add(answer(refusal.number(), field, correlation, Integer.toUnsignedLong(id)));
                }
                return;
            }
            open = new Upload(room);
            uploads.put(id, open);
        }
        open.next++;
        open.dataBytes += data;
        if (!cancel && open.dataBytes > room.rules.maxEnvelopeBytes()) {
            if (index == 0) {
                // Nobody has heard of it.
                uploads.remove(id);
            } else {
                cancel(id);
            }
            answers.add(answer(ErrorCode.TOO_LARGE.number(), field, correlation, Integer.toUnsignedLong(id)));
            return;
        }
        if (receipt) {
            room.flagged.put(correlation, 0L);
        }
        deliver(flags, room, 0, body);
        if (last) {
            uploads.remove(id);
        }
    }

    /** Cancels what is open in a room, or everywhere. */
    void cancelAll(OracleRoom room) {
        for (int id : uploads.keySet().toArray(new Integer[0])) {
            if (room == null || uploads.get(id).room == room) {
                cancel(id);
            }
        }
    }

    private void cancel(int id) {
        byte[] body =
                ByteBuffer.allocate(8).putInt(id).putInt(Chunk.CANCEL_INDEX).array();
        deliver(Flags.CHUNK | Flags.LAST, uploads.remove(id).room, 0, body);
    }

    private void tellHeldBack(int handle) {
        heldBack.entrySet().removeIf(entry -> {
            String[] parts = entry.getKey().split("/", 2);
            if (!parts[0].equals(Integer.toString(handle))) {
                return false;
            }
            if (entry.getValue() > 1) {
                toldOnLeaving.add(heldBack(entry.getValue() - 1, parts[1], handle));
            }
            return true;
        });
    }

    static String heldBack(int count, String code, int room) {
        return count + " of " + code + " in " + room;
    }
}
