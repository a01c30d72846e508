package io.porthouse.admin.store;

import io.porthouse.admin.store.StoreUnavailableException.Reason;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What an error of the database means to who called. */
final class Failures {

    /** Lock and statement timeouts, deadlocks and conflicts of both databases: another try may well succeed. */
    private static final Set<String> BUSY = Set.of("HYT00", "57014", "55P03", "40001", "40P01");

    /** Classes of what a program does wrong, and no state of the database is to blame for: data, constraints, syntax. */
    private static final Set<String> DEFECTS = Set.of("21", "22", "23", "42");

    private Failures() {}

    /** Returns what to throw instead. */
    static RuntimeException translate(RuntimeException e) {
        if (e instanceof StoreUnavailableException) {
            return e;
        }
        SQLException sql = sqlException(e);
        if (sql == null || isDefect(sql)) {
            return e;
        }
        Reason reason = isBusy(sql) ? Reason.BUSY : Reason.UNREACHABLE;
        return new StoreUnavailableException(reason, "the store does not answer: " + line(sql), e);
    }

    /** Returns whether the connection, or the whole database, is to be given up. */
    static boolean isLost(RuntimeException translated) {
        return translated instanceof StoreUnavailableException e && e.reason() != Reason.BUSY;
    }

    /** Returns whether rows were refused by a constraint or a column's type. */
    static boolean isBadData(RuntimeException e) {
        SQLException sql = sqlException(e);
        String state = sql == null ? null : sql.getSQLState();
        return state != null && (state.startsWith("22") || state.startsWith("23"));
    }

    private static @Nullable SQLException sqlException(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql) {
                return sql;
            }
        }
        return null;
    }

    /** Returns what the database said, if it did. */
    static Throwable root(Throwable e) {
        SQLException sql = sqlException(e);
        return sql == null ? e : sql;
    }

    /** Returns the message as one line. */
    static String line(Throwable e) {
        return String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", "; ");
    }

    private static boolean isBusy(SQLException e) {
        // The pool's own timeout has the last failure to connect as its cause, if there was one.
        String state = e.getSQLState();
        return e instanceof SQLTransientConnectionException
                ? e.getCause() == null
                : state != null && BUSY.contains(state);
    }

    private static boolean isDefect(SQLException e) {
        String state = e.getSQLState();
        return state != null && state.length() == 5 && DEFECTS.contains(state.substring(0, 2));
    }
}
