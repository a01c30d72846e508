package io.porthouse.admin.api;

import io.porthouse.admin.secrets.Passwords;
import io.porthouse.admin.secrets.Passwords.Verdict;
import org.jspecify.annotations.Nullable;

/** Hashes and checks passwords for requests. Blocks: for {@link Lane#PASSWORDS} only. */
final class PasswordWork {

    private final Passwords passwords;

    PasswordWork(Passwords passwords) {
        this.passwords = passwords;
    }

    /** Hashes a password that somebody wants to have, which is the field {@code password}. */
    String hash(String password) {
        Passwords.objection(password).ifPresent(objection -> {
            throw JsonObject.invalid("password", objection);
        });
        return passwords.hash(password).orElseThrow(PasswordWork::busy);
    }

    /** Returns whether a password is right; takes as long where there is no hash. */
    boolean isRight(String password, @Nullable String hash) {
        Verdict verdict = passwords.verify(password, hash);
        if (verdict == Verdict.BUSY) {
            throw busy();
        }
        return verdict == Verdict.RIGHT;
    }

    private static RuntimeException busy() {
        return Refusals.busy("too many passwords are being checked").exception();
    }
}
