package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.Envelope;
import io.porthouse.protocol.EnvelopeChunk;
import io.porthouse.protocol.EnvelopeChunks;
import io.porthouse.protocol.Flags;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A program's connection to its router. Thread-safe. When it is lost it comes back by itself, with its rooms and handlers,
 * unless the router's code says that this would not help; {@link ConnectionEvents} tells of it.
 *
 * <p>A room's name is {@code account/name}, or just {@code name} in the token's own account. Methods that send wait while
 * the send buffer is full, so a fast program goes at the pace of the router; they throw {@link PorthouseException} when
 * nothing moves for the send timeout. Futures are completed on a network thread: what hangs on them must not block (use the
 * {@code Async} methods). Handlers may block, and may send; but neither they nor the network thread can wait for the
 * router's answer, because it comes only while they go on: such a wait is refused at once.
 */
public final class Connection implements AutoCloseable {

    private final ConnectOptions options;
    private final Handlers handlers;
    private final Set<Inbox> inboxes;
    private final Delivery delivery;
    private final Lifeline lifeline;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final AtomicBoolean closing = new AtomicBoolean();

    private Connection(
            ConnectOptions options, Handlers handlers, Set<Inbox> inboxes, Delivery delivery, Lifeline lifeline) {
        this.options = options;
        this.handlers = handlers;
        this.inboxes = inboxes;
        this.delivery = delivery;
        this.lifeline = lifeline;
    }

    static Connection open(ConnectOptions options) {
        SharedThreads shared = options.nativeTransport ? SharedThreads.NATIVE : SharedThreads.PLAIN;
        Handlers handlers = new Handlers(options);
        Set<Inbox> inboxes = ConcurrentHashMap.newKeySet();
        Delivery delivery = new Delivery(
                SharedThreads.HANDLERS, options, handlers, cause -> inboxes.forEach(inbox -> inbox.end(cause)));
        Lifeline lifeline = Lifeline.open(options, shared.acquire(), SharedThreads.HANDLERS, delivery);
        var unused = lifeline.over().thenRun(shared::release);
        try {
            ControlBody.Welcome welcome =
                    Answer.await(lifeline.ready(), options.connectTimeout, "the router's welcome");
            assert welcome != null;
            return new Connection(options, handlers, inboxes, delivery, lifeline);
        } catch (PorthouseException e) {
            lifeline.abandon(e);
            throw e;
        }
    }

    /** The account of the token. */
    public String account() {
        return lifeline.welcome().account();
    }

    /** The id that the router gave to this session. */
    public String session() {
        return lifeline.welcome().session();
    }

    /** The id of the token, never its secret: what an owner knows it by. Configured tokens have the name they were given. */
    public String token() {
        return lifeline.welcome().token();
    }

    /** The name of the router's node. */
    public String node() {
        return lifeline.welcome().node();
    }

    /** The full names of the rooms held at this moment, in order. */
    public Set<String> rooms() {
        return lifeline.rooms();
    }

    /** Whether a room is held, or was when the connection was lost, so that it will be asked for again. */
    boolean mayHold(String fullName) {
        return lifeline.mayHold(fullName);
    }

    /** Completes when everything that was sent into a room, before this is called, has its receipt or will have none. */
    CompletableFuture<Void> receipted(String fullName) {
        return lifeline.request(link -> link.receipted(fullName));
    }

    /** The full name of the room for what is sent without naming one: fixed when connecting. */
    public Optional<String> defaultRoom() {
        return Optional.ofNullable(lifeline.defaultRoom());
    }

    /**
     * Joins a room to send there, without receiving its messages unless the connection receives all rooms.
     *
     * @return fails with {@link Kind#REJECTED} if the router refuses
     */
    public CompletableFuture<RoomGrant> join(String room) {
        String name = lifeline.fullName(room);
        return lifeline.join(name, handlers.isHandled(name));
    }

    /**
     * Joins a room, if it is not held, and handles its messages: exactly those numbered above the grant's sequence.
     *
     * @return fails with {@link Kind#REJECTED} if the router refuses
     */
    public CompletableFuture<RoomGrant> receive(String room, MessageHandler handler) {
        String name = lifeline.fullName(room);
        handlers.setMessages(name, handler);
        return lifeline.join(name, true);
    }

