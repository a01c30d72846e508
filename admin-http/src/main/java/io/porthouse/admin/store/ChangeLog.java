package io.porthouse.admin.store;

import io.porthouse.admin.model.Change;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.model.Subject.Kind;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/** The tables {@code change_counter}, {@code change_log} and {@code change_subjects}. */
final class ChangeLog {

    private ChangeLog() {}

    static void append(Draft draft, String mark) {
        Change change = draft.change();
        draft.handle
                .createUpdate("insert into change_log (number, mark, at) values (:number, :mark, :at)")
                .bind("number", change.number())
                .bind("mark", mark)
                .bind("at", change.at())
                .execute();
        if (change.touched().isEmpty()) {
            return;
        }
        PreparedBatch batch = draft.handle.prepareBatch("insert into change_subjects (number, position, kind, name)"
                + " values (:number, :position, :kind, :name)");
        for (int i = 0; i < change.touched().size(); i++) {
            Subject subject = change.touched().get(i);
            batch.bind("number", change.number())
                    .bind("position", i)
                    .bind("kind", subject.kind().name())
                    .bind("name", subject.name())
                    .add();
        }
        batch.execute();
    }

    static boolean has(Handle handle, long number, String mark) {
        return handle.createQuery("select number from change_log where number = :number and mark = :mark")
                .bind("number", number)
                .bind("mark", mark)
                .mapTo(Long.class)
                .findOne()
                .isPresent();
    }

    static long last(Handle handle) {
        return handle.createQuery("select number from change_counter")
                .mapTo(Long.class)
                .one();
    }

    /** Reads in one statement, which is one snapshot. */
    static ChangesRead after(Handle handle, long number, int most) {
        return handle.createQuery("""
                        select c.number as last, c.forgotten, l.number, l.at, s.kind, s.name
                        from change_counter c
                        left join (
                            select number, at from change_log where number > :after order by number limit :most
                        ) l on l.number <= c.number
                        left join change_subjects s on s.number = l.number
                        order by l.number, s.position
                        """)
                .bind("after", number)
                .bind("most", most)
                .scanResultSet((rows, context) -> read(rows.get(), number));
    }

    private static ChangesRead read(ResultSet rows, long after) throws SQLException {
        List<Change> changes = new ArrayList<>();
        long last = 0;
        long forgotten = 0;
        long number = 0;
        @Nullable Instant at = null;
        List<Subject> touched = new ArrayList<>();
        while (rows.next()) {
            last = rows.getLong("last");
            forgotten = rows.getLong("forgotten");
            long next = rows.getLong("number");
            if (at != null && next != number) {
                changes.add(new Change(number, at, touched));
                touched = new ArrayList<>();
            }
            number = next;
            at = Columns.timeOrNull(rows, "at");
            String kind = rows.getString("kind");
            if (kind != null) {
                touched.add(new Subject(Kind.valueOf(kind), rows.getString("name")));
            }
        }
        if (at != null) {
            changes.add(new Change(number, at, touched));
        }
        return new ChangesRead(changes, last, after < forgotten);
    }

    /**
     * Deletes the oldest changes that were made before {@code before}. The last one stays whatever its age.
     *
     * @return whether there are more
     */
    static boolean forget(Handle handle, Instant before, long most) {
        Long upTo = handle.createQuery("""
                        select max(number) from (
                            select number, at from change_log where number < (select max(number) from change_log)
                            order by number limit :most
                        ) oldest where at < :before
                        """)
                .bind("most", most)
                .bind("before", before)
                .mapTo(Long.class)
                .findOne()
                .orElse(null);
        if (upTo == null) {
            return false;
        }
        forgetUpTo(handle, upTo);
        return true;
    }

    private static void forgetUpTo(Handle handle, long number) {
        handle.createUpdate("update change_counter set forgotten = :number")
                .bind("number", number)
                .execute();
        handle.createUpdate("delete from change_log where number <= :number")
                .bind("number", number)
                .execute();
    }

    /** Goes on with {@code number}, and has every reader that knows less read everything again. */
    static void jumpTo(Handle handle, long number) {
        forgetUpTo(handle, number);
        handle.createUpdate("update change_counter set number = :number")
                .bind("number", number)
                .execute();
    }
}
