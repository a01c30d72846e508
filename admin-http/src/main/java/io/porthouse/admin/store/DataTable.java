package io.porthouse.admin.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/**
 * A table as an export knows it: rows are JSON objects with a field for each column.
 *
 * @param keys the columns of the primary key, which rows are read in the order of
 * @param columns what is exported
 */
record DataTable(String name, List<Column> keys, List<Column> columns) {

    /** All tables with state of their own, so that what refers comes after what it refers to. */
    static final List<DataTable> ALL = List.of(
            table(
                    "accounts",
                    1,
                    "name text, role text, suspended flag, max_rooms number, max_tokens number, max_connections number,"
                            + " created_at time, version number"),
            table("passwords", 1, "account text, hash text"),
            table("api_keys", 1, "id text, account text, name text, key_hash text, created_at time"),
            table(
                    "invitations",
                    1,
                    "id text, code_hash text, invited_by text, role text, created_at time, expires_at time, used_by text?"),
            table(
                    "rooms",
                    2,
                    "account text, name text, max_message_bytes number, max_envelope_bytes number, max_members number,"
                            + " messages_per_second number, text_only flag, is_public flag, overflow text,"
                            + " envelope_overflow text, transience text, created_at time, version number"),
            table(
                    "tokens",
                    1,
                    "id text, account text, name text, secret_hash text, max_connections number, expires_at time?,"
                            + " may_create_transient_rooms flag, created_at time, version number"),
            table(
                    "grants",
                    3,
                    "token text, room_account text, room_name text, position number, may_read flag, may_write flag,"
                            + " auto_join flag"),
            // Lines of the trail get new numbers where they are imported, in the same order.
            new DataTable(
                    "audit",
                    List.of(new Column("id", Type.NUMBER, false)),
                    columns("at time, actor text, via text, address text, action text, account text, subject text,"
                            + " detail text, change_number number")));

    /** @param isNullable whether the field may be missing */
    record Column(String name, Type type, boolean isNullable) {

        private Object value(JsonNode json) {
            boolean fits = switch (type) {
                case TEXT, TIME -> json.isTextual();
                case NUMBER -> json.isIntegralNumber() && json.canConvertToLong();
                case FLAG -> json.isBoolean();
            };
            if (!fits) {
                throw new IllegalArgumentException(
                        name + " is missing or is no " + type.name().toLowerCase(Locale.ROOT));
            }
            return switch (type) {
                case TEXT -> json.textValue();
                case NUMBER -> json.longValue();
                case FLAG -> json.booleanValue();
                case TIME -> time(json.textValue());
            };
        }

        private Instant time(String text) {
            try {
                return Instant.parse(text);
            } catch (DateTimeException e) {
                throw new IllegalArgumentException(name + " is no time", e);
            }
        }
    }

    enum Type {
        TEXT(String.class),
        NUMBER(Long.class),
        FLAG(Boolean.class),
        /** ISO 8601 in JSON. */
        TIME(Instant.class);

        /** What is bound, null or not: a batch looks at the first row to know what all rows bind. */
        private final Class<?> bound;

        Type(Class<?> bound) {
            this.bound = bound;
        }
    }

    private static DataTable table(String name, int keys, String columns) {
        List<Column> all = columns(columns);
        return new DataTable(name, all.subList(0, keys), all);
    }

    private static List<Column> columns(String description) {
        return List.of(description.split(", *", -1)).stream()
                .map(column -> column.split(" ", -1))
                .map(parts -> new Column(
                        parts[0],
                        Type.valueOf(parts[1].replace("?", "").toUpperCase(Locale.ROOT)),
                        parts[1].endsWith("?")))
                .toList();
    }

    /** A row, and the key to read on after it. */
    record Row(ObjectNode data, List<Object> key) {}

    /**
     * Reads the next rows.
     *
     * @param after the key of the last row that was read; null: from the first
     */
    List<Row> read(Handle handle, @Nullable List<Object> after, int most) {
        StringJoiner places = new StringJoiner(", ", "(", ")");
        for (int i = 0; i < keys.size(); i++) {
            places.add(":key" + i);
        }
        String order = names(keys);
        String sql = "select * from " + name + (after == null ? "" : " where (" + order + ") > " + places)
                + " order by " + order + " limit :most";
        Query query = handle.createQuery(sql).bind("most", most);
        for (int i = 0; after != null && i < after.size(); i++) {
            query.bind("key" + i, after.get(i));
        }
        return query.map((row, context) -> row(row)).list();
    }

    private Row row(ResultSet row) throws SQLException {
        ObjectNode data = JsonNodeFactory.instance.objectNode();
        for (Column column : columns) {
            switch (column.type) {
                case TEXT -> data.put(column.name, row.getString(column.name));
                case NUMBER -> data.put(column.name, row.getLong(column.name));
                case FLAG -> data.put(column.name, row.getBoolean(column.name));
                case TIME -> {
                    Instant time = Columns.timeOrNull(row, column.name);
                    data.put(column.name, time == null ? null : time.toString());
                }
            }
        }
        List<Object> key = new ArrayList<>(keys.size());
        for (Column column : keys) {
            key.add(row.getObject(column.name));
        }
        return new Row(data, key);
    }

    PreparedBatch insertion(Handle handle) {
        StringJoiner values = new StringJoiner(", :", ":", "");
        columns.forEach(column -> values.add(column.name));
        return handle.prepareBatch("insert into " + name + " (" + names(columns) + ") values (" + values + ")");
    }

    /**
     * Adds a row to an insertion.
     *
     * @throws IllegalArgumentException if a field is missing or is of the wrong kind, naming it
     */
    void add(PreparedBatch insertion, JsonNode data) {
        for (Column column : columns) {
            JsonNode value = data.path(column.name);
            boolean isNull = column.isNullable && (value.isMissingNode() || value.isNull());
            insertion.bindByType(column.name, isNull ? null : column.value(value), column.type.bound);
        }
        insertion.add();
    }

    private static String names(List<Column> columns) {
        StringJoiner names = new StringJoiner(", ");
        columns.forEach(column -> names.add(column.name));
        return names.toString();
    }
}