    /** Joins a room, if it is not held, and handles its envelopes; otherwise like {@link #receive}. */
    public CompletableFuture<RoomGrant> receiveEnvelopes(String room, EnvelopeHandler handler) {
        String name = lifeline.fullName(room);
        handlers.setEnvelopes(name, handler);
        return lifeline.join(name, true);
    }

    /**
     * Joins a room, if it is not held, and collects its messages, to be taken one by one. Waits for the router's answer.
     *
     * @return to be closed by the caller
     * @throws PorthouseException if the router refuses, or does not answer in the connect timeout
     */
    public Inbox messages(String room) {
        String name = lifeline.fullName(room);
        Inbox inbox = new Inbox(closing -> {
            handlers.removeMessages(name, closing.handler());
            inboxes.remove(closing);
        });
        inboxes.add(inbox);
        try {
            RoomGrant unused = Answer.await(receive(name, inbox.handler()), options.connectTimeout, "the room");
            return inbox;
        } catch (PorthouseException e) {
            inbox.close();
            throw e;
        }
    }

    /** Leaves a room: nothing of it follows, and its outstanding receipts fail. It stays left until joined again. */
    public CompletableFuture<Void> leave(String room) {
        String name = lifeline.fullName(room);
        return lifeline.leave(name);
    }

    /** Leaves a room that no HELLO brings: unlike behind {@link #leave}, nothing is remembered of it. */
    CompletableFuture<Void> letGo(String fullName) {
        return lifeline.letGo(fullName);
    }

    /** What the router will say; see {@link Answer}. */
    <T> CompletableFuture<T> newAnswer() {
        return lifeline.newAnswer();
    }

    /**
     * Sends a message into a room that is held. If it has to wait for a connection on which it isn't, it is joined first; if that
     * is refused, so is the message.
     */
    CompletableFuture<SendReceipt> sendJoining(String fullName, int flags, byte[] payload) {
        CompletableFuture<SendReceipt> receipt = lifeline.newAnswer();
        lifeline.messageJoining(fullName, flags, payload, receipt);
        return receipt;
    }

