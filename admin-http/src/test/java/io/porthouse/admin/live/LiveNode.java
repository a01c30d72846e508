package io.porthouse.admin.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.Token;
import io.porthouse.admin.model.TokenSettings;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.NewAccount;
import io.porthouse.admin.store.NewToken;
import io.porthouse.admin.store.Outcome;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreWorkers;
import io.porthouse.admin.store.TestDatabase;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.RoomRules;
import io.porthouse.router.Router;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.TestClient;
import io.porthouse.router.TokenState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A real router on a free port with a real store behind it, and the account {@code alice}. Closing it closes the clients too,
 * and fails if a buffer was not released.
 */
final class LiveNode implements AutoCloseable {

    static final Actor BY = new Actor("alice", "key k1", "127.0.0.1");
    static final OptionalLong ANY = OptionalLong.empty();
    static final AccountSettings USER = new AccountSettings(Role.USER, false, Limits.DEFAULT);

    final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    final Store store;
    final Router router;
    final LiveChanges live;

    private final StoreWorkers workers;
    private final List<TestClient> clients = new ArrayList<>();

    /** On a new H2 store. */
    LiveNode() throws Exception {
        this(TestDatabase.open(TestDatabase.H2.prepared()));
        alice();
    }

    /** @param store is closed with this */
    LiveNode(Store store) throws IOException {
        this(store, Map.of(), RouterSettings.Limits.defaults());
    }

    /** @param configured tokens of the configuration, by their secrets */
    LiveNode(Store store, Map<String, TokenState> configured, RouterSettings.Limits limits) throws IOException {
        this.store = store;
        this.workers = new StoreWorkers("router", 4, 1_000, Duration.ofSeconds(20), System::nanoTime, metrics);
        MemoryTokenSource configuration = new MemoryTokenSource(room -> RoomRules.DEFAULT);
        configured.forEach((secret, state) -> configuration.put(Secrets.hash(secret), state));
        RouterSettings settings = RouterSettings.defaults()
                .withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .withLimits(limits);
        // The configuration grants, but makes no rooms: those are the store's.
        this.router = Router.start(
                settings, new StoreTokenSource(store, workers, configuration, List.of()), metrics, Clock.systemUTC());
        this.live = new LiveChanges(router);
    }

    // ---- what an owner does

    /** Has the router act by a change that must have been made, and returns what that did. */
    LiveEffect follow(Outcome<?> outcome) throws Exception {
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        return live.follow(((Outcome.Done<?>) outcome).change())
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    static <T> T done(Outcome<T> outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        return ((Outcome.Done<T>) outcome).value();
    }

    void alice() {
        done(store.createAccount(BY, NewAccount.of("alice", USER, "x")));
    }

    static RoomName name(String room) {
        return new RoomName("alice", room);
    }

    void room(String room) {
        done(store.createRoom(BY, name(room), RoomRules.DEFAULT, Transience.NONE));
    }

    /** The same rules for a room that is public. */
    static RoomRules readByAll(RoomRules rules) {
        return new RoomRules(
                rules.maxMessageBytes(),
                rules.maxEnvelopeBytes(),
                rules.maxMembers(),
                rules.messagesPerSecond(),
                rules.text(),
                true,
                rules.overflow(),
                rules.envelopeOverflow());
    }

    /** Makes a token of alice's. */
    Token token(String secret, RoomGrant... grants) {
        return done(store.createToken(
                BY, new NewToken("alice", TokenSettings.named(secret), List.of(grants), Secrets.hash(secret))));
    }

    /** Read and write, joined by itself. */
    static RoomGrant both(String room) {
        return new RoomGrant(name(room), Set.of(Right.READ, Right.WRITE), true);
    }

    LiveEffect grant(Token token, RoomGrant grant) throws Exception {
        return follow(store.grant(BY, token.id(), ANY, grant));
    }

    // ---- what a client does

    /** Connects without a word. */
    TestClient dial() throws IOException {
        TestClient client = new TestClient(router.address());
        clients.add(client);
        return client;
    }

    /** Connects with a token, and takes WELCOME and the answers for these rooms (none: what auto-joins). */
    TestClient connect(String secret, String... rooms) throws IOException {
        TestClient client = dial();
        client.hello(secret, rooms);
        return client;
    }

    @Override
    public void close() {
        // In this order, because the router waits for a second for clients that do not answer its CLOSE.
        clients.forEach(TestClient::close);
        router.close();
        workers.close();
        store.close();
        if (router.usedBytes() != 0) {
            throw new AssertionError(router.usedBytes() + " bytes of buffers were not released");
        }
    }
}
