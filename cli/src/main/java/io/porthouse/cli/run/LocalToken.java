package io.porthouse.cli.run;

import io.porthouse.admin.files.PrivateFiles;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Grant;
import io.porthouse.router.TokenState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * The token of a router that nobody configured: made at the first start, kept in the data directory, good for one room.
 *
 * @param secret 160 random bits behind {@code ph_}
 * @param file where it is kept, readable by its owner only
 */
record LocalToken(String secret, Path file) {

    static final RoomName ROOM = new RoomName("local", "lobby");

    private static final String FILE = "token";
    private static final int MAX_CONNECTIONS = 100;
    private static final Pattern SECRET = Pattern.compile("[A-Za-z0-9._~-]{16,128}");

    /** Returns the token of a data directory, making it at the first time. */
    static LocalToken of(DataDirectory data, RandomGenerator random) throws StartException {
        Path file = data.file(FILE);
        try {
            if (Files.notExists(file)) {
                PrivateFiles.writeNew(file, new Secrets(random).newToken() + "\n");
            }
            String secret = Files.readString(file).strip();
            if (!SECRET.matcher(secret).matches()) {
                throw new StartException(file + " does not hold a token; delete it, and a new one is made", null);
            }
            return new LocalToken(secret, file);
        } catch (IOException e) {
            throw new StartException("the token " + file + " cannot be read or written (" + e.getMessage() + ")", e);
        }
    }

    /** What the token may do: read and write its one room, which it joins by itself. */
    TokenState state() {
        Grant lobby = new Grant(ROOM.account(), ROOM.name(), false, Set.of(Right.READ, Right.WRITE), true);
        return new TokenState("local", ROOM.account(), List.of(lobby), MAX_CONNECTIONS, null, false);
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "LocalToken[" + file + "]";
    }
}
