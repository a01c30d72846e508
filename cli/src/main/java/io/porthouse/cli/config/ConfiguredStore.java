package io.porthouse.cli.config;

import io.porthouse.admin.store.StoreSettings;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where accounts, rooms and tokens are kept.
 *
 * @param url a JDBC URL of PostgreSQL; null: a file in the data directory
 * @param user of the database; null: as the URL says
 * @param passwordFile a file whose first line is the password; null: as the URL says
 * @param connections the most connections to it
 */
public record ConfiguredStore(
        @Nullable String url,
        @Nullable String user,
        @Nullable Path passwordFile,
        int connections) {

    static final ConfiguredStore DEFAULT = new ConfiguredStore(null, null, null, StoreSettings.DEFAULT_CONNECTIONS);

    /**
     * Returns what the store is told.
     *
     * @param data the data directory
     * @param password what the password file says, if there is one
     */
    public StoreSettings settings(Path data, @Nullable String password) {
        StoreSettings settings =
                url == null ? StoreSettings.inDirectory(data) : StoreSettings.postgres(url, user, password);
        return settings.withConnections(connections);
    }

    /** Without what may be secret in the URL. */
    @Override
    public String toString() {
        return "ConfiguredStore[" + (url == null ? "data directory" : settings(Path.of(""), null)) + "]";
    }
}
