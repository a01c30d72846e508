package io.porthouse.admin.store;

import io.porthouse.admin.model.Room;
import io.porthouse.admin.model.Transience;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Lifetime;
import io.porthouse.router.Overflow;
import io.porthouse.router.RoomRules;
import io.porthouse.router.TokenSource.Reading;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.Update;

/** The table {@code rooms}. */
final class RoomTable {

    private static final RowMapper<Room> ROOM = (row, context) -> new Room(
            new RoomName(row.getString("account"), row.getString("name")),
            rules(row, row.getBoolean("is_public")),
            Transience.valueOf(row.getString("transience")),
            Columns.time(row, "created_at"),
            row.getLong("version"));

    private RoomTable() {}

    private static RoomRules rules(ResultSet row, boolean isPublic) throws SQLException {
        return new RoomRules(
                row.getInt("max_message_bytes"),
                row.getLong("max_envelope_bytes"),
                row.getInt("max_members"),
                row.getInt("messages_per_second"),
                row.getBoolean("text_only"),
                isPublic,
                Overflow.valueOf(row.getString("overflow")),
                Overflow.valueOf(row.getString("envelope_overflow")));
    }

    static Optional<Room> find(Handle handle, RoomName name) {
        return handle.createQuery("select * from rooms where account = :account and name = :name")
                .bind("account", name.account())
                .bind("name", name.name())
                .map(ROOM)
                .findOne();
    }

    /** Reads in one statement, which is one snapshot. Of an account that is suspended nothing is public. */
    static Reading<RoomRules> read(Handle handle, RoomName name) {
        return Database.only(handle.createQuery("""
                        select c.number as change_number, a.suspended, r.*
                        from change_counter c
                        left join rooms r on r.account = :account and r.name = :name
                        left join accounts a on a.name = r.account
                        """)
                .bind("account", name.account())
                .bind("name", name.name())
                .map((row, context) -> new Reading<RoomRules>(
                        row.getLong("change_number"), row.getString("account") == null ? null : liveRules(row)))
                .list());
    }

    private static RoomRules liveRules(ResultSet row) throws SQLException {
        boolean isPublic = row.getBoolean("is_public") && !row.getBoolean("suspended");
        return rules(row, isPublic).withLifetime(lifetime(row));
    }

    private static Lifetime lifetime(ResultSet row) throws SQLException {
        return switch (Transience.valueOf(row.getString("transience"))) {
            case NONE -> Lifetime.LASTING;
            case PEER -> Lifetime.PEER;
            case PEERLESS -> Lifetime.PEERLESS;
        };
    }

    static int count(Handle handle, String account) {
        return handle.createQuery("select count(*) from rooms where account = :account")
                .bind("account", account)
                .mapTo(Integer.class)
                .one();
    }

    static List<RoomName> names(Handle handle, String account) {
        return handle.createQuery("select name from rooms where account = :account order by name")
                .bind("account", account)
                .map((row, context) -> new RoomName(account, row.getString("name")))
                .list();
    }

    static Page<Room> list(Handle handle, RoomFilter filter, Page.Request request) {
        String which = filter.account() == null
                ? ""
                : filter.withPublic()
                        ? " and (account = :owner or is_public"
                                + " and account in (select a.name from accounts a where not a.suspended))"
                        : " and account = :owner";
        Query query = handle.createQuery("select * from rooms where (account, name) > (:account, :name)" + which
                + " order by account, name limit :limit");
        if (filter.account() != null) {
            query.bind("owner", filter.account());
        }
        // Without a slash, it stands before all rooms of an account of that name.
        String after = request.after() == null ? "" : request.after();
        int slash = after.indexOf('/');
        List<Room> read = query.bind("account", slash < 0 ? after : after.substring(0, slash))
                .bind("name", slash < 0 ? "" : after.substring(slash + 1))
                .bind("limit", request.fetch())
                .map(ROOM)
                .list();
        return request.page(read, room -> room.name().toString());
    }

    static void insert(Handle handle, Room room) {
        bindRules(handle.createUpdate("""
                                insert into rooms (account, name, max_message_bytes, max_envelope_bytes, max_members,
                                    messages_per_second, text_only, is_public, overflow, envelope_overflow, transience,
                                    created_at, version)
                                values (:account, :name, :maxMessageBytes, :maxEnvelopeBytes, :maxMembers,
                                    :messagesPerSecond, :text, :isPublic, :overflow, :envelopeOverflow, :transience,
                                    :createdAt, :version)
                                """), room)
                .bind("transience", room.transience().name())
                .bind("createdAt", room.createdAt())
                .execute();
    }

    static void update(Handle handle, Room room) {
        bindRules(handle.createUpdate("""
                                update rooms set max_message_bytes = :maxMessageBytes, max_envelope_bytes = :maxEnvelopeBytes,
                                    max_members = :maxMembers, messages_per_second = :messagesPerSecond, text_only = :text,
                                    is_public = :isPublic, overflow = :overflow, envelope_overflow = :envelopeOverflow,
                                    version = :version
                                where account = :account and name = :name
                                """), room).execute();
    }

    private static Update bindRules(Update update, Room room) {
        RoomRules rules = room.rules();
        return update.bind("account", room.name().account())
                .bind("name", room.name().name())
                .bind("maxMessageBytes", rules.maxMessageBytes())
                .bind("maxEnvelopeBytes", rules.maxEnvelopeBytes())
                .bind("maxMembers", rules.maxMembers())
                .bind("messagesPerSecond", rules.messagesPerSecond())
                .bind("text", rules.text())
                .bind("isPublic", rules.isPublic())
                .bind("overflow", rules.overflow().name())
                .bind("envelopeOverflow", rules.envelopeOverflow().name())
                .bind("version", room.version());
    }

    static void delete(Handle handle, RoomName name) {
        handle.createUpdate("delete from rooms where account = :account and name = :name")
                .bind("account", name.account())
                .bind("name", name.name())
                .execute();
    }
}
