package io.porthouse.router;

import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Frames as a client might send them, most of them good: what follows a bad one that ends the session tests nothing. */
final class RandomFrames {

    private static final byte[] UNKNOWN_TYPES = {0x00, 0x0D, 0x0F, 0x11, 0x7F, (byte) 0x80, (byte) 0xFF};
    private static final byte[] ROUTER_ONLY_TYPES = {
        FrameType.WELCOME,
        FrameType.GRANTED,
        FrameType.WITHDRAWN,
        FrameType.ERROR,
        FrameType.RECEIPT,
        FrameType.GAP,
        FrameType.FLOW
    };
    private static final int NEVER_GRANTED = 0xFFFF_FFF0;

    private final Random random;

    /** Percent of frames that break the protocol. */
    private final double broken;

    private final int[] handles;
    private final List<String> names;
    private final int largestBody;
    private final Set<Integer> left = new HashSet<>();
    private final Map<Integer, Integer> nextIndex = new HashMap<>();
    private final Map<Integer, Integer> roomOf = new HashMap<>();
    private long correlation = 1;

    /** @param handles of the rooms with these names */
    RandomFrames(Random random, List<String> names, int[] handles, double broken, int largestBody) {
        this.random = random;
        this.names = names;
        this.handles = handles;
        this.broken = broken;
        this.largestBody = largestBody;
    }

    List<byte[]> next(int count) {
        List<byte[]> frames = new ArrayList<>();
        int favourite = room();
        while (frames.size() < count) {
            if (random.nextInt(6) == 0) {
                favourite = room();
            }
            int choice = random.nextInt(100);
            byte[] frame;
            if (choice < 55) {
                frame = message(random.nextInt(8) == 0 ? room() : favourite);
            } else if (choice < 90) {
                frame = chunk(random.nextInt(4) == 0 ? room() : favourite);
            } else {
                frame = control();
            }
            byte[] sent = isUnlucky() ? breakIt(frame) : frame;
            noteLeave(ByteBuffer.wrap(sent));
            frames.add(sent);
        }
        return frames;
    }

    /** Who joins again is granted the room at a time that depends on the reads. Any frame can become a LEAVE by being broken. */
    private void noteLeave(ByteBuffer frame) {
        if (frame.get(Frame.TYPE_OFFSET) == FrameType.LEAVE) {
            left.add(frame.getInt(Frame.ROOM_OFFSET));
        }
    }

    private boolean isUnlucky() {
        return random.nextDouble() * 100 < broken;
    }

    private int room() {
        int choice = random.nextInt(handles.length + 4);
        if (choice < handles.length) {
            return handles[choice];
        }
        return choice == handles.length ? NEVER_GRANTED : 0;
    }

    /** None, as mostly; or one that rises, seldom by much. */
    private long correlation() {
        if (random.nextInt(3) > 0) {
            return 0;
        }
        return rising();
    }

    private long rising() {
        if (isUnlucky()) {
            return Math.max(1, correlation - random.nextInt(3));
        }
        correlation += random.nextInt(500) == 0 ? Long.MAX_VALUE - correlation : 1 + random.nextInt(3);
        return correlation;
    }

    private byte[] frame(byte type, int flags, int room, long own, byte[] body) {
        byte[] frame = TestClient.frame(type, flags, room, own, body);
        // Node and origin are nothing that a client says.
        ByteBuffer.wrap(frame).putShort(6, (short) random.nextInt()).putInt(12, random.nextInt());
        return frame;
    }

    private byte[] body(int bytes) {
        byte[] body = new byte[bytes];
        random.nextBytes(body);
        return body;
    }

    private int size() {
        int choice = random.nextInt(20);
        if (choice == 0) {
            return random.nextInt(largestBody);
        }
        return choice < 3 ? 60 + random.nextInt(10) : random.nextInt(120);
    }

    private byte[] message(int room) {
        byte[] body = body(size());
        int flags = 0;
        if (random.nextBoolean()) {
            flags |= Flags.TEXT;
            if (random.nextInt(5) > 0) {
                body = "grüße 🚢 ".repeat(random.nextInt(8)).getBytes(StandardCharsets.UTF_8);
            }
        }
        long own = correlation();
        if ((own != 0 && random.nextBoolean()) || isUnlucky()) {
            flags |= Flags.RECEIPT;
        }
        return frame(FrameType.ENVELOPE, flags, room, own, body);
    }

    // ---- envelopes

