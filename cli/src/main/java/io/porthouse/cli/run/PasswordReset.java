package io.porthouse.cli.run;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.secrets.Passwords;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.Outcome;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreUnavailableException;
import io.porthouse.cli.config.Configuration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;

/** Gives an account a new password, in the store itself. */
public final class PasswordReset {

    private static final Actor COMMAND = new Actor("", "account reset-password", "");

    private PasswordReset() {}

    /**
     * Replaces the password of an account by a random one. Blocks.
     *
     * @return the new password; empty if there is no such account
     * @throws StartException if the store can't be opened; a router that holds it is one reason
     */
    public static Optional<String> run(Configuration configuration, String account) throws StartException {
        if (configuration.store().url() != null) {
            return reset(configuration, account);
        }
        Path directory = configuration.data().toAbsolutePath().normalize();
        if (!Files.isDirectory(directory)) {
            throw new StartException(
                    "there is no data directory " + directory + "; name the router's with --data or --config", null);
        }
        try (DataDirectory held = DataDirectory.open(directory, "stop it first")) {
            return reset(configuration.withData(held.path()), account);
        }
    }

    private static Optional<String> reset(Configuration configuration, String account) throws StartException {
        SecureRandom random = new SecureRandom();
        String password = new Secrets(random).newPassword();
        String hash = Passwords.standard(random)
                .hash(password)
                .orElseThrow(() -> new IllegalStateException("nobody else hashes a password in this process"));
        try (Store store = AccountStore.openOnly(
                AccountStore.settings(configuration.store(), configuration.data()),
                Clock.systemUTC(),
                new SimpleMeterRegistry())) {
            boolean refused = store.setPassword(COMMAND, account, hash) instanceof Outcome.Refused<?>;
            return refused ? Optional.empty() : Optional.of(password);
        } catch (StoreUnavailableException e) {
            throw new StartException(String.valueOf(e.getMessage()), e);
        }
    }
}
