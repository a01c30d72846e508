package io.porthouse.cli.config;

import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Grant;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.TokenState;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code [[tokens]]}. Secrets go no further than here: what is kept is their SHA-256. */
final class TokensReader {

    static final String NAME_FORM = "1 to 64 of A-Z a-z 0-9 . _ -";

    private static final Pattern SECRET = Pattern.compile("[A-Za-z0-9._~-]{16,128}");
    private static final int DEFAULT_MAX_CONNECTIONS = 100;
    private static final int ID_HEX_DIGITS = 12;

    private TokensReader() {}

    static List<Configuration.ConfiguredToken> read(List<Table> tables) {
        List<Configuration.ConfiguredToken> tokens = new ArrayList<>();
        Set<String> hashes = new HashSet<>();
        Set<String> names = new HashSet<>();
        for (Table table : tables) {
            Configuration.ConfiguredToken token = token(table);
            if (token != null) {
                if (!hashes.add(token.secretHash())) {
                    table.problem("secret", "another token above has the same secret (each needs its own)");
                } else if (!names.add(token.state().id())) {
                    table.problem("name", "another token above has the same name (each needs its own)");
                }
                tokens.add(token);
            }
            table.end();
        }
        return tokens;
    }

    private static Configuration.@Nullable ConfiguredToken token(Table table) {
        String secret = table.text("secret", "");
        boolean validSecret = SECRET.matcher(secret).matches();
        if (!validSecret) {
            table.problem("secret", "is missing or not a secret (16 to 128 of A-Z a-z 0-9 . _ ~ -)");
        }
        String hash = MemoryTokenSource.secretHash(secret);
        String name = table.text("name", hash.substring(0, ID_HEX_DIGITS));
        if (!RoomName.isPart(name)) {
            table.problem("name", "is not a name (" + NAME_FORM + ")");
        }
        String account = table.text("account", "");
        boolean validAccount = RoomName.isPart(account);
        if (!validAccount) {
            table.problem("account", "is missing or not a name (" + NAME_FORM + ")");
        }
        int maxConnections = table.integer("maxConnections", DEFAULT_MAX_CONNECTIONS, 0, Integer.MAX_VALUE);
        Instant expiresAt = expiresAt(table);
        List<Grant> grants = new ArrayList<>();
        for (Table grant : table.tables("grants")) {
            grant(grant, validAccount ? account : "any").ifPresent(grants::add);
            grant.end();
        }
        return validSecret && validAccount
                ? new Configuration.ConfiguredToken(
                        hash, new TokenState(name, account, grants, maxConnections, expiresAt, false))
                : null;
    }

    private static Optional<Grant> grant(Table table, String ownAccount) {
        String room = table.text("room", "");
        boolean isPrefix = room.endsWith("*");
        String stem = isPrefix ? room.substring(0, room.length() - 1) : room;
        int slash = stem.indexOf('/');
        String account = slash < 0 ? ownAccount : stem.substring(0, slash);
        String name = stem.substring(slash + 1);
        List<Right> may = table.list("may", TokensReader::right, "[\"read\"], [\"write\"] or [\"read\", \"write\"]");
        boolean autoJoin = table.flag("autoJoin", !isPrefix);
        boolean valid = true;
        boolean wholeAccount = isPrefix && name.isEmpty();
        if (!RoomName.isPart(account) || !(wholeAccount || RoomName.isPart(name))) {
            table.problem(
                    "room", "is missing or not a room (name or account/name, each " + NAME_FORM + "; a * at the end)");
            valid = false;
        }
        if (may.isEmpty()) {
            table.problem("may", "says nothing ([\"read\"], [\"write\"] or [\"read\", \"write\"])");
            valid = false;
        }
        if (isPrefix && autoJoin) {
            table.problem("autoJoin", "a room with * cannot be joined by itself (leave it out, or false)");
            valid = false;
        }
        return valid
                ? Optional.of(new Grant(account, name, isPrefix, EnumSet.copyOf(may), autoJoin))
                : Optional.empty();
    }

    private static Optional<Right> right(String text) {
        for (Right right : Right.values()) {
            if (right.name().toLowerCase(Locale.ROOT).equals(text)) {
                return Optional.of(right);
            }
        }
        return Optional.empty();
    }

    private static @Nullable Instant expiresAt(Table table) {
        Optional<String> text = table.text("expiresAt");
        if (text.isEmpty()) {
            return null;
        }
        try {
            // TOML allows a space where ISO 8601 has a T.
            return OffsetDateTime.parse(text.get().replace(' ', 'T')).toInstant();
        } catch (DateTimeException e) {
            table.problem("expiresAt", "is not a time with its offset (such as 2027-01-31T12:00:00Z)");
            return null;
        }
    }
}
