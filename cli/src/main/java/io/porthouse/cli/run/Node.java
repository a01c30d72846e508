package io.porthouse.cli.run;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.porthouse.cli.config.Configuration;
import io.porthouse.cli.config.HostPort;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.Router;
import io.porthouse.router.RouterSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A running router with everything around it, wired by hand. Closing it stops all of it, in order. */
public final class Node implements AutoCloseable {

    private final DataDirectory data;
    private final Router router;
    private final SimpleMeterRegistry metrics;
    private final RouterSettings settings;
    private final @Nullable LocalToken localToken;

    private Node(
            DataDirectory data,
            Router router,
            SimpleMeterRegistry metrics,
            RouterSettings settings,
            @Nullable LocalToken localToken) {
        this.data = data;
        this.router = router;
        this.metrics = metrics;
        this.settings = settings;
        this.localToken = localToken;
    }

    /**
     * Starts a router.
     *
     * @throws StartException if it cannot: the message says why, and what to do
     */
    public static Node start(Configuration configuration) throws StartException {
        RouterSettings settings = configuration.routerSettings();
        DataDirectory data = DataDirectory.open(configuration.data());
        SimpleMeterRegistry metrics = new SimpleMeterRegistry();
        try {
            MemoryTokenSource tokens = new MemoryTokenSource(configuration.rules()::of);
            configuration.tokens().forEach(token -> tokens.put(token.secretHash(), token.state()));
            LocalToken localToken = null;
            if (configuration.tokens().isEmpty()) {
                localToken = LocalToken.of(data, new SecureRandom());
                tokens.put(MemoryTokenSource.secretHash(localToken.secret()), localToken.state());
            }
            Router router = Router.start(settings, tokens, metrics, Clock.systemUTC());
            return new Node(data, router, metrics, settings, localToken);
        } catch (IOException e) {
            data.close();
            metrics.close();
            throw cannotListen(settings.listen(), e);
        } catch (StartException e) {
            data.close();
            metrics.close();
            throw e;
        }
    }

    /** Where it listens; the port is the one that was taken if 0 was asked for. */
    public InetSocketAddress address() {
        return router.address();
    }

    /** Where clients connect: {@code tcp://host:port}, by the loopback address if it listens everywhere. */
    public String url() {
        InetAddress host = address().getAddress();
        InetAddress reachable = host.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : host;
        String text = reachable.getHostAddress();
        return "tcp://" + (text.indexOf(':') >= 0 ? "[" + text + "]" : text) + ":"
                + address().getPort();
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

    /** Stops: clients are told, what is queued for them leaves, and then everything is given back. At most 5 s. */
    @Override
    public void close() {
        router.close();
        metrics.close();
        data.close();
    }

    private static StartException cannotListen(InetSocketAddress address, IOException e) {
        String where = HostPort.format(address);
        String message = String.valueOf(e.getMessage());
        // Netty's native transport has an exception of its own in the place of BindException; the system's text is the
        // same.
        if (message.contains("in use")) {
            return new StartException(
                    where + " is in use; stop what listens there, or give another address with --listen", e);
        }
        return new StartException(
                "cannot listen on " + where + " (" + message + "); give another address with --listen", e);
    }
}
