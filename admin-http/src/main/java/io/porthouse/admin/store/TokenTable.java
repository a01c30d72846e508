package io.porthouse.admin.store;

import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.Token;
import io.porthouse.admin.model.TokenSettings;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Backpipe;
import io.porthouse.router.Grant;
import io.porthouse.router.TokenSource.Reading;
import io.porthouse.router.TokenState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/** The tables {@code tokens} and {@code grants}. */
final class TokenTable {

    private TokenTable() {}

    static Optional<Token> find(Handle handle, String id) {
        return handle.createQuery("""
                        select t.*, g.room_account, g.room_name, g.may_read, g.may_write, g.auto_join
                        from tokens t left join grants g on g.token = t.id
                        where t.id = :id order by g.position
                        """).bind("id", id).scanResultSet((rows, context) -> tokens(rows.get())).stream()
                .findFirst();
    }

    static Page<Token> list(Handle handle, @Nullable String account, Page.Request request) {
        Query query = handle.createQuery("select t.*, g.room_account, g.room_name, g.may_read, g.may_write, g.auto_join"
                + " from (select * from tokens where id > :after" + (account == null ? "" : " and account = :account")
                + " order by id limit :limit) t left join grants g on g.token = t.id order by t.id, g.position");
        if (account != null) {
            query.bind("account", account);
        }
        String after = request.after();
        List<Token> read = query.bind("after", after == null ? "" : after)
                .bind("limit", request.fetch())
                .scanResultSet((rows, context) -> tokens(rows.get()));
        return request.page(read, Token::id);
    }

    /** Makes tokens of rows that stand together for each of them, one for each grant. */
    private static List<Token> tokens(ResultSet rows) throws SQLException {
        List<Token> tokens = new ArrayList<>();
        @Nullable Token token = null;
        List<RoomGrant> grants = new ArrayList<>();
        while (rows.next()) {
            if (token == null || !token.id().equals(rows.getString("id"))) {
                if (token != null) {
                    tokens.add(withGrants(token, grants));
                }
                token = token(rows);
                grants = new ArrayList<>();
            }
            if (rows.getString("room_account") != null) {
                grants.add(grant(rows));
            }
        }
        if (token != null) {
            tokens.add(withGrants(token, grants));
        }
        return tokens;
    }

    private static Token token(ResultSet row) throws SQLException {
        TokenSettings settings = new TokenSettings(
                row.getString("name"),
                row.getInt("max_connections"),
                Columns.timeOrNull(row, "expires_at"),
                row.getBoolean("may_create_transient_rooms"));
        return new Token(
                row.getString("id"),
                row.getString("account"),
                settings,
                List.of(),
                Columns.time(row, "created_at"),
                row.getLong("version"));
    }

    static Token withGrants(Token token, List<RoomGrant> grants) {
        return new Token(token.id(), token.account(), token.settings(), grants, token.createdAt(), token.version());
    }

    private static RoomGrant grant(ResultSet row) throws SQLException {
        Set<Right> may = EnumSet.noneOf(Right.class);
        if (row.getBoolean("may_read")) {
            may.add(Right.READ);
        }
        if (row.getBoolean("may_write")) {
            may.add(Right.WRITE);
        }
        RoomName room = new RoomName(row.getString("room_account"), row.getString("room_name"));
        return new RoomGrant(room, may, row.getBoolean("auto_join"));
    }

    /** Reads in one statement, which is one snapshot: the token, its account, its grants and the number belong together. */
    static Reading<TokenState> read(Handle handle, String secretHash) {
        return handle.createQuery("""
                        select c.number as change_number, t.id, t.account, t.max_connections, t.expires_at,
                            t.may_create_transient_rooms, a.suspended, a.max_connections as account_connections,
                            a.max_rooms, case when t.may_create_transient_rooms
                                then (select count(*) from rooms r where r.account = t.account) else 0 end as rooms,
                            g.room_account, g.room_name, g.may_read, g.may_write, g.auto_join
                        from change_counter c
                        left join tokens t on t.secret_hash = :hash
                        left join accounts a on a.name = t.account
                        left join grants g on g.token = t.id
                        order by g.position
                        """).bind("hash", secretHash).scanResultSet((rows, context) -> state(rows.get()));
    }

    private static Reading<TokenState> state(ResultSet rows) throws SQLException {
        if (!rows.next()) {
            throw new IllegalStateException("the change counter has no row");
        }
        long change = rows.getLong("change_number");
        String id = rows.getString("id");
        if (id == null) {
            return new Reading<>(change, null);
        }
        String account = rows.getString("account");
        int maxConnections = rows.getInt("max_connections");
        int accountConnections = rows.getInt("account_connections");
        Instant expiresAt = Columns.timeOrNull(rows, "expires_at");
        boolean suspended = rows.getBoolean("suspended");
        int transientRooms = rows.getBoolean("may_create_transient_rooms")
                ? Math.max(0, rows.getInt("max_rooms") - rows.getInt("rooms"))
                : TokenState.NO_TRANSIENT_ROOMS;
        List<Grant> grants = new ArrayList<>();
        do {
            if (rows.getString("room_account") != null) {
                grants.add(grant(rows).toGrant());
            }
        } while (rows.next());
        return new Reading<>(
                change,
                new TokenState(
                        id,
                        account,
                        grants,
                        maxConnections,
                        accountConnections,
                        expiresAt,
                        suspended,
                        transientRooms,
                        Backpipe.NONE));
    }

