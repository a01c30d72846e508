package io.porthouse.cli.config;

import io.porthouse.admin.http.AdminSettings;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.TokenState;
import io.porthouse.router.Transport;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that {@code porthouse run} can be told.
 *
 * @param data where the router keeps what must outlive it
 * @param nodeName shown to clients in WELCOME
 * @param listen the TCP address; port 0 takes a free one
 * @param admin the admin listener; null: off
 * @param store where accounts, rooms and tokens are kept
 * @param transport null: the best one there is
 * @param loops event loops; 0: as many as there are processors, and at least two
 * @param heartbeat silence after which a client is asked whether it is still there
 * @param limits every bound but {@code memoryBytes}, which is {@link #memoryLimit} if that is not 0
 * @param memoryLimit bytes of all buffers together; 0: half of the direct memory that the process may use
 * @param rules what holds in each room
 * @param tokens by whom it may be used
 * @param log what is logged, and how
 */
public record Configuration(
        Path data,
        String nodeName,
        InetSocketAddress listen,
        @Nullable AdminSettings admin,
        ConfiguredStore store,
        @Nullable Transport transport,
        int loops,
        Duration heartbeat,
        RouterSettings.Limits limits,
        long memoryLimit,
        RulesTable rules,
        List<ConfiguredToken> tokens,
        LogSettings log) {

    /** Beside the working directory's other files, so that nothing is written where nobody looks. */
    public static final Path DEFAULT_DATA = Path.of("porthouse-data");

    public Configuration {
        tokens = List.copyOf(tokens);
    }

    /**
     * A token of the file.
     *
     * @param secretHash SHA-256 of the secret, which itself is not kept
     * @param state what it may do
     */
    public record ConfiguredToken(String secretHash, TokenState state) {}

    /** What holds without a file. */
    public static Configuration defaults() {
        RouterSettings router = RouterSettings.defaults();
        return new Configuration(
                DEFAULT_DATA,
                RouterSettings.DEFAULT_NODE_NAME,
                router.listen(),
                AdminSettings.defaults(),
                ConfiguredStore.DEFAULT,
                null,
                0,
                RouterSettings.DEFAULT_HEARTBEAT,
                router.limits(),
                0,
                RulesTable.DEFAULT,
                List.of(),
                LogSettings.DEFAULT);
    }

    /** The same with another data directory. */
    public Configuration withData(Path directory) {
        return with(directory, listen, admin);
    }

    /** The same with another TCP address. */
    public Configuration withListen(InetSocketAddress address) {
        return with(data, address, admin);
    }

    /** The same with another admin address; null: off. */
    public Configuration withAdmin(@Nullable InetSocketAddress address) {
        AdminSettings present = admin == null ? AdminSettings.defaults() : admin;
        return with(data, listen, address == null ? null : present.withListen(address));
    }

    /** The same but for what the command line may say otherwise. */
    private Configuration with(Path directory, InetSocketAddress address, @Nullable AdminSettings adminSettings) {
        return new Configuration(
                directory,
                nodeName,
                address,
                adminSettings,
                store,
                transport,
                loops,
                heartbeat,
                limits,
                memoryLimit,
                rules,
                tokens,
                log);
    }

    /** What the router is told, with what was left to this machine decided. */
    public RouterSettings routerSettings() {
        return new RouterSettings(
                listen,
                nodeName,
                transport == null ? Transport.best() : transport,
                loops == 0 ? RouterSettings.defaultLoops() : loops,
                heartbeat,
                limits);
    }
}