    private byte[] chunk(int favourite) {
        int id = random.nextInt(4) - 1;
        Integer index = nextIndex.get(id);
        if (index == null && random.nextInt(4) == 0) {
            // Of an envelope that is not open.
            index = 1 + random.nextInt(3);
        }
        int room = index == null || isUnlucky() ? favourite : roomOf.getOrDefault(id, favourite);
        int choice = random.nextInt(12);
        if (choice == 0 && index != null) {
            nextIndex.remove(id);
            long own = random.nextInt(3) == 0 ? rising() : 0;
            return chunk(Flags.LAST, room, own, id, -1, isUnlucky() ? body(4) : new byte[0]);
        }
        boolean last = choice < 4;
        byte[] rest = index == null ? first(last) : body(size() + (last && !isUnlucky() ? 4 : 0));
        int at = index == null ? 0 : index;
        if (isUnlucky()) {
            at += random.nextInt(3) - 1;
        }
        long own = (last && random.nextBoolean()) || isUnlucky() ? rising() : 0;
        int flags = last ? Flags.LAST : 0;
        flags |= own != 0 && random.nextBoolean() ? Flags.RECEIPT : 0;
        flags |= random.nextInt(4) == 0 ? Flags.TEXT : 0;
        if (last) {
            nextIndex.remove(id);
        } else {
            nextIndex.put(id, at + 1);
            roomOf.put(id, room);
        }
        return chunk(flags, room, own, id, at, rest);
    }

    private byte[] first(boolean last) {
        int metadata = random.nextInt(3) == 0 ? random.nextInt(20) : 0;
        byte[] data = body(size() + (last && !isUnlucky() ? 4 : 0));
        long total = random.nextInt(4) == 0 ? random.nextInt(600) : random.nextInt(8) == 0 ? random.nextLong() : -1;
        return ByteBuffer.allocate(10 + metadata + data.length)
                .putLong(total)
                .putShort((short) (isUnlucky() ? 60_000 : metadata))
                .put(new byte[metadata])
                .put(data)
                .array();
    }

    private byte[] chunk(int flags, int room, long own, int id, int index, byte[] rest) {
        byte[] body = ByteBuffer.allocate(8 + rest.length)
                .putInt(id)
                .putInt(index)
                .put(rest)
                .array();
        return frame(FrameType.ENVELOPE, Flags.CHUNK | flags, room, own, body);
    }

    // ---- control

    private byte[] control() {
        int choice = random.nextInt(20);
        if (choice < 4) {
            return frame(FrameType.PING, 0, room(), correlation(), body(random.nextInt(3)));
        } else if (choice < 6) {
            return frame(FrameType.PONG, 0, room(), random.nextInt(5), new byte[0]);
        } else if (choice < 10) {
            return join();
        } else if (choice < 12) {
            int room = random.nextInt(3) == 0 ? handles[random.nextInt(handles.length)] : random.nextInt(2) * -3;
            return frame(FrameType.LEAVE, 0, room, correlation(), new byte[0]);
        } else if (choice < 15) {
            byte type = UNKNOWN_TYPES[random.nextInt(UNKNOWN_TYPES.length)];
            return frame(type, random.nextInt(256), room(), random.nextInt(3), body(random.nextInt(40)));
        } else if (choice < 19) {
            byte type = ROUTER_ONLY_TYPES[random.nextInt(ROUTER_ONLY_TYPES.length)];
            return frame(type, 0, room(), random.nextInt(3), body(random.nextInt(40)));
        }
        return isUnlucky()
                ? frame(random.nextBoolean() ? FrameType.HELLO : FrameType.CLOSE, 0, 0, 0, new byte[0])
                : frame(FrameType.PONG, 0, 0, 0, new byte[0]);
    }

    private byte[] join() {
        int choice = random.nextInt(names.size() + 3);
        String body = choice == 0 ? "{}" : choice == 1 ? "[1" : "{\"room\":\"never-granted\"}";
        if (choice < names.size() && !left.contains(handles[choice])) {
            body = "{\"room\":\"" + names.get(choice) + "\",\"receive\":true}";
        }
        return frame(FrameType.JOIN, 0, room(), correlation(), body.getBytes(StandardCharsets.UTF_8));
    }

    // ---- what is not to be

    private byte[] breakIt(byte[] frame) {
        ByteBuffer broken = ByteBuffer.wrap(frame.clone());
        switch (random.nextInt(4)) {
            case 0 -> broken.put(5, (byte) random.nextInt());
            case 1 -> broken.putInt(0, random.nextInt(20));
            case 2 -> broken.putInt(0, random.nextInt());
            default -> broken.put(4, (byte) random.nextInt(20));
        }
        return broken.array();
    }
}
