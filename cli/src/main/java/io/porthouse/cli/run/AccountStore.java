package io.porthouse.cli.run;

import io.micrometer.core.instrument.MeterRegistry;
import io.porthouse.admin.FirstStart;
import io.porthouse.admin.secrets.Passwords;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreSettings;
import io.porthouse.admin.store.StoreUnavailableException;
import io.porthouse.admin.store.StoreVersionException;
import io.porthouse.cli.config.ConfiguredStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Opens the store of accounts, rooms and tokens as it is configured. */
public final class AccountStore {

    private AccountStore() {}

    /**
     * Returns what the store is told.
     *
     * @param data the data directory
     * @throws StartException if the password file can't be read
     */
    static StoreSettings settings(ConfiguredStore configured, Path data) throws StartException {
        return configured.settings(data, password(configured.passwordFile()));
    }

    /**
     * Opens the store, and makes the operator's account at the first start.
     *
     * @throws StartException if it can't be opened; the message says why and what to do
     */
    static Store open(StoreSettings settings, Path data, Clock clock, Passwords passwords, MeterRegistry metrics)
            throws StartException {
        Store store = openOnly(settings, clock, metrics);
        try {
            boolean unused = FirstStart.run(store, data, new Secrets(new SecureRandom()), passwords);
            return store;
        } catch (StoreUnavailableException e) {
            store.close();
            throw new StartException(String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            store.close();
            throw new StartException(
                    "the operator's password cannot be written into " + data + " (" + e.getMessage()
                            + "); make it writable, or give another with --data",
                    e);
        }
    }

    /**
     * Opens the store and makes nothing in it.
     *
     * @throws StartException if it can't be opened; the message says why and what to do
     */
    static Store openOnly(StoreSettings settings, Clock clock, MeterRegistry metrics) throws StartException {
        try {
            return Store.open(settings, clock, RandomGenerator.getDefault(), metrics);
        } catch (StoreVersionException | StoreUnavailableException e) {
            throw new StartException(String.valueOf(e.getMessage()), e);
        }
    }

    private static @Nullable String password(@Nullable Path file) throws StartException {
        if (file == null) {
            return null;
        }
        try {
            List<String> lines = Files.readAllLines(file);
            return lines.isEmpty() ? "" : lines.get(0);
        } catch (IOException e) {
            throw new StartException(
                    "store.passwordFile " + file + " cannot be read; correct its path or its permissions", e);
        }
    }
}
