package io.porthouse.cli.run;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.porthouse.admin.api.AdminServer;
import io.porthouse.admin.http.AdminSettings;
import io.porthouse.admin.live.ChangeFollower;
import io.porthouse.admin.live.LiveChanges;
import io.porthouse.admin.live.StoreTokenSource;
import io.porthouse.admin.secrets.Passwords;
import io.porthouse.admin.secrets.Passwords.Cost;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreSettings;
import io.porthouse.admin.store.StoreWorkers;
import io.porthouse.cli.config.Configuration;
import io.porthouse.cli.config.HostPort;
import io.porthouse.router.Router;
import io.porthouse.router.RouterSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running router with everything around it, wired by hand. Closing it stops all of it, in order. */
public final class Node implements AutoCloseable {

    /** Reads of tokens and rooms that may wait for the store: as many as there may be connections in their handshake. */
    private static final int WAITING_READS = 10_000;

    /** Passwords that are checked at the same time; each takes a processor, and 19 MiB, for a tenth of a second. */
    private static final int PASSWORDS_AT_ONCE = 2;

    /** How long clients wait for changes that are under way. */
    private static final long CHANGES_FIRST_MILLIS = 500;

    /** How long answers may take that are still under way when everything else has stopped. */
    private static final long ADMIN_LAST_MILLIS = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(Node.class);

    private final Parts parts;
    private final DataDirectory data;
    private final Router router;
    private final RouterSettings settings;
    private final @Nullable LocalToken localToken;
    private final @Nullable AdminServer admin;

    private Node(
            Parts parts,
            DataDirectory data,
            Router router,
            RouterSettings settings,
            @Nullable LocalToken localToken,
            @Nullable AdminServer admin) {
        this.parts = parts;
        this.data = data;
        this.router = router;
        this.settings = settings;
        this.localToken = localToken;
        this.admin = admin;
    }

    /**
     * Starts a router.
     *
     * @throws StartException if it cannot: the message says why, and what to do
     */
    public static Node start(Configuration configuration) throws StartException {
        Parts parts = new Parts();
        try {
            return start(configuration, parts);
        } catch (StartException | RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    private static Node start(Configuration configuration, Parts parts) throws StartException {
        Clock clock = Clock.systemUTC();
        RouterSettings settings = configuration.routerSettings();
        DataDirectory data = parts.add(DataDirectory.open(configuration.data()));
        PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        AutoCloseable unused = parts.add(metrics::close);
        StoreSettings storeSettings = AccountStore.settings(configuration.store(), data.path());
        Passwords passwords =
                new Passwords(Cost.DEFAULT, PASSWORDS_AT_ONCE, storeSettings.patience(), new SecureRandom());
        Store store = parts.add(AccountStore.open(storeSettings, data.path(), clock, passwords, metrics));
        StoreWorkers readers = parts.add(new StoreWorkers(
                "tokens",
                connectionsForReads(configuration),
                WAITING_READS,
                storeSettings.patience(),
                System::nanoTime,
                metrics));

        FixedTokens fixed = FixedTokens.of(configuration, data);
        StoreTokenSource tokens = new StoreTokenSource(store, readers, fixed.source(), fixed.grants());
        Router router;
        try {
            router = parts.add(Router.start(settings, tokens, metrics, clock));
        } catch (IOException e) {
            throw cannotListen(settings.listen(), "--listen", e);
        }
        LiveChanges live = new LiveChanges(router);
        parts.add(new ChangeFollower(store, live, clock, metrics)).start();
        AdminServer admin = null;
        if (configuration.admin() != null) {
            admin = listen(
                    configuration.admin(),
                    new AdminServer.Parts(
                            store,
                            router,
                            live,
                            metrics,
                            new Secrets(new SecureRandom()),
                            passwords,
                            fixed.states(),
                            data.path(),
                            configuration.nodeName()));
        }
        return new Node(parts, data, router, settings, fixed.local(), admin);
    }

    /** The admin listener and the follower of the change log have theirs; the router's reads get the rest. */
    private static int connectionsForReads(Configuration configuration) {
        AdminSettings admin = configuration.admin();
        int others = 1 + (admin == null ? 0 : AdminServer.storeConnections(admin));
        return Math.max(1, configuration.store().connections() - others);
    }

    private static AdminServer listen(AdminSettings settings, AdminServer.Parts parts) throws StartException {
        try {
            return AdminServer.start(settings, parts);
        } catch (IOException e) {
            throw cannotListen(settings.listen(), "--admin", e);
        }
    }

    /** Where it listens; the port is the one that was taken if 0 was asked for. */
    public InetSocketAddress address() {
        return router.address();
    }

    /** Where clients connect: {@code tcp://host:port}, by the loopback address if it listens everywhere. */
    public String url() {
        return "tcp://" + reachable(address());
    }

    /** Where the admin listener is: {@code http://host:port}; empty if it is off. */
    public Optional<String> adminUrl() {
        return Optional.ofNullable(admin).map(server -> "http://" + reachable(server.address()));
    }

    private static String reachable(InetSocketAddress address) {
        InetAddress host = address.getAddress();
        String text = (host.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : host).getHostAddress();
        return (text.indexOf(':') >= 0 ? "[" + text + "]" : text) + ":" + address.getPort();
    }

    /** How it was set up. */
    public RouterSettings settings() {
        return settings;
    }

    /** Its data directory, absolute. */
    public Path data() {
        return data.path();
    }

    /** The token that was made because none was configured, if so. */
    Optional<LocalToken> localToken() {
        return Optional.ofNullable(localToken);
    }

    /**
     * Stops: changes under way are finished, clients are told, what is queued for them leaves, and then everything is given
     * back. At most 5 s, unless the store hangs: clients never wait for it.
     */
    @Override
    public void close() {
        CompletableFuture<Void> adminEnded =
                admin == null ? CompletableFuture.completedFuture(null) : CompletableFuture.runAsync(admin::close);
        await(adminEnded, CHANGES_FIRST_MILLIS);
        parts.close();
        await(adminEnded, ADMIN_LAST_MILLIS);
    }

    private static void await(CompletableFuture<Void> end, long mostMillis) {
        try {
            end.get(mostMillis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.info("the admin listener is still answering");
        } catch (ExecutionException e) {
            LOG.error("the admin listener could not be stopped", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static StartException cannotListen(InetSocketAddress address, String option, IOException e) {
        String where = HostPort.format(address);
        String message = String.valueOf(e.getMessage());
        // Netty's native transport has an exception of its own in the place of BindException; the system's text is the
        // same.
        if (message.contains("in use")) {
            return new StartException(
                    where + " is in use; stop what listens there, or give another address with " + option, e);
        }
        return new StartException(
                "cannot listen on " + where + " (" + message + "); give another address with " + option, e);
    }
}
