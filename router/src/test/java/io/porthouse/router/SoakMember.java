package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Reads promptly or slowly, checks all that it is told, joins and leaves, and breaks off. */
final class SoakMember extends SoakClient {

    private static final int SLOW_RECEIVE_BUFFER_BYTES = 4 << 10;
    private static final int MOST_FRAMES = 3_000;
    private static final long MOST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Map<Integer, Ledger> ledgers = new HashMap<>();

    /** Of whom it has asked to leave, and not got the answer. */
    private final List<Integer> leaving = new ArrayList<>();

    private boolean isSlow;
    private long correlation;

    SoakMember(RouterHarness harness, Random random) {
        super(harness, random);
    }

    @Override
    int receiveBufferBytes() {
        isSlow = random.nextInt(3) == 0;
        return isSlow ? SLOW_RECEIVE_BUFFER_BYTES : 0;
    }

    @Override
    void live(TestClient client) throws IOException {
        ledgers.clear();
        leaving.clear();
        correlation = 1;
        client.send(TestClient.json(
                FrameType.HELLO,
                0,
                correlation,
                "{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['" + anyRoom() + "','" + anyRoom()
                        + "']}"));
        int frames = 1 + random.nextInt(MOST_FRAMES);
        for (int i = 0; i < frames && !isOver(); i++) {
            Received received = client.receive();
            if (received.type() == FrameType.CLOSE) {
                assertThat(received.json().get("code").asInt()).isEqualTo(CloseCode.SLOW_RECEIVER.number());
                client.expectEnd();
                return;
            }
            take(received);
            change(client);
            if (isSlow && random.nextInt(20) == 0) {
                LockSupport.parkNanos((long) (random.nextDouble() * MOST_PAUSE_NANOS));
            }
        }
        if (random.nextBoolean()) {
            client.reset();
        }
    }

    private void take(Received frame) {
        switch (frame.type()) {
            case FrameType.WELCOME, FrameType.PING -> {}
            // Of a room that it asked for twice, nothing begins anew.
            case FrameType.GRANTED ->
                ledgers.computeIfAbsent(
                        frame.room(),
                        room -> new Ledger(frame.json().get("sequence").asLong()));
            case FrameType.WITHDRAWN -> {
                assertThat(leaving).as("%s", frame).contains(frame.room());
                leaving.remove((Integer) frame.room());
                Ledger ledger = ledgers.remove(frame.room());
                assertThat(ledger.open()).as("envelopes open behind WITHDRAWN").isZero();
            }
            default -> {
                Ledger ledger = ledgers.get(frame.room());
                assertThat(ledger).as("of a room that it is not in: %s", frame).isNotNull();
                ledger.take(frame);
                progress.incrementAndGet();
            }
        }
    }

    /** Now and then, joins a room or leaves one; has always one that it is in. */
    private void change(TestClient client) throws IOException {
        int what = random.nextInt(300);
        if (what == 0) {
            client.send(
                    TestClient.json(FrameType.JOIN, 0, ++correlation, "{'room':'" + anyRoom() + "','receive':true}"));
        } else if (what == 1 && ledgers.size() - leaving.size() > 1) {
            int room = ledgers.keySet().iterator().next();
            if (!leaving.contains(room)) {
                leaving.add(room);
                client.send(TestClient.frame(FrameType.LEAVE, 0, room, ++correlation, new byte[0]));
            }
        }
    }
}
