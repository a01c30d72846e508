package io.porthouse.client;

import io.netty.buffer.ByteBuf;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ControlCodec;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.MalformedBodyException;
import io.porthouse.protocol.Receipt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What the router says on one link, from WELCOME on, and what follows from it. Confined to the link's event loop. */
final class Conversation {

    private final ConnectOptions options;
    private final Link link;
    private final boolean again;
    private final FrameReader reader;
    private final SendQueue queue;
    private final OutgoingEnvelopes outgoing;
    private final Rooms rooms;
    private final Receipts receipts;
    private final Requests requests;
    private final CompletableFuture<ControlBody.Welcome> ready;

    private ControlBody.@Nullable Welcome welcome;
    private long helloCorrelation;
    private int answersAwaited;

    /** @param again whether the rooms of HELLO may be refused: an earlier link had them */
    Conversation(
            ConnectOptions options,
            Link link,
            boolean again,
            FrameReader reader,
            SendQueue queue,
            OutgoingEnvelopes outgoing) {
        this.again = again;
        this.options = options;
        this.link = link;
        this.reader = reader;
        this.queue = queue;
        this.outgoing = outgoing;
        this.rooms = link.rooms();
        this.receipts = link.receipts();
        this.requests = link.requests();
        this.ready = link.ready();
    }

    void sayHello() {
        queue.request(options.hello(), correlation -> helloCorrelation = correlation);
    }

    /**
     * Sees one whole frame.
     *
     * @return whether the user's side is to see it too
     * @throws MalformedBodyException if it cannot be read, or must not come now
     */
    boolean onFrame(byte type, ByteBuf in, int index, int bytes) throws MalformedBodyException {
        if (type == FrameType.ENVELOPE || type == FrameType.GAP) {
            return true;
        }
        int room = Frame.room(in, index);
        long correlation = Frame.sequence(in, index);
        switch (type) {
            case FrameType.WELCOME -> onWelcome(ControlCodec.decode(ControlBody.Welcome.class, in, index, bytes));
            case FrameType.GRANTED -> {
                onGranted(ControlCodec.decode(ControlBody.Granted.class, in, index, bytes), room, correlation);
                return true;
            }
            case FrameType.WITHDRAWN -> {
                onWithdrawn(room, correlation);
                return true;
            }
            case FrameType.ERROR -> {
                return onError(ControlCodec.decode(ControlBody.Refusal.class, in, index, bytes), correlation);
            }
            case FrameType.RECEIPT -> onReceipt(room, correlation, Receipt.decode(in, index, bytes));
            case FrameType.FLOW -> {
                onFlow(room, bytes > Frame.HEADER_BYTES && in.getByte(index + Frame.BODY_OFFSET) == 1);
                return true;
            }
            case FrameType.PING -> answer(correlation);
            case FrameType.CLOSE -> link.onClose(ControlCodec.decode(ControlBody.Close.class, in, index, bytes));
            default -> {
                // PONG has been heard, which is all that it is for; unknown types are for newer clients.
            }
        }
        return false;
    }

    private void onWelcome(ControlBody.Welcome body) throws MalformedBodyException {
        boolean valid = body.maxFrame() >= Frame.MAX_HELLO_FRAME_BYTES
                && body.maxFrame() <= Frame.LARGEST_MAX_FRAME_BYTES
                && body.rooms() >= 0;
        if (welcome != null || !valid) {
            throw new MalformedBodyException("it came twice, or is out of its ranges");
        }
        welcome = body;
        rooms.account(body.account());
        reader.maxFrameBytes(body.maxFrame());
        outgoing.limits(body.maxFrame(), body.maxOpenEnvelopes());
        answersAwaited = body.rooms();
        link.watchHeartbeat(body.heartbeatSeconds());
        readyIfAnswered(body);
    }

    private void onGranted(ControlBody.Granted body, int handle, long correlation) {
        rooms.granted(handle, body.room(), body.may());
        if (answersHello(correlation) && welcome != null) {
            answersAwaited--;
            readyIfAnswered(welcome);
        } else {
            requests.granted(correlation, RoomGrant.of(body));
        }
    }

    private void readyIfAnswered(ControlBody.Welcome body) {
        if (answersAwaited == 0) {
            rooms.fixDefault(options.defaultRoom);
            ready.complete(body);
        }
    }

    private boolean answersHello(long correlation) {
        return correlation == helloCorrelation && answersAwaited > 0;
    }

    private void onWithdrawn(int handle, long correlation) {
        Rooms.Held held = rooms.withdrawn(handle);
        if (held != null) {
            // Whoever waits for the room to go on waits in vain: its next chunk will be refused.
            held.paused = false;
            outgoing.failRoom(held);
            queue.acknowledged(receipts.failRoom(held));
        }
        requests.left(correlation);
    }

    private boolean onError(ControlBody.Refusal body, long correlation) {
        PorthouseException refusal = PorthouseException.rejected(body);
        if (answersHello(correlation) && again && refusal.isUnreadable()) {
            link.onFailure(PorthouseException.unreadable(refusal));
            return false;
        }
        if (answersHello(correlation) && welcome != null && again) {
            answersAwaited--;
            readyIfAnswered(welcome);
            return false;
        }
        if (answersHello(correlation)) {
            // A room that was asked for by name: without it the connection is not what the user wants.
            link.onFailure(refusal);
            return false;
        }
        if (body.envelope() != null) {
            outgoing.fail(body.envelope().intValue(), refusal);
        }
        if (correlation == 0) {
            return body.envelope() == null;
        }
        if (receipts.fail(correlation, refusal)) {
            queue.acknowledged(1);
        } else {
            requests.fail(correlation, refusal);
        }
        return false;
    }

    private void onReceipt(int handle, long correlation, Receipt receipt) {
        Rooms.Held held = rooms.byHandle(handle);
        if (held != null) {
            queue.acknowledged(receipts.complete(held, correlation, receipt));
        }
    }

    private void onFlow(int handle, boolean paused) {
        Rooms.Held held = rooms.byHandle(handle);
        if (held != null) {
            held.paused = paused;
            queue.flowChanged();
        }
    }

    private void answer(long correlation) {
        if (!queue.control(queue.headerOnly(FrameType.PONG, 0, correlation))) {
            link.onFailure(new PorthouseException(
                    Kind.LOST, "the router asks without reading the answers; check it, and connect again"));
        }
    }
}
