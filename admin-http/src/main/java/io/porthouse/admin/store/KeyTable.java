package io.porthouse.admin.store;

import io.porthouse.admin.model.ApiKey;
import io.porthouse.admin.model.KeyOwner;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;

/** The table {@code api_keys}. */
final class KeyTable {

    private static final RowMapper<ApiKey> KEY = (row, context) -> new ApiKey(
            row.getString("id"), row.getString("account"), row.getString("name"), Columns.time(row, "created_at"));

    private KeyTable() {}

    static boolean hasHash(Handle handle, String keyHash) {
        return handle.createQuery("select count(*) from api_keys where key_hash = :hash")
                        .bind("hash", keyHash)
                        .mapTo(Integer.class)
                        .one()
                > 0;
    }

    static int count(Handle handle, String account) {
        return handle.createQuery("select count(*) from api_keys where account = :account")
                .bind("account", account)
                .mapTo(Integer.class)
                .one();
    }

    static Optional<KeyOwner> owner(Handle handle, String keyHash) {
        return handle.createQuery("""
                        select a.*, k.id as key_id, k.name as key_name, k.created_at as key_created_at,
                            c.number as change_number
                        from api_keys k join accounts a on a.name = k.account cross join change_counter c
                        where k.key_hash = :hash
                        """)
                .bind("hash", keyHash)
                .map((row, context) -> new KeyOwner(
                        new ApiKey(
                                row.getString("key_id"),
                                row.getString("name"),
                                row.getString("key_name"),
                                Columns.time(row, "key_created_at")),
                        AccountTable.ACCOUNT.map(row, context),
                        row.getLong("change_number")))
                .findOne();
    }

    static Optional<ApiKey> find(Handle handle, String account, String id) {
        return handle.createQuery("select * from api_keys where id = :id and account = :account")
                .bind("id", id)
                .bind("account", account)
                .map(KEY)
                .findOne();
    }

    static Page<ApiKey> list(Handle handle, String account, Page.Request request) {
        String after = request.after();
        List<ApiKey> read = handle.createQuery(
                        "select * from api_keys where account = :account and id > :after order by id limit :limit")
                .bind("account", account)
                .bind("after", after == null ? "" : after)
                .bind("limit", request.fetch())
                .map(KEY)
                .list();
        return request.page(read, ApiKey::id);
    }

    static void insert(Handle handle, ApiKey key, String keyHash) {
        handle.createUpdate("insert into api_keys (id, account, name, key_hash, created_at)"
                        + " values (:id, :account, :name, :hash, :createdAt)")
                .bind("id", key.id())
                .bind("account", key.account())
                .bind("name", key.name())
                .bind("hash", keyHash)
                .bind("createdAt", key.createdAt())
                .execute();
    }

    static void delete(Handle handle, String id) {
        handle.createUpdate("delete from api_keys where id = :id")
                .bind("id", id)
                .execute();
    }
}
