package io.porthouse.admin;

import io.porthouse.admin.files.PrivateFiles;
import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.secrets.Passwords;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.NewAccount;
import io.porthouse.admin.store.NewAccount.FirstKey;
import io.porthouse.admin.store.Outcome;
import io.porthouse.admin.store.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes the account that everything is administered with, once. */
public final class FirstStart {

    /** In the data directory: the operator's first password. */
    public static final String PASSWORD_FILE = "operator-password";

    /** In the data directory: an API key of the operator's. */
    public static final String KEY_FILE = "operator-key";

    private FirstStart() {}

    /**
     * Makes the operator's account, with a random password and an API key, which are left in files of mode 0600 in the data
     * directory. Does nothing if there is such an account. Blocks.
     *
     * @return whether it was made
     * @throws IOException if the files can't be written
     * @throws io.porthouse.admin.store.StoreUnavailableException if the store can't do it now
     */
    public static boolean run(Store store, Path data, Secrets secrets, Passwords passwords) throws IOException {
        if (store.account(Account.OPERATOR).isPresent()) {
            return false;
        }
        String password = secrets.newPassword();
        String key = secrets.newKey();
        String passwordHash =
                passwords.hash(password).orElseThrow(() -> new IllegalStateException("nobody else has a password yet"));
        // First the files: if this is cut off in between, the next start makes others in their place. The other way
        // round, there would be an account whose password nobody knows.
        Path passwordFile = data.resolve(PASSWORD_FILE);
        Path keyFile = data.resolve(KEY_FILE);
        PrivateFiles.replace(passwordFile, password + "\n");
        PrivateFiles.replace(keyFile, key + "\n");
        NewAccount operator = new NewAccount(
                Account.OPERATOR,
                new AccountSettings(Role.OPERATOR, false, Limits.NONE),
                passwordHash,
                null,
                new FirstKey("first start", Secrets.hash(key)));
        if (store.createAccount(Actor.SYSTEM, operator) instanceof Outcome.Refused<Account>) {
            // Another node of the same store was faster.
            Files.deleteIfExists(passwordFile);
            Files.deleteIfExists(keyFile);
            return false;
        }
        return true;
    }
}
