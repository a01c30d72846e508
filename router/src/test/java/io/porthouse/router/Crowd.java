package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Many members of one room that read all they are sent, on one thread, and keep a {@link Ledger} each. What they get must fit
 * into frames of 32 KiB.
 */
final class Crowd implements AutoCloseable {

    private static final int FRAME_BYTES = 32 << 10;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** One of them; the crowd's thread only. */
    private static final class Member {
        private final SocketChannel channel;
        private final ByteBuffer unread = ByteBuffer.allocate(2 * FRAME_BYTES);
        private @Nullable Ledger ledger;

        Member(SocketChannel channel) {
            this.channel = channel;
        }

        /** Reads what there is; returns false at the end of the stream. */
        boolean read() throws IOException {
            int read = channel.read(unread);
            unread.flip();
            while (unread.remaining() >= Integer.BYTES
                    && unread.remaining() >= unread.getInt(unread.position()) + Integer.BYTES) {
                take(frame());
            }
            unread.compact();
            return read >= 0;
        }

        private Received frame() {
            byte[] body = new byte[unread.getInt() - Frame.MIN_LENGTH];
            Received frame = new Received(
                    unread.get(),
                    unread.get(),
                    unread.getShort(),
                    unread.getInt(),
                    unread.getInt(),
                    unread.getLong(),
                    body);
            unread.get(body);
            return frame;
        }

        private void take(Received frame) {
            if (ledger != null) {
                ledger.take(frame);
            } else if (frame.type() == FrameType.GRANTED) {
                ledger = new Ledger(frame.json().get("sequence").asLong());
            } else {
                assertThat(FrameType.name(frame.type())).isEqualTo("WELCOME");
            }
        }
    }

    private final Selector selector = Selector.open();
    private final List<Member> members = new ArrayList<>();
    private final Thread reader = new Thread(this::readAll, "test-crowd");
    private volatile long leastFrames = -1;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;

    /** Has so many members join the room of the harness's account, and waits until they have. */
    Crowd(InetSocketAddress router, int size, String room) throws IOException {
        byte[] hello = TestClient.json(
                FrameType.HELLO, 0, 1, "{'version':1,'token':'" + RouterHarness.SECRET + "','rooms':['" + room + "']}");
        for (int i = 0; i < size; i++) {
            SocketChannel channel = SocketChannel.open(router);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.write(ByteBuffer.wrap(hello));
            channel.configureBlocking(false);
            Member member = new Member(channel);
            members.add(member);
            channel.register(selector, SelectionKey.OP_READ, member);
        }
        reader.setDaemon(true);
        reader.start();
        awaitFrames(0);
    }

    private void readAll() {
        try {
            while (!closed) {
                selector.select(key -> read((Member) key.attachment()));
                leastFrames = members.stream()
                        .mapToLong(member -> member.ledger == null ? -1 : member.ledger.frames())
                        .min()
                        .orElseThrow();
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            failure = e;
        }
    }

    private static void read(Member member) {
        try {
            assertThat(member.read()).as("is still connected").isTrue();
        } catch (IOException e) {
            throw new AssertionError("a member of the crowd was cut off", e);
        }
    }

    /** Returns whether each of them has got so many messages and chunks. */
    boolean has(long frames) {
        if (failure != null) {
            throw new AssertionError("in the crowd: " + failure, failure);
        }
        return leastFrames >= frames;
    }

    void awaitFrames(long frames) {
        await("frames of each").atMost(LIMIT).pollInterval(Duration.ofMillis(1)).until(() -> has(frames));
    }

    /** Breaks all connections off; returns what each got. */
    List<Ledger> leave() throws IOException {
        close();
        assertThat(failure).isNull();
        return members.stream().map(member -> member.ledger).toList();
    }

    @Override
    public void close() throws IOException {
        closed = true;
        selector.wakeup();
        try {
            reader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (Member member : members) {
            member.channel.close();
        }
        selector.close();
    }
}
