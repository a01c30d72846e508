package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.TestClient.Received;
import io.porthouse.testkit.Seeds;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A run by itself: its numbers, the end of its bytes, and its receipt. */
final class RunTest {

    private static final int BEFORE = 100;

    private ManualRouter router;
    private ManualPeer peer;
    private Membership member;

    @BeforeEach
    void start() {
        router = new ManualRouter(RouterHarness.settings(), name -> RoomRules.DEFAULT);
        peer = router.connect(0, "lobby");
        member = peer.session.rooms.resolve(peer.handle("lobby"));
    }

    @AfterEach
    void stop() {
        router.close();
    }

    /** Whole messages behind bytes that are none of the run's. */
    private static ByteBuf frames(Random random, int messages) {
        ByteBuf block = PooledByteBufAllocator.DEFAULT.directBuffer().writeZero(BEFORE);
        for (int i = 0; i < messages; i++) {
            byte[] body = new byte[random.nextInt(50)];
            random.nextBytes(body);
            Frame.writeHeader(block, body.length, FrameType.ENVELOPE, 0, 0, 1, 2, random.nextLong());
            block.writeBytes(body);
        }
        return block.writeZero(BEFORE);
    }

    @Test
    void numbersRiseAndNothingElseChanges() throws Exception {
        Seeds.forEach(random -> {
            int messages = 1 + random.nextInt(20);
            ByteBuf block = frames(random, messages);
            byte[] before = ByteBufUtil.getBytes(block);
            int bytes = block.readableBytes() - 2 * BEFORE;
            Run run = Run.ofMessages(block, BEFORE, bytes, peer.session, messages);
            long first = 1L + random.nextInt(1_000_000);
            run.number(first);
            assertThat(run.firstSequence()).isEqualTo(first);
            assertThat(run.lastSequence()).isEqualTo(first + messages - 1);
            int at = BEFORE;
            for (int i = 0; i < messages; i++) {
                assertThat(Frame.sequence(block, at)).isEqualTo(first + i);
                Arrays.fill(before, at + Frame.SEQUENCE_OFFSET, at + Frame.BODY_OFFSET, (byte) 0);
                Frame.setSequence(block, at, 0);
                at += Frame.frameBytes(block, at);
            }
            assertThat(at).isEqualTo(BEFORE + bytes);
            assertThat(ByteBufUtil.getBytes(block)).isEqualTo(before);
            run.discard();
            assertThat(block.release()).as("the run held one reference").isTrue();
        });
    }

    @Test
    void theLastPuddleReleasesTheBytesOnceAndHasTheReceiptSent() throws Exception {
        Seeds.forEach(random -> {
            int puddles = 1 + random.nextInt(4);
            ByteBuf block = frames(random, 3);
            Run run = Run.ofMessages(block, BEFORE, block.readableBytes() - 2 * BEFORE, peer.session, 3);
            run.wantReceipt(member, 77, 1);
            member.awaitReceipt(run);
            run.number(10);
            run.expect(puddles);
            assertThat(run.isHandled()).isFalse();
            CountDownLatch start = new CountDownLatch(1);
            Thread[] threads = new Thread[puddles - 1];
            for (int i = 0; i < threads.length; i++) {
                int queuedFor = i;
                threads[i] = new Thread(() -> {
                    await(start);
                    run.handled(queuedFor);
                });
                threads[i].start();
            }
            start.countDown();
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(run.isHandled()).isFalse();
            assertThat(block.refCnt()).isEqualTo(2);
            run.handled(100);
            assertThat(run.isHandled()).isTrue();
            assertThat(block.refCnt()).isEqualTo(1);
            router.run();
            int recipients = 100;
            for (int i = 0; i < threads.length; i++) {
                recipients += i;
            }
            checkReceipt(peer.take(), 77, 11, recipients);
            block.release();
        });
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void checkReceipt(List<Received> got, long correlation, long sequence, int recipients) {
        assertThat(got).singleElement().satisfies(receipt -> {
            assertThat(receipt.type()).isEqualTo(FrameType.RECEIPT);
            assertThat(receipt.sequence()).isEqualTo(correlation);
            assertThat(receipt.buffer().getLong()).isEqualTo(sequence);
            assertThat(receipt.buffer().getInt(8)).isEqualTo(recipients);
        });
    }

    @Test
    void aReceiptWaitsForTheRunsBeforeIt() {
        Run[] runs = new Run[4];
        ByteBuf block = frames(new Random(1), 1);
        for (int i = 0; i < runs.length; i++) {
            runs[i] = Run.ofMessages(block, BEFORE, block.readableBytes() - 2 * BEFORE, peer.session, 1);
            runs[i].wantReceipt(member, 10 + i, 0);
            member.awaitReceipt(runs[i]);
            runs[i].number(1 + i);
            runs[i].expect(1);
        }
        block.release();
        runs[1].handled(1);
        runs[2].handled(2);
        router.run();
        assertThat(peer.take()).isEmpty();
        runs[0].handled(1);
        router.run();
        checkReceipt(peer.take(), 12, 3, 2);
        runs[3].expect(0);
        runs[3].handledByNobody();
        router.run();
        checkReceipt(peer.take(), 13, 4, 0);
        assertThat(block.refCnt()).isZero();
    }
}
