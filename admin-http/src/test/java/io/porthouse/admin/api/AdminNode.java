package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.porthouse.admin.http.AdminSettings;
import io.porthouse.admin.live.LiveChanges;
import io.porthouse.admin.live.StoreTokenSource;
import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.secrets.Passwords;
import io.porthouse.admin.secrets.Passwords.Cost;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.NewAccount;
import io.porthouse.admin.store.Outcome;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreWorkers;
import io.porthouse.admin.store.TestDatabase;
import io.porthouse.protocol.Right;
import io.porthouse.router.Grant;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.RoomRules;
import io.porthouse.router.Router;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.TestClient;
import io.porthouse.router.TokenState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/**
 * A real admin listener on a free port, with a real router and a real store behind it, and the accounts {@code operator},
 * {@code alice} and {@code bob}. Sessions and limits follow a time that the test moves. Closing it closes everything, and fails
 * if a buffer was not released.
 */
final class AdminNode implements AutoCloseable {

    static final String PASSWORD = "correct horse";
    static final String OPERATOR_KEY = "phk_operator";
    static final String ALICE_KEY = "phk_alice";
    static final String BOB_KEY = "phk_bob";
    static final String CONFIGURED_SECRET = "configured-secret";

    final Path data = TestDatabase.directory();
    final Store store;
    final Router router;
    final AdminServer server;
    final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    private final AtomicLong skippedNanos = new AtomicLong();
    private final StoreWorkers workers;
    private final List<TestClient> clients = new ArrayList<>();

    AdminNode() throws Exception {
        this(settings -> settings);
    }

    AdminNode(UnaryOperator<AdminSettings> change) throws Exception {
        this(TestDatabase.open(TestDatabase.H2.prepared()), change);
    }

    /** @param store is closed with this */
    AdminNode(Store store, UnaryOperator<AdminSettings> change) throws Exception {
        this.store = store;
        this.workers = new StoreWorkers("router", 4, 1_000, Duration.ofSeconds(20), System::nanoTime, metrics);
        SecureRandom random = new SecureRandom();
        Passwords passwords = new Passwords(new Cost(64, 1, 1), 2, Duration.ofSeconds(20), random);
        String hash = passwords.hash(PASSWORD).orElseThrow();
        account("operator", Role.OPERATOR, hash, OPERATOR_KEY);
        account("alice", Role.USER, hash, ALICE_KEY);
        account("bob", Role.USER, hash, BOB_KEY);
        TokenState configured = new TokenState(
                "from-file",
                "conf",
                List.of(new Grant("conf", "", true, Set.of(Right.READ, Right.WRITE), false)),
                10,
                null,
                false);
        MemoryTokenSource configuration = new MemoryTokenSource(room -> RoomRules.DEFAULT);
        configuration.put(Secrets.hash(CONFIGURED_SECRET), configured);
        this.router = Router.start(
                RouterSettings.defaults().withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                new StoreTokenSource(store, workers, configuration, configured.grants()),
                metrics,
                Clock.systemUTC());
        AdminSettings settings = change.apply(
                AdminSettings.defaults().withListen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        this.server = AdminServer.start(
                settings,
                new AdminServer.Parts(
                        store,
                        router,
                        new LiveChanges(router),
                        metrics,
                        new Secrets(random),
                        passwords,
                        List.of(configured),
                        data,
                        "n1"),
                Clock.systemUTC(),
                () -> System.nanoTime() + skippedNanos.get());
    }

    private void account(String name, Role role, String passwordHash, String key) {
        Limits limits = role == Role.OPERATOR ? Limits.NONE : new Limits(3, 3, 5);
        Outcome<?> made = store.createAccount(
                Actor.SYSTEM,
                new NewAccount(
                        name,
                        new AccountSettings(role, false, limits),
                        passwordHash,
                        null,
                        new NewAccount.FirstKey("first", Secrets.hash(key))));
        assertThat(made).isInstanceOf(Outcome.Done.class);
    }

    /** Moves the time of sessions and limits. */
    void skip(Duration time) {
        skippedNanos.addAndGet(time.toNanos());
    }

    /** From now on the router can read no token and no room from the store. */
    void stopReaders() {
        workers.close();
    }

    ApiClient nobody() {
        return ApiClient.nobody(server.address());
    }

    ApiClient operator() {
        return nobody().withKey(OPERATOR_KEY);
    }

    ApiClient alice() {
        return nobody().withKey(ALICE_KEY);
    }

    ApiClient bob() {
        return nobody().withKey(BOB_KEY);
    }

    /** Connects with a token, and takes WELCOME and the answers for these rooms. */
    TestClient connect(String secret, String... rooms) throws IOException {
        TestClient client = new TestClient(router.address());
        clients.add(client);
        client.hello(secret, rooms);
        return client;
    }

    @Override
    public void close() {
        clients.forEach(TestClient::close);
        server.close();
        router.close();
        workers.close();
        store.close();
        if (router.usedBytes() != 0) {
            throw new AssertionError(router.usedBytes() + " bytes of buffers were not released");
        }
    }
}
