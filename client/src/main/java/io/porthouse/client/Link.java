package io.porthouse.client;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.EnvelopeChunk;
import io.porthouse.protocol.EnvelopeChunks;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.FrameWalk;
import io.porthouse.protocol.MalformedBodyException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One TCP connection to a router, from HELLO to its end. What outlives it (the user's handlers and settings) is the {@link
 * Connection}'s; room handles, correlations and everything outstanding live and die here.
 *
 * <p>Confined to its event loop, except where a method says that any thread may call it; those need {@link #ready} to be
 * complete.
 */
final class Link {

    private static final int WRITE_LOW_BYTES = 256 << 10;
    private static final int WRITE_HIGH_BYTES = 512 << 10;

    private final ConnectOptions options;
    private final EventLoop loop;
    private final Delivery delivery;
    private final boolean again;
    private final Rooms rooms = new Rooms();
    private final Receipts receipts = new Receipts();
    private final Requests requests = new Requests();
    private final CompletableFuture<ControlBody.Welcome> ready = new CompletableFuture<>();
    private final CompletableFuture<Optional<PorthouseException>> ended = new CompletableFuture<>();

    private @Nullable Channel channel;
    private @Nullable SendQueue sendQueue;
    private @Nullable OutgoingEnvelopes outgoing;
    private @Nullable Conversation conversation;
    private @Nullable Heartbeat heartbeat;
    private @Nullable PorthouseException cause;
    private boolean goodbye;
    private volatile boolean gone;

    private Link(ConnectOptions options, EventLoop loop, Delivery delivery, boolean again) {
        this.again = again;
        this.options = options;
        this.loop = loop;
        this.delivery = delivery;
    }

    /**
     * Starts to connect; {@link #ready} tells the outcome. What is received goes to {@code delivery}.
     *
     * @param again whether it takes the place of a link that was ready
     */
    static Link open(ConnectOptions options, SharedThreads.Threads threads, Delivery delivery, boolean again) {
        EventLoop loop = threads.loops().next();
        Link link = new Link(options, loop, delivery, again);
        Address address = options.address;
        ChannelFuture connecting = new Bootstrap()
                .group(loop)
                .channel(threads.channel())
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) options.connectTimeout.toMillis())
                .option(
                        ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(WRITE_LOW_BYTES, WRITE_HIGH_BYTES))
                .handler(new FrameReader(link))
                .connect(address.host(), address.port());
        link.execute(() -> link.channel = connecting.channel());
        connecting.addListener(done -> {
            if (!done.isSuccess()) {
                link.onDisconnected(LinkFailures.unreachable(address, done.cause()));
            }
        });
        return link;
    }

    /** Completes once every room that HELLO asked for is answered; fails if the link ends before. Any thread, always. */
    CompletableFuture<ControlBody.Welcome> ready() {
        return ready;
    }

    /**
     * Completes when the socket is closed and everything outstanding is resolved: with the cause, or empty if the user closed
     * it and nothing went wrong. Never fails. Any thread, always.
     */
    CompletableFuture<Optional<PorthouseException>> ended() {
        return ended;
    }

    /** The rooms that are held. Any thread. */
    Rooms rooms() {
        return rooms;
    }

    Receipts receipts() {
        return receipts;
    }

    Requests requests() {
        return requests;
    }

    /** What sends. Any thread. */
    SendQueue sender() {
        return present(sendQueue);
    }

    /** What sends envelopes. Any thread. */
    OutgoingEnvelopes envelopes() {
        return present(outgoing);
    }

    /** Returns a future for what the router will say, which its own threads cannot wait for. Any thread. */
    <T> CompletableFuture<T> newAnswer() {
        return new Answer<>(this::isReader);
    }

    /** Whether the present thread is needed for anything to be read from this link. */
    private boolean isReader() {
        return isOwnThread() || delivery.isHandlerThread();
    }

    /** Asks for a room; the future is completed on the event loop. Any thread. */
    CompletableFuture<RoomGrant> join(String room, boolean receive) {
        CompletableFuture<RoomGrant> answer = newAnswer();
        sender().request(new ControlBody.Join(room, receive), correlation -> requests.joining(correlation, answer));
        return answer;
    }

    /** Leaves a room; the future is completed on the event loop. Any thread. */
    CompletableFuture<Void> leave(Rooms.Held room) {
        CompletableFuture<Void> answer = newAnswer();
        sender().leave(room.handle, correlation -> requests.leaving(correlation, answer));
        return answer;
    }

    /**
     * Completes when no receipt of a room is outstanding; at once if it is not held. Any thread.
     *
     * @throws PorthouseException if nothing is sent any more: what was sent last is kept for the next link, not counted here
     */
    CompletableFuture<Void> receipted(String room) {
        sender().requireOpen();
        Rooms.Held held = rooms.byName(room);
        return held == null ? CompletableFuture.completedFuture(null) : receipts.whenNone(held.handle);
    }

    /**
     * Closes in order: nothing more is sent, outstanding receipts are awaited, then CLOSE 1000 tells the router, which sends
     * what it owes and closes. Each of the two waits has the close timeout. Any thread.
     *
     * @return completes behind {@link #ended}; fails if a receipt failed or did not come, or the link ended badly
     */
    CompletableFuture<Void> close() {
        sender().refuse(LinkFailures.closedHere());
        CompletableFuture<Void> receipted = receipts.whenNone();
        failLater(receipted, LinkFailures.unacknowledged(options));
        var unused = receipted.whenComplete((all, failure) -> execute(this::goodbye));
        return receipted.thenAcceptBoth(
                ended,
                (all, bad) -> bad.ifPresent(failure -> {
                    throw failure;
                }));
    }

    private void goodbye() {
        goodbye = true;
        sender().finish();
        var timer = loop.schedule(
                () -> onFailure(LinkFailures.unanswered(options)), options.closeTimeout.toMillis(), MILLISECONDS);
        var unused = ended.thenRun(() -> timer.cancel(false));
    }

    /** Whether it has ended, so that what is refused was refused for that. Any thread, always. */
    boolean hasEnded() {
        return gone;
    }

    /**
     * Queues a message.
     *
     * @param room full or short name; null for the default room
     * @param receipt completed by the router's receipt; null for none
     * @throws PorthouseException if it cannot be queued; then the receipt stays as it is
     */
    void message(@Nullable String room, int flags, byte[] payload, @Nullable CompletableFuture<SendReceipt> receipt) {
        int maxFrame = envelopes().maxFrameBytes();
        if (payload.length > maxFrame - Frame.HEADER_BYTES) {
            throw PorthouseException.rejected(
                    ErrorCode.TOO_LARGE.number(),
                    "a message of " + payload.length + " bytes does not fit the router's frames of " + maxFrame
                            + "; send an envelope");
        }
        sender().message(rooms.forSending(room), flags, payload, receipt);
    }

    /** Sends a whole envelope; see {@link OutgoingEnvelopes}. */
    CompletableFuture<SendReceipt> send(@Nullable String room, Envelope envelope) {
        return envelopes().send(rooms.forSending(room), envelope);
    }

    /** Sends all chunks of an envelope, which the caller closes; see {@link OutgoingEnvelopes}. */
    CompletableFuture<SendReceipt> send(@Nullable String room, EnvelopeChunks chunks) {
        return envelopes().send(rooms.forSending(room), chunks);
    }

    /** Sends a chunk of an envelope; see {@link OutgoingEnvelopes}. */
    CompletableFuture<SendReceipt> send(@Nullable String room, EnvelopeChunk chunk) {
        return envelopes().send(rooms.forSending(room), chunk);
    }

    /** Runs an action on the event loop, once the frames of the present read are on their way to the handlers. */
    void afterRead(Runnable action) {
        execute(action);
    }

    /** Ends the link now. Any thread, always. */
    void cut(PorthouseException why) {
        execute(() -> onFailure(why));
    }

    /** Lets a link that stopped reading read again. Any thread. */
    void resumeReading() {
        execute(() -> {
            present(channel).config().setAutoRead(true);
            sender().flowChanged();
        });
    }

    /** Whether the present thread is the one that everything here runs on, so that waiting for it would never end. */
    boolean isOwnThread() {
        return loop.inEventLoop();
    }

    /** The socket is open. */
    void onConnected(Channel connected, FrameReader frames) {
        channel = connected;
        SendQueue queue = new SendQueue(connected, receipts, options, delivery::isHandlerThread);
        OutgoingEnvelopes envelopes = new OutgoingEnvelopes(
                connected.alloc(), queue, new EnvelopePlaces(options, this::isOwnThread), this::newAnswer);
        Conversation begun = new Conversation(options, this, again, frames, queue, envelopes);
        sendQueue = queue;
        outgoing = envelopes;
        conversation = begun;
        begun.sayHello();
    }

    /** Something came, perhaps not a whole frame yet: on a slow line a large one takes longer than two heartbeats. */
    void onBytes() {
        if (heartbeat != null) {
            heartbeat.heard();
        }
    }

    /** Sees one whole frame; returns whether the user's side is to see it too. */
    boolean onFrame(byte type, ByteBuf in, int index, int bytes) {
        try {
            return present(conversation).onFrame(type, in, index, bytes);
        } catch (MalformedBodyException e) {
            onFailure(new PorthouseException(
                    Kind.PROTOCOL,
                    "the router sent a " + FrameType.name(type) + " that is not understood: " + e.getMessage()
                            + "; is it a Porthouse router of this version?"));
            return false;
        }
    }

    /** Takes the frames of one read, of which at least one is for the user. */
    void onBatch(ByteBuf buffer, int index, int bytes) {
        if (delivery.offer(this, buffer, index, bytes)) {
            present(channel).config().setAutoRead(false);
            // What is held back by a room's pause would not hear of its end.
            sender().flowChanged();
        }
    }

    /** What came is no frame. */
    void onBadFrame(int kind) {
        String what = kind == FrameWalk.TOO_LARGE ? "too large" : "shorter than its header";
        onFailure(new PorthouseException(
                Kind.PROTOCOL,
                "what answers at " + options.address + " sent a frame that is " + what
                        + "; is it a Porthouse router?"));
    }

    void onWritabilityChanged() {
        if (sendQueue != null) {
            sendQueue.drain();
        }
    }

    void onClose(ControlBody.Close body) {
        if (!goodbye || body.code() != CloseCode.DONE.number()) {
            onFailure(PorthouseException.closedByRouter(body));
        }
    }

    /** Ends the link because of something on this side, or of what came. */
    void onFailure(Throwable failure) {
        if (cause == null) {
            cause = failure instanceof PorthouseException known
                    ? known
                    : LinkFailures.broken(options, delivery.isBehind(), failure);
        }
        if (channel != null) {
            var unused = channel.close();
        }
    }

    /**
     * The socket is closed, or was never opened.
     *
     * @param why null if nothing is known of it
     */
    void onDisconnected(@Nullable PorthouseException why) {
        if (ended.isDone()) {
            return;
        }
        // First, so that a sender who is refused finds out why.
        gone = true;
        PorthouseException known = cause == null ? why : cause;
        PorthouseException bad = known == null && !goodbye ? LinkFailures.goneSilently(options) : known;
        PorthouseException end = bad == null ? LinkFailures.closedHere() : bad;
        if (sendQueue != null) {
            sendQueue.end(end);
        }
        receipts.end(end);
        requests.end(end);
        if (outgoing != null) {
            outgoing.end(end);
        }
        ready.completeExceptionally(end);
        ended.complete(Optional.ofNullable(bad));
    }

    void watchHeartbeat(int seconds) {
        heartbeat = Heartbeat.start(present(channel), sender(), seconds, () -> onFailure(LinkFailures.silent(options)));
    }

    /** Fails a future once the close timeout is over. Any thread. */
    private void failLater(CompletableFuture<Void> future, PorthouseException failure) {
        execute(() -> {
            var timer = loop.schedule(
                    () -> future.completeExceptionally(failure), options.closeTimeout.toMillis(), MILLISECONDS);
            var unused = future.whenComplete((done, failed) -> timer.cancel(false));
        });
    }

    private void execute(Runnable action) {
        try {
            loop.execute(action);
        } catch (RejectedExecutionException e) {
            // The loops end behind the last link, so this one has ended too, and there is nothing left to act on.
            assert ended.isDone();
        }
    }

    private static <T> T present(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("the link is not connected");
        }
        return value;
    }
}
