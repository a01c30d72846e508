package io.porthouse.admin.store;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/** A real PostgreSQL server, which can be killed and started again. */
public final class Postgres implements AutoCloseable {

    private static final long DIES_WITHIN_SECONDS = 60;

    private final AtomicInteger databases = new AtomicInteger();
    private final Path directory = Files.createTempDirectory("porthouse-postgres");
    private final Path data = directory.resolve("data");
    private final int port;
    private EmbeddedPostgres server;

    private Postgres() throws IOException {
        server = run(0);
        port = server.getPort();
    }

    private EmbeddedPostgres run(int wantedPort) throws IOException {
        return EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setRegisterShutdownHook(false)
                .setServerConfig("max_connections", "200")
                // The builder's own default is off, and loses what a killed server has answered last.
                .setServerConfig("synchronous_commit", "on")
                .setPort(wantedPort)
                .start();
    }

    /** Starts a server that is nobody else's. */
    public static Postgres start() throws IOException {
        return new Postgres();
    }

    /** Returns the server that all tests share which do no harm to it; it stops with the process. */
    public static Postgres shared() {
        return Shared.SERVER;
    }

    private static final class Shared {
        static final Postgres SERVER = make();

        private static Postgres make() {
            try {
                Postgres server = start();
                Runtime.getRuntime().addShutdownHook(new Thread(server::stop));
                return server;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    int port() {
        return port;
    }

    public StoreSettings newDatabase(String options) throws SQLException {
        String name = "store" + databases.incrementAndGet();
        execute("create database " + name + options);
        return StoreSettings.postgres(url(name, port), null, null);
    }

    static String url(String database, int port) {
        return "jdbc:postgresql://localhost:" + port + "/" + database + "?user=postgres";
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Kills every process of the server at once, and returns when they are gone. */
    public void kill() throws Exception {
        long pid = Long.parseLong(
                Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip());
        ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
        List<ProcessHandle> processes =
                Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList();
        processes.forEach(ProcessHandle::destroyForcibly);
        CompletableFuture<?>[] ends =
                processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(ends).get(DIES_WITHIN_SECONDS, TimeUnit.SECONDS);
        Files.delete(data.resolve("postmaster.pid"));
        release();
    }

    /** Starts it again where it was, after {@link #kill}. */
    public void startAgain() throws IOException {
        server = run(port);
    }

    /** Lets go of the directory; that there is nothing to stop any more is no news. */
    private void release() throws IOException {
        Logger log = (Logger) LoggerFactory.getLogger(EmbeddedPostgres.class);
        log.setLevel(Level.OFF);
        server.close();
        log.setLevel(Level.WARN);
    }

    private void stop() {
        try {
            close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        TestFiles.delete(directory);
    }
}
