package io.porthouse.cli.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import io.porthouse.admin.http.AdminSettings;
import io.porthouse.admin.store.StoreSettings;
import io.porthouse.protocol.Frame;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.Transport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the configuration file. What is unknown, misspelt, of the wrong type or out of range stops the start. */
public final class ConfigurationReader {

    private static final int LARGEST_COUNT = 10_000_000;
    private static final long SMALLEST_BUFFER_BYTES = 64 << 10;

    private ConfigurationReader() {}

    /**
     * Reads a file.
     *
     * @throws ConfigurationException if it cannot be read, or is wrong
     */
    public static Configuration read(Path file) throws ConfigurationException {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            throw wrong(file + ": there is no such file; correct --config, or leave it out for the defaults");
        } catch (AccessDeniedException e) {
            throw wrong(file + ": may not be read; check its permissions");
        } catch (CharacterCodingException e) {
            throw wrong(file + ": is not UTF-8 text");
        } catch (IOException e) {
            throw wrong(file + ": cannot be read: " + e.getMessage());
        }
        return parse(file.toString(), text);
    }

    /**
     * Reads a text.
     *
     * @param name of the file, for messages
     * @throws ConfigurationException if it is wrong
     */
    public static Configuration parse(String name, String text) throws ConfigurationException {
        ObjectNode root = tree(name, text);
        Problems problems = new Problems(name, TomlLines.of(text));
        Configuration configuration = read(new Table(root, "", problems));
        problems.throwIfAny();
        return configuration;
    }

    private static ObjectNode tree(String name, String text) throws ConfigurationException {
        try {
            JsonNode tree = new TomlMapper().readTree(text);
            // Jackson reads a file without settings as nothing.
            return tree instanceof ObjectNode object ? object : new TomlMapper().createObjectNode();
        } catch (JsonProcessingException e) {
            Optional<TomlLines.Place> duplicate = TomlLines.firstDuplicate(text);
            if (String.valueOf(e.getOriginalMessage()).startsWith("Duplicate") && duplicate.isPresent()) {
                throw wrong(name + ":" + duplicate.get().line() + ": "
                        + duplicate.get().path() + ": is set a second time (once is allowed)");
            }
            int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            throw wrong(name + ":" + line + ": is not TOML: " + e.getOriginalMessage());
        }
    }

    private static Configuration read(Table root) {
        Path data = data(root);
        Table node = root.table("node");
        String nodeName = node.text("name", RouterSettings.DEFAULT_NODE_NAME);
        if (nodeName.isBlank() || nodeName.length() > 64) {
            node.problem("name", "is not a name (1 to 64 characters)");
        }
        node.end();

        Table listen = root.table("listen");
        InetSocketAddress tcp = address(listen, "tcp", RouterSettings.defaults().listen());
        listen.end();

        AdminSettings admin = AdminReader.read(root.table("admin"));
        ConfiguredStore store = store(root.table("store"));

        Table router = root.table("router");
        Transport transport = transport(router);
        int loops = router.integer("loops", 0, 0, 1024);
        int heartbeat = router.integer("heartbeatSeconds", (int) RouterSettings.DEFAULT_HEARTBEAT.toSeconds(), 1, 3600);
        router.end();

        Table memory = root.table("memory");
        long memoryLimit = memoryLimit(memory);
        memory.end();
        RouterSettings.Limits limits = limits(root.table("limits"), memoryLimit);

        RulesTable rules = RulesReader.read(root, limits.maxFrameBytes());
        List<Configuration.ConfiguredToken> tokens = TokensReader.read(root.tables("tokens"));
        LogSettings log = log(root.table("log"));
        root.end();
        return new Configuration(
                data,
                nodeName,
                tcp,
                admin,
                store,
                transport,
                loops,
                Duration.ofSeconds(heartbeat),
                limits,
                memoryLimit,
                rules,
                tokens,
                log);
    }

    private static Path data(Table root) {
        String text = root.text("data", Configuration.DEFAULT_DATA.toString());
        try {
            if (!text.isEmpty()) {
                return Path.of(text);
            }
        } catch (InvalidPathException e) {
            // Reported below.
        }
        root.problem("data", "is not a path (the name of a directory)");
        return Configuration.DEFAULT_DATA;
    }

    static InetSocketAddress address(Table table, String key, InetSocketAddress byDefault) {
        Optional<String> text = table.text(key);
        if (text.isEmpty()) {
            return byDefault;
        }
        Optional<InetSocketAddress> address = HostPort.parse(text.get());
        if (address.isEmpty()) {
            table.problem(key, "is not an address (" + HostPort.FORM + ")");
            return byDefault;
        }
        if (address.get().isUnresolved()) {
            table.problem(
                    key, "no machine is known by the name " + address.get().getHostString());
            return byDefault;
        }
        return address.get();
    }

    private static ConfiguredStore store(Table table) {
        String url = given(table, "url");
        String user = given(table, "user");
        String passwordFile = given(table, "passwordFile");
        int connections = table.integer("connections", ConfiguredStore.DEFAULT.connections(), 10, 1000);
        table.end();
        try {
            if (url == null && (user != null || passwordFile != null)) {
                table.problem(
                        "url",
                        "is missing, and without it there is nobody to sign in to (leave out user and passwordFile)");
            } else if (url != null) {
                StoreSettings unused = StoreSettings.postgres(url, user, null);
            }
            return new ConfiguredStore(url, user, passwordFile == null ? null : Path.of(passwordFile), connections);
        } catch (InvalidPathException e) {
            table.problem("passwordFile", "is not a path (the name of a file)");
        } catch (IllegalArgumentException e) {
            table.problem("url", "is not a JDBC URL of PostgreSQL (jdbc:postgresql://host/database)");
        }
        return ConfiguredStore.DEFAULT;
    }

    /** An empty text says the same as nothing, so that the file can show the default. */
    private static @Nullable String given(Table table, String key) {
        return table.text(key).filter(text -> !text.isEmpty()).orElse(null);
    }

    private static @Nullable Transport transport(Table router) {
        TransportSetting setting = router.choice("transport", TransportSetting.AUTO, TransportSetting.class);
        Transport transport = setting.transport;
        if (transport != null && !transport.isAvailable()) {
            router.problem("transport", "this machine has no " + Table.name(setting) + " (use \"auto\")");
            return null;
        }
        return transport;
    }

    /** The names that the file has for transports. */
    private enum TransportSetting {
        AUTO(null),
        EPOLL(Transport.EPOLL),
        IO_URING(Transport.IO_URING),
        NIO(Transport.NIO);

        private final @Nullable Transport transport;

        TransportSetting(@Nullable Transport transport) {
            this.transport = transport;
        }
    }

    private static long memoryLimit(Table memory) {
        long limit = memory.size("limit", 0, 0, Long.MAX_VALUE);
        if (limit != 0 && limit < 1 << 20) {
            memory.problem("limit", "is out of range (0 for half of the direct memory, or at least 1 MiB)");
            return 0;
        }
        return limit;
    }

    private static RouterSettings.Limits limits(Table table, long memoryLimit) {
        RouterSettings.Limits byDefault = RouterSettings.Limits.defaults();
        RouterSettings.Limits limits = new RouterSettings.Limits(
                (int) table.size(
                        "maxFrameBytes",
                        byDefault.maxFrameBytes(),
                        Frame.MAX_HELLO_FRAME_BYTES,
                        Frame.LARGEST_MAX_FRAME_BYTES),
                table.integer("maxOpenEnvelopes", byDefault.maxOpenEnvelopes(), 0, LARGEST_COUNT),
                table.integer("roomsPerSession", byDefault.roomsPerSession(), 1, LARGEST_COUNT),
                table.integer("handshakes", byDefault.handshakes(), 1, LARGEST_COUNT),
                table.size("inboxBytes", byDefault.inboxBytes(), SMALLEST_BUFFER_BYTES, Long.MAX_VALUE),
                table.size("outboxBytes", byDefault.outboxBytes(), SMALLEST_BUFFER_BYTES, Long.MAX_VALUE),
                table.size("waitBytesPerSecond", byDefault.waitBytesPerSecond(), 1, 1L << 30),
                memoryLimit == 0 ? byDefault.memoryBytes() : memoryLimit);
        table.end();
        return limits;
    }

    private static LogSettings log(Table table) {
        LogSettings.Format format = table.choice("format", LogSettings.DEFAULT.format(), LogSettings.Format.class);
        LogSettings.Level level = table.choice("level", LogSettings.DEFAULT.level(), LogSettings.Level.class);
        Map<String, LogSettings.Level> levels = new HashMap<>();
        table.table("levels").forEachText((logger, value, report) -> {
            Optional<LogSettings.Level> parsed = level(value);
            parsed.ifPresentOrElse(
                    one -> levels.put(logger, one),
                    () -> report.accept("there is no level \"" + value + "\" (trace, debug, info, warn, error)"));
        });
        table.end();
        return new LogSettings(format, level, levels);
    }

    private static Optional<LogSettings.Level> level(String text) {
        for (LogSettings.Level level : LogSettings.Level.values()) {
            if (Table.name(level).equals(text)) {
                return Optional.of(level);
            }
        }
        return Optional.empty();
    }

    private static ConfigurationException wrong(String problem) {
        return new ConfigurationException(List.of(problem));
    }
}
