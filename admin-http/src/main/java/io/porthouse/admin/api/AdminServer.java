package io.porthouse.admin.api;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.porthouse.admin.http.AdminSettings;
import io.porthouse.admin.http.HttpServer;
import io.porthouse.admin.live.LiveChanges;
import io.porthouse.admin.secrets.Passwords;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreWorkers;
import io.porthouse.router.Router;
import io.porthouse.router.TokenState;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * The admin listener: the HTTP API, probes and metrics. Closing it leaves alone what it was given. All methods are thread-safe.
 */
public final class AdminServer implements AutoCloseable {

    private static final int STORE_QUEUE = 256;

    /** As many as are hashed at once, and a few for those who have their turn next. */
    private static final int PASSWORD_THREADS = 2;

    private static final int PASSWORD_QUEUE = 16;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final HttpServer server;
    private final Routes routes;
    private final StoreWorkers storeWorkers;
    private final StoreWorkers passwordWorkers;
    private final Transfers transfers;

    private AdminServer(
            HttpServer server,
            Routes routes,
            StoreWorkers storeWorkers,
            StoreWorkers passwordWorkers,
            Transfers transfers) {
        this.server = server;
        this.routes = routes;
        this.storeWorkers = storeWorkers;
        this.passwordWorkers = passwordWorkers;
        this.transfers = transfers;
    }

    /**
     * What it works with.
     *
     * @param store open; with {@link #storeConnections} connections to spare
     * @param router running
     * @param live has the router follow what is changed here
     * @param metrics what {@code /metrics} shows; requests are counted there too
     * @param secrets makes them
     * @param passwords hashes and checks them
     * @param configuredTokens those of the configuration file, which are shown to operators
     * @param data a directory that nobody else may read, for imports on their way
     * @param nodeName by which answers call this node
     */
    public record Parts(
            Store store,
            Router router,
            LiveChanges live,
            PrometheusMeterRegistry metrics,
            Secrets secrets,
            Passwords passwords,
            List<TokenState> configuredTokens,
            Path data,
            String nodeName) {

        public Parts {
            configuredTokens = List.copyOf(configuredTokens);
        }
    }

    /**
     * Starts the listener.
     *
     * @throws IOException if it can't listen, such as {@link java.net.BindException} if the port is taken
     */
    public static AdminServer start(AdminSettings settings, Parts parts) throws IOException {
        return start(settings, parts, Clock.systemUTC(), System::nanoTime);
    }

    /** Starts a listener whose sessions and limits follow {@code nanoTime}, as tests need. */
    static AdminServer start(AdminSettings settings, Parts parts, Clock clock, LongSupplier nanoTime)
            throws IOException {
        StoreWorkers storeWorkers = new StoreWorkers(
                "admin", settings.limits().workers(), STORE_QUEUE, PATIENCE, System::nanoTime, parts.metrics());
        StoreWorkers passwordWorkers = new StoreWorkers(
                "passwords", PASSWORD_THREADS, PASSWORD_QUEUE, PATIENCE, System::nanoTime, parts.metrics());
        Transfers transfers = new Transfers();
        SessionCookie cookie = new SessionCookie(settings.secureCookies());
        BrowserSessions sessions = new BrowserSessions(parts.secrets(), nanoTime, settings.times());
        SignInLimits limits = new SignInLimits(nanoTime);
        PasswordWork passwords = new PasswordWork(parts.passwords());
        ChangeAnswers changes = new ChangeAnswers(parts.live(), parts.nodeName());
        ConfiguredTokens configured = new ConfiguredTokens(parts.configuredTokens());
        Store store = parts.store();
        Authentication authentication = new Authentication(store, sessions, cookie);
        Routes routes = Routes.of(List.of(
                new OpenApiRoutes(),
                new HealthRoutes(store, parts.metrics(), settings.isOnLoopback() ? Access.ANYBODY : Access.OPERATOR),
                new SessionRoutes(store, passwords, limits, sessions, cookie),
                new InvitationRoutes(store, changes, parts.secrets(), clock),
                new AccountRoutes(store, changes, passwords, limits, sessions, configured, settings.effectiveSignUp()),
                new KeyRoutes(store, changes, parts.secrets()),
                new RoomRoutes(store, changes, parts.router()),
                new MessageRoutes(store, parts.router(), authentication, storeWorkers),
                new TokenRoutes(store, changes, parts.secrets(), configured),
                new LiveSessionRoutes(store, changes, parts.router(), storeWorkers),
                new AuditRoutes(store),
                new StoreRoutes(
                        store,
                        changes,
                        authentication,
                        transfers,
                        parts.data(),
                        settings.limits().importBytes())));
        Api api = new Api(
                routes,
                authentication,
                storeWorkers,
                passwordWorkers,
                settings.limits().bodyBytes());
        try {
            HttpServer server = HttpServer.start(settings, api, parts.metrics());
            return new AdminServer(server, routes, storeWorkers, passwordWorkers, transfers);
        } catch (IOException e) {
            storeWorkers.close();
            passwordWorkers.close();
            transfers.close();
            throw e;
        }
    }

    /** Returns how many connections of the store a listener uses at most. */
    public static int storeConnections(AdminSettings settings) {
        int transfers = 2;
        return settings.limits().workers() + PASSWORD_THREADS + transfers;
    }

    /** Returns where it listens. */
    public InetSocketAddress address() {
        return server.address();
    }

    Routes routes() {
        return routes;
    }

    /** Stops in order: nothing new is taken, what is under way is answered, then the threads end. 5 s, and rarely 10. */
    @Override
    public void close() {
        server.close();
        storeWorkers.close();
        passwordWorkers.close();
        transfers.close();
    }
}