    static boolean hasHash(Handle handle, String secretHash) {
        return handle.createQuery("select count(*) from tokens where secret_hash = :hash")
                        .bind("hash", secretHash)
                        .mapTo(Integer.class)
                        .one()
                > 0;
    }

    static int count(Handle handle, String account) {
        return handle.createQuery("select count(*) from tokens where account = :account")
                .bind("account", account)
                .mapTo(Integer.class)
                .one();
    }

    static List<String> idsWithGrantOn(Handle handle, RoomName room) {
        return handle.createQuery("select token from grants where room_account = :account and room_name = :name"
                        + " order by token")
                .bind("account", room.account())
                .bind("name", room.name())
                .mapTo(String.class)
                .list();
    }

    /** Returns the account's tokens whose limit of transient rooms depends on how many rooms the account has. */
    static List<String> idsWithTransientRooms(Handle handle, String account) {
        return handle.createQuery(
                        "select id from tokens where account = :account and may_create_transient_rooms order by id")
                .bind("account", account)
                .mapTo(String.class)
                .list();
    }

    static void insert(Handle handle, Token token, String secretHash) {
        bindSettings(handle.createUpdate("""
                                insert into tokens (id, account, name, secret_hash, max_connections, expires_at,
                                    may_create_transient_rooms, created_at, version)
                                values (:id, :account, :name, :hash, :maxConnections, :expiresAt,
                                    :mayCreateTransientRooms, :createdAt, :version)
                                """), token)
                .bind("account", token.account())
                .bind("hash", secretHash)
                .bind("createdAt", token.createdAt())
                .execute();
        for (int i = 0; i < token.grants().size(); i++) {
            insertGrant(handle, token.id(), token.grants().get(i), i);
        }
    }

    static void update(Handle handle, Token token) {
        bindSettings(handle.createUpdate("""
                                update tokens set name = :name, max_connections = :maxConnections, expires_at = :expiresAt,
                                    may_create_transient_rooms = :mayCreateTransientRooms, version = :version
                                where id = :id
                                """), token).execute();
    }

    private static Update bindSettings(Update update, Token token) {
        TokenSettings settings = token.settings();
        return update.bind("id", token.id())
                .bind("name", settings.name())
                .bind("maxConnections", settings.maxConnections())
                .bindByType("expiresAt", settings.expiresAt(), Instant.class)
                .bind("mayCreateTransientRooms", settings.mayCreateTransientRooms())
                .bind("version", token.version());
    }

    /** Adds a grant behind all others of the token. */
    static void addGrant(Handle handle, String token, RoomGrant grant) {
        int position = handle.createQuery("select coalesce(max(position), -1) + 1 from grants where token = :token")
                .bind("token", token)
                .mapTo(Integer.class)
                .one();
        insertGrant(handle, token, grant, position);
    }

    private static void insertGrant(Handle handle, String token, RoomGrant grant, int position) {
        bindGrant(handle.createUpdate("""
                                insert into grants (token, room_account, room_name, position, may_read, may_write, auto_join)
                                values (:token, :account, :name, :position, :mayRead, :mayWrite, :autoJoin)
                                """), token, grant)
                .bind("position", position)
                .execute();
    }

    /** Changes a grant and leaves it where it is. */
    static void updateGrant(Handle handle, String token, RoomGrant grant) {
        bindGrant(handle.createUpdate("""
                                update grants set may_read = :mayRead, may_write = :mayWrite, auto_join = :autoJoin
                                where token = :token and room_account = :account and room_name = :name
                                """), token, grant).execute();
    }

    private static Update bindGrant(Update update, String token, RoomGrant grant) {
        return update.bind("token", token)
                .bind("account", grant.room().account())
                .bind("name", grant.room().name())
                .bind("mayRead", grant.may().contains(Right.READ))
                .bind("mayWrite", grant.may().contains(Right.WRITE))
                .bind("autoJoin", grant.autoJoin());
    }

    static void deleteGrant(Handle handle, String token, RoomName room) {
        handle.createUpdate("delete from grants where token = :token and room_account = :account and room_name = :name")
                .bind("token", token)
                .bind("account", room.account())
                .bind("name", room.name())
                .execute();
    }

    static void setVersion(Handle handle, String id, long version) {
        handle.createUpdate("update tokens set version = :version where id = :id")
                .bind("version", version)
                .bind("id", id)
                .execute();
    }

    static void setSecret(Handle handle, String id, String secretHash) {
        handle.createUpdate("update tokens set secret_hash = :hash where id = :id")
                .bind("hash", secretHash)
                .bind("id", id)
                .execute();
    }

    static void delete(Handle handle, String id) {
        handle.createUpdate("delete from tokens where id = :id").bind("id", id).execute();
    }
}
