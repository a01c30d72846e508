package io.porthouse.admin.store;

import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.Credentials;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Role;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.Update;

/** The tables {@code accounts} and {@code passwords}. */
final class AccountTable {

    static final RowMapper<Account> ACCOUNT = (row, context) -> account(row);

    private AccountTable() {}

    private static Account account(ResultSet row) throws SQLException {
        return new Account(
                row.getString("name"),
                new AccountSettings(
                        Role.valueOf(row.getString("role")),
                        row.getBoolean("suspended"),
                        new Limits(row.getInt("max_rooms"), row.getInt("max_tokens"), row.getInt("max_connections"))),
                Columns.time(row, "created_at"),
                row.getLong("version"));
    }

    static Optional<Account> find(Handle handle, String name) {
        return handle.createQuery("select * from accounts where name = :name")
                .bind("name", name)
                .map(ACCOUNT)
                .findOne();
    }

    static Optional<Credentials> credentials(Handle handle, String name) {
        return handle.createQuery("select a.*, p.hash from accounts a left join passwords p on p.account = a.name"
                        + " where a.name = :name")
                .bind("name", name)
                .map((row, context) -> new Credentials(account(row), row.getString("hash")))
                .findOne();
    }

    static Page<Account> list(Handle handle, Page.Request request) {
        String after = request.after();
        List<Account> read = handle.createQuery("select * from accounts where name > :after order by name limit :limit")
                .bind("after", after == null ? "" : after)
                .bind("limit", request.fetch())
                .map(ACCOUNT)
                .list();
        return request.page(read, Account::name);
    }

    static void insert(Handle handle, Account account) {
        bindSettings(handle.createUpdate("""
                                insert into accounts (name, role, suspended, max_rooms, max_tokens, max_connections,
                                    created_at, version)
                                values (:name, :role, :suspended, :rooms, :tokens, :connections, :createdAt, :version)
                                """), account)
                .bind("createdAt", account.createdAt())
                .execute();
    }

    static void update(Handle handle, Account account) {
        bindSettings(handle.createUpdate("""
                                update accounts set role = :role, suspended = :suspended, max_rooms = :rooms,
                                    max_tokens = :tokens, max_connections = :connections, version = :version
                                where name = :name
                                """), account).execute();
    }

    private static Update bindSettings(Update update, Account account) {
        AccountSettings settings = account.settings();
        return update.bind("name", account.name())
                .bind("role", settings.role().name())
                .bind("suspended", settings.suspended())
                .bind("rooms", settings.limits().rooms())
                .bind("tokens", settings.limits().tokens())
                .bind("connections", settings.limits().connections())
                .bind("version", account.version());
    }

    static void delete(Handle handle, String name) {
        handle.createUpdate("delete from accounts where name = :name")
                .bind("name", name)
                .execute();
    }

    static void setPassword(Handle handle, String account, String hash) {
        handle.createUpdate("delete from passwords where account = :account")
                .bind("account", account)
                .execute();
        handle.createUpdate("insert into passwords (account, hash) values (:account, :hash)")
                .bind("account", account)
                .bind("hash", hash)
                .execute();
    }

    /** Returns whether anybody but this account is an operator who may sign in. */
    static boolean hasOtherOperator(Handle handle, String name) {
        return handle.createQuery(
                                "select count(*) from accounts where name <> :name and role = :role and not suspended")
                        .bind("name", name)
                        .bind("role", Role.OPERATOR.name())
                        .mapTo(Integer.class)
                        .one()
                > 0;
    }
}
