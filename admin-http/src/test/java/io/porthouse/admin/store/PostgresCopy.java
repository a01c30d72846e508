package io.porthouse.admin.store;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** A copy of all that a PostgreSQL database holds, which can be put back under a running router like a backup. */
public final class PostgresCopy {

    private final StoreSettings settings;
    private final List<String> tables;

    private PostgresCopy(StoreSettings settings, List<String> tables) {
        this.settings = settings;
        this.tables = tables;
    }

    /** Copies everything; once for each database. */
    public static PostgresCopy of(StoreSettings settings) throws SQLException {
        try (Connection connection = connect(settings);
                Statement statement = connection.createStatement()) {
            List<String> tables = tables(statement);
            statement.execute("create schema copy");
            for (String table : tables) {
                statement.execute("create table copy." + table + " as table public." + table);
            }
            return new PostgresCopy(settings, tables);
        }
    }

    /** Makes the database what it was when it was copied, in one transaction. */
    public void putBack() throws SQLException {
        try (Connection connection = connect(settings);
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            // The copy is whole, so that the order of tables does not matter.
            statement.execute("set local session_replication_role = replica");
            for (String table : tables) {
                statement.execute("delete from public." + table);
                statement.execute("insert into public." + table + " table copy." + table);
            }
            connection.commit();
        }
    }

    private static List<String> tables(Statement statement) throws SQLException {
        List<String> tables = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(
                "select table_name from information_schema.tables where table_schema = 'public' order by 1")) {
            while (rows.next()) {
                tables.add(rows.getString(1));
            }
        }
        return tables;
    }

    private static Connection connect(StoreSettings settings) throws SQLException {
        return DriverManager.getConnection(settings.url(), settings.user(), settings.password());
    }
}
