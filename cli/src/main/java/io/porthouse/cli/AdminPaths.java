package io.porthouse.cli;

import io.porthouse.cli.admin.AdminClient;
import io.porthouse.cli.admin.AdminException;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Paths of the API, made of what people write. */
final class AdminPaths {

    private AdminPaths() {}

    /** The room that {@code account/name} means, or {@code name} in the key's own account. */
    static String room(AdminClient client, String room) throws AdminException, InterruptedException {
        int slash = room.indexOf('/');
        String account = slash < 0 ? own(client) : room.substring(0, slash);
        return "/rooms/" + AdminClient.element(account) + "/" + AdminClient.element(room.substring(slash + 1));
    }

    static String account(String name) {
        return "/accounts/" + AdminClient.element(name);
    }

    static String token(String id) {
        return "/tokens/" + AdminClient.element(id);
    }

    static String session(String id) {
        return "/sessions/" + AdminClient.element(id);
    }

    /** The account whose key is used. */
    static String own(AdminClient client) throws AdminException, InterruptedException {
        return client.get("/session").path("account").asText();
    }

    /**
     * A path with conditions behind it.
     *
     * @param namesAndValues in turn; a value may be null: not asked for
     */
    static String query(String path, @Nullable String... namesAndValues) {
        StringJoiner query = new StringJoiner("&", path + "?", "").setEmptyValue(path);
        for (int i = 0; i < namesAndValues.length; i += 2) {
            String value = namesAndValues[i + 1];
            if (value != null) {
                query.add(namesAndValues[i] + "=" + AdminClient.element(value));
            }
        }
        return query.toString();
    }
}
