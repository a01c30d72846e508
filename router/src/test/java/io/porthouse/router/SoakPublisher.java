package io.porthouse.router;

import io.porthouse.protocol.FrameType;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;

/** Sends messages and several envelopes at once in bursts, as fast as it may, cancels some, and breaks off. */
final class SoakPublisher extends SoakClient {

    private static final int MOST_ACTIONS = 4_000;
    private static final int MOST_OPEN = 8;

    /** A soak is long, and other tests run beside it. */
    private static final int BURST_ACTIONS = 100;

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(150);
    private static final int MOST_CHUNK_BYTES = 30_000;
    private static final int MOST_MESSAGE_BYTES = 6_000;

    /** An envelope that has begun. */
    private static final class Open {
        final int room;
        final int id;
        final CRC32 crc = new CRC32();
        int index;

        Open(int room, int id) {
            this.room = room;
            this.id = id;
        }
    }

    private final List<Open> open = new ArrayList<>();
    private int lastId;

    SoakPublisher(RouterHarness harness, Random random) {
        super(harness, random);
    }

    @Override
    void live(TestClient client) throws IOException {
        open.clear();
        String rooms = IntStream.range(0, ROOMS).mapToObj(i -> "'r" + i + "'").collect(Collectors.joining(","));
        client.hello("{'version':1,'token':'" + RouterHarness.SECRET + "','receive':false,'rooms':[" + rooms + "]}");
        InputStream answers = client.socket.getInputStream();
        int actions = 1 + random.nextInt(MOST_ACTIONS);
        for (int i = 0; i < actions && !isOver(); i++) {
            act(client);
            progress.incrementAndGet();
            if (i % BURST_ACTIONS == 0) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            // What it is told, FLOW, does not matter to it.
            answers.skipNBytes(answers.available());
        }
        if (random.nextBoolean()) {
            client.reset();
        }
    }

    private void act(TestClient client) throws IOException {
        int room = client.handle(RouterHarness.ACCOUNT + "/" + anyRoom());
        int what = random.nextInt(20);
        if (what < 10) {
            client.send(TestClient.frame(FrameType.ENVELOPE, 0, room, 0, bytes(MOST_MESSAGE_BYTES)));
        } else if (open.isEmpty() || (what < 12 && open.size() < MOST_OPEN)) {
            Open begun = new Open(room, ++lastId);
            open.add(begun);
            chunk(client, begun);
        } else if (what < 18) {
            chunk(client, open.get(random.nextInt(open.size())));
        } else {
            Open ending = open.remove(random.nextInt(open.size()));
            client.send(random.nextBoolean() ? Chunks.cancel(ending.room, ending.id) : last(ending));
        }
    }

    private void chunk(TestClient client, Open envelope) throws IOException {
        byte[] data = bytes(MOST_CHUNK_BYTES);
        envelope.crc.update(data);
        int index = envelope.index++;
        client.send(
                index == 0
                        ? Chunks.first(envelope.room, envelope.id, data)
                        : Chunks.next(envelope.room, envelope.id, index, data));
    }

    private byte[] last(Open envelope) {
        byte[] data = bytes(MOST_CHUNK_BYTES);
        envelope.crc.update(data);
        return Chunks.last(envelope.room, envelope.id, envelope.index, 0, data, (int) envelope.crc.getValue());
    }

    private byte[] bytes(int most) {
        byte[] bytes = new byte[random.nextInt(most)];
        random.nextBytes(bytes);
        return bytes;
    }
}
