package io.porthouse.admin.store;

import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.AuditEntry;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** The table {@code audit}. */
final class AuditTrail {

    private static final int SHORT_LENGTH = 64;
    private static final int SUBJECT_LENGTH = 160;
    private static final int DETAIL_LENGTH = 1_000;

    private static final String NEWEST = " order by id desc limit :limit";

    private static final RowMapper<AuditEntry> ENTRY = (row, context) -> new AuditEntry(
            row.getLong("id"),
            Columns.time(row, "at"),
            new Actor(row.getString("actor"), row.getString("via"), row.getString("address")),
            row.getString("action"),
            row.getString("account"),
            row.getString("subject"),
            row.getString("detail"),
            row.getLong("change_number"));

    private AuditTrail() {}

    static void append(Draft draft) {
        append(draft.handle, draft.at, draft.by, draft.entry(), draft.number());
    }

    static void append(Handle handle, Instant at, Actor by, Draft.Entry entry, long change) {
        handle.createUpdate("""
                        insert into audit (at, actor, via, address, action, account, subject, detail, change_number)
                        values (:at, :actor, :via, :address, :action, :account, :subject, :detail, :change)
                        """)
                .bind("at", at)
                .bind("actor", fit(by.account(), SHORT_LENGTH))
                .bind("via", fit(by.via(), SHORT_LENGTH))
                .bind("address", fit(by.address(), SHORT_LENGTH))
                .bind("action", fit(entry.action(), SHORT_LENGTH))
                .bind("account", fit(entry.account(), SHORT_LENGTH))
                .bind("subject", fit(entry.subject(), SUBJECT_LENGTH))
                .bind("detail", fit(entry.detail(), DETAIL_LENGTH))
                .bind("change", change)
                .execute();
    }

    /** What strangers typed is recorded too: it is cut and freed of what a database or a terminal trips over. */
    private static String fit(String text, int maxLength) {
        StringBuilder fitting = new StringBuilder(Math.min(text.length(), maxLength));
        for (int i = 0; i < text.length() && fitting.length() < maxLength; ) {
            int character = text.codePointAt(i);
            i += Character.charCount(character);
            boolean odd = Character.isISOControl(character) || Character.getType(character) == Character.SURROGATE;
            if (fitting.length() + Character.charCount(character) <= maxLength) {
                fitting.appendCodePoint(odd ? '?' : character);
            }
        }
        return fitting.toString();
    }

    static Page<AuditEntry> list(Handle handle, @Nullable String account, Page.Request request) {
        if (account == null) {
            return list(handle.createQuery("select * from audit where id < :before" + NEWEST), request);
        }
        Query query = handle.createQuery("select * from audit where id < :before and account = :account" + NEWEST);
        return list(query.bind("account", account), request);
    }

    /**
     * Lists from the line on that says that the present account was made: times could be the same for the account before. The
     * time counts as well, for accounts that were imported.
     */
    static Page<AuditEntry> listOwn(Handle handle, String account, Page.Request request) {
        Query query = handle.createQuery("""
                        select * from audit where id < :before and account = :account
                        and at >= (select created_at from accounts where name = :account)
                        and id >= coalesce((select max(id) from audit where account = :account and action = :made), 0)
                        """ + NEWEST);
        return list(query.bind("account", account).bind("made", AccountVerbs.MADE), request);
    }

    private static Page<AuditEntry> list(Query query, Page.Request request) {
        List<AuditEntry> read = query.bind("before", before(request))
                .bind("limit", request.fetch())
                .map(ENTRY)
                .list();
        return request.page(read, entry -> Long.toString(entry.id()));
    }

    /**
     * Deletes the oldest lines that were written before {@code before}.
     *
     * @return whether there may be more
     */
    static boolean forget(Handle handle, Instant before, long most) {
        return handle.createUpdate("delete from audit where at < :before"
                                + " and id <= (select min(id) + :most - 1 from audit)")
                        .bind("before", before)
                        .bind("most", most)
                        .execute()
                > 0;
    }

    private static long before(Page.Request request) {
        String after = request.after();
        if (after == null) {
            return Long.MAX_VALUE;
        }
        try {
            return Long.parseLong(after);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not a cursor", e);
        }
    }
}