    /** Sends a text to the default room; otherwise like {@link #send(String, byte[])}. */
    public CompletableFuture<SendReceipt> send(String text) {
        return message(null, Flags.TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends bytes to the default room; otherwise like {@link #send(String, byte[])}. */
    public CompletableFuture<SendReceipt> send(byte[] payload) {
        return message(null, 0, payload);
    }

    /** Sends a text to a room, marked as text; otherwise like {@link #send(String, byte[])}. */
    public CompletableFuture<SendReceipt> send(String room, String text) {
        return message(room, Flags.TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sends a message and asks for its receipt. Waits while the send buffer is full, or too many receipts are outstanding.
     *
     * Without a connection it is kept until there is one ({@link ConnectOptions.Builder#reconnect}), in the order of
     * sending.
     *
     * @param payload copied before this returns
     * @return completed by the router's receipt; fails if the router refuses the message, if the connection is lost before
     *     the receipt ({@link Kind#IN_DOUBT}), or if none comes back in time ({@link Kind#EXPIRED})
     * @throws PorthouseException if it cannot even be queued
     */
    public CompletableFuture<SendReceipt> send(String room, byte[] payload) {
        return message(room, 0, payload);
    }

    /** Sends a text without asking for a receipt; otherwise like {@link #post(String, byte[])}. */
    public void post(String room, String text) {
        post(room, Flags.TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sends a message without asking for a receipt: the fastest way. What the router refuses is told to {@link
     * ConnectionEvents#onRejected} only, and what is queued when the connection breaks is lost. Without a connection it is
     * kept like {@link #send(String, byte[])}.
     *
     * @param payload copied before this returns
     * @throws PorthouseException if it cannot even be queued
     */
    public void post(String room, byte[] payload) {
        post(room, 0, payload);
    }

    /** Sends an envelope to its room, or else to the default room; otherwise like {@link #send(String, Envelope)}. */
    public CompletableFuture<SendReceipt> send(Envelope envelope) {
        return lifeline.awaitLink().send(envelope.room().orElse(null), envelope);
    }

    /**
     * Sends an envelope, chunk by chunk as the router takes them: never more than the send buffer is in memory. Returns when
     * its last chunk is queued, so it blocks for as long as most of the sending takes. Messages of other threads pass it.
     *
     * @return completed by the router's receipt for the whole
     * @throws PorthouseException if the payload cannot be read ({@link Kind#SOURCE}), or the connection ends
     */
    public CompletableFuture<SendReceipt> send(String room, Envelope envelope) {
        return lifeline.awaitLink().send(room, envelope);
    }

    /** Sends an envelope's chunks to its room, or else to the default room; like {@link #send(String, EnvelopeChunks)}. */
    public CompletableFuture<SendReceipt> send(EnvelopeChunks chunks) {
        try (chunks) {
            return lifeline.awaitLink().send(chunks.room().orElse(null), chunks);
        }
    }

    /**
     * Sends an envelope in chunks of a size that the caller chose, {@code connection.send(room, envelope.chunks(64))};
     * otherwise like {@link #send(String, Envelope)}. Small chunks let messages pass sooner, large ones cost less.
     *
     * @param chunks not walked yet; closed when this returns, or throws
     */
    public CompletableFuture<SendReceipt> send(String room, EnvelopeChunks chunks) {
        try (chunks) {
            return lifeline.awaitLink().send(room, chunks);
        }
    }

    /** Sends one chunk to its envelope's room, or else to the default room; like {@link #send(String, EnvelopeChunk)}. */
    public CompletableFuture<SendReceipt> send(EnvelopeChunk chunk) {
        return lifeline.awaitLink().send(chunk.chunks().room().orElse(null), chunk);
    }

    /**
     * Sends one chunk of an envelope that the caller cuts: from the first to the last, all to one room. Who stops before the
     * last one closes the chunks; receivers are then told to forget the envelope.
     *
     * @return the envelope's receipt, the same for each of its chunks
     * @throws PorthouseException if the chunk cannot be sent
     */
    public CompletableFuture<SendReceipt> send(String room, EnvelopeChunk chunk) {
        return lifeline.awaitLink().send(room, chunk);
    }

    /**
     * Closes: what was sent leaves, outstanding receipts are awaited, the router is told, and its end awaited. Messages that
     * no handler has seen yet are dropped. Idempotent.
     *
     * @throws PorthouseException if a receipt that was outstanding failed or did not come in the close timeout, or the
     *     connection ended before; it is closed all the same
     */
    @Override
    public void close() {
        if (lifeline.isNetworkThread()) {
            throw new PorthouseException(
                    Kind.USAGE, "the connection's own thread cannot wait for its end; use closeAsync()");
        }
        // For a connection, for receipts and for the router's end; and a second for this side's own work.
        Void unused =
                Answer.await(closeAsync(), options.closeTimeout.multipliedBy(3).plusSeconds(1), "the close");
    }

    /** Closes like {@link #close} without waiting; the future tells the outcome. */
    public CompletableFuture<Void> closeAsync() {
        if (closing.compareAndSet(false, true)) {
            delivery.stop();
            // The handlers' thread may be waiting for one to have room, and without it nothing ends.
            inboxes.forEach(inbox -> inbox.end(null));
            var unused = lifeline.close().whenComplete((none, failure) -> {
                if (failure == null) {
                    closed.complete(null);
                } else {
                    closed.completeExceptionally(failure instanceof CompletionException ? failure.getCause() : failure);
                }
            });
        }
        return closed;
    }

    private CompletableFuture<SendReceipt> message(@Nullable String room, int flags, byte[] payload) {
        CompletableFuture<SendReceipt> receipt = lifeline.newAnswer();
        lifeline.message(room, flags, payload, receipt);
        return receipt;
    }

    private void post(String room, int flags, byte[] payload) {
        lifeline.message(room, flags, payload, null);
    }
}
