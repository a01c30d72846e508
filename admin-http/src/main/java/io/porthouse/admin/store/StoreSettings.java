package io.porthouse.admin.store;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where the store is, and how it is used.
 *
 * @param url a JDBC URL: {@code jdbc:postgresql:…}, or one that {@link #inDirectory} made
 * @param user null: as the URL says
 * @param password null: as the URL says
 * @param connections the most connections at once, at least 2
 * @param patience how long a caller waits for a connection or a lock, 250 ms to a minute; what the database works on itself
 *     may take twice that
 */
public record StoreSettings(
        String url, @Nullable String user, @Nullable String password, int connections, Duration patience) {

    public static final int DEFAULT_CONNECTIONS = 12;
    public static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(2);

    private static final Duration LEAST_PATIENCE = Duration.ofMillis(250);

    /** @throws IllegalArgumentException if a value is out of its range, naming it */
    public StoreSettings {
        if (connections < 2) {
            throw new IllegalArgumentException("store.connections is below 2");
        }
        if (patience.compareTo(LEAST_PATIENCE) < 0 || patience.compareTo(Duration.ofMinutes(1)) > 0) {
            throw new IllegalArgumentException("store.patience is not between 250 ms and a minute");
        }
        Dialect unused = Dialect.of(url);
    }

    /**
     * Returns the settings of a store in a file of the data directory, which must exist and be nobody else's to read.
     *
     * @throws IllegalArgumentException if its path has a semicolon
     */
    public static StoreSettings inDirectory(Path data) {
        return embedded(data.toAbsolutePath().resolve("store").toString());
    }

    /** Returns the settings of a store in a file of the given path, which may begin with a file system of H2's. */
    static StoreSettings embedded(String path) {
        if (path.indexOf(';') >= 0) {
            throw new IllegalArgumentException("the data directory has a ; in its path, which H2 can't open");
        }
        return new StoreSettings(Dialect.H2_PREFIX + path, "sa", "", DEFAULT_CONNECTIONS, DEFAULT_PATIENCE);
    }

    /**
     * Returns the settings of a store in a PostgreSQL database.
     *
     * @throws IllegalArgumentException if it is not a JDBC URL of PostgreSQL
     */
    public static StoreSettings postgres(String url, @Nullable String user, @Nullable String password) {
        if (Dialect.of(url) != Dialect.POSTGRES) {
            throw new IllegalArgumentException("store.url must begin with " + Dialect.POSTGRES_PREFIX);
        }
        return new StoreSettings(url, user, password, DEFAULT_CONNECTIONS, DEFAULT_PATIENCE);
    }

    /** Returns the same settings with another number of connections. */
    public StoreSettings withConnections(int most) {
        return new StoreSettings(url, user, password, most, patience);
    }

    /** Returns the same settings with another patience. */
    public StoreSettings withPatience(Duration howLong) {
        return new StoreSettings(url, user, password, connections, howLong);
    }

    /** Returns the URL as far as it may be shown: passwords are among the parameters. */
    String shownUrl() {
        int parameters = url.indexOf('?');
        return parameters < 0 ? url : url.substring(0, parameters);
    }

    /** Without the password. */
    @Override
    public String toString() {
        return "StoreSettings[" + shownUrl() + "]";
    }
}
