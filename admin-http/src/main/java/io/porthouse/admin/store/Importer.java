package io.porthouse.admin.store;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.Subject.Kind;
import io.porthouse.admin.store.Outcome.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/** Reads what {@link Exporter} wrote, in one transaction. */
final class Importer {

    private static final int ROWS_AT_ONCE = 500;

    private final Changes changes;

    Importer(Changes changes) {
        this.changes = changes;
    }

    Outcome<Long> read(Actor by, InputStream in) throws IOException {
        return changes.makeLong(by, draft -> {
            if (hasMoreThanTheFirstStart(draft.handle)) {
                return Draft.refused(Refusal.NOT_EMPTY, "the store is not empty");
            }
            try {
                return read(draft, new ExportLines(in));
            } catch (ExportLines.MalformedException e) {
                return Draft.refused(Refusal.MALFORMED, Failures.line(e));
            }
        });
    }

    private static boolean hasMoreThanTheFirstStart(Handle handle) {
        return handle.createQuery("""
                        select (select count(*) from accounts where name <> :operator) + (select count(*) from rooms)
                            + (select count(*) from tokens) + (select count(*) from invitations)
                        """)
                        .bind("operator", Account.OPERATOR)
                        .mapTo(Long.class)
                        .one()
                > 0;
    }

    private Outcome<Long> read(Draft draft, ExportLines lines) throws IOException, ExportLines.MalformedException {
        long lastChange = lines.head();
        // The operator of this store makes room for the one of the file.
        Map<String, List<JsonNode>> own = ownRows(draft.handle);
        AccountTable.delete(draft.handle, Account.OPERATOR);
        long rows = insertAll(draft.handle, lines);
        putBack(draft.handle, own);
        draft.touch(Kind.ACCOUNT, Account.OPERATOR);
        touchAll(draft, lines);
        // Above all numbers that rows or readers know; and who reads the log reads everything again.
        draft.renumber(Math.max(lastChange + 1, draft.number()));
        ChangeLog.jumpTo(draft.handle, draft.number());
        return draft.done(rows, "store.import", Account.OPERATOR, rows + " rows");
    }

    private static Map<String, List<JsonNode>> ownRows(Handle handle) {
        Map<String, List<JsonNode>> rows = new TreeMap<>();
        for (DataTable table : DataTable.ALL) {
            if (!table.name().equals("audit")) {
                List<JsonNode> data = new ArrayList<>();
                table.read(handle, null, ROWS_AT_ONCE).forEach(row -> data.add(row.data()));
                rows.put(table.name(), data);
            }
        }
        return rows;
    }

    /** The operator's keys stay valid; the rest of the operator is what the file says, if it has one. */
    private static void putBack(Handle handle, Map<String, List<JsonNode>> own) {
        boolean isImported = AccountTable.find(handle, Account.OPERATOR).isPresent();
        for (DataTable table : DataTable.ALL) {
            boolean isKeys = table.name().equals("api_keys");
            for (JsonNode row : own.getOrDefault(table.name(), List.of())) {
                boolean isKnown =
                        isKeys && KeyTable.hasHash(handle, row.path("key_hash").asText());
                if (!isKnown && (isKeys || !isImported)) {
                    PreparedBatch insertion = table.insertion(handle);
                    table.add(insertion, row);
                    insertion.execute();
                }
            }
        }
    }

    private static long insertAll(Handle handle, ExportLines lines) throws IOException, ExportLines.MalformedException {
        Map<String, DataTable> tables = new TreeMap<>();
        DataTable.ALL.forEach(table -> tables.put(table.name(), table));
        long rows = 0;
        @Nullable DataTable table = null;
        @Nullable PreparedBatch batch = null;
        JsonNode line = lines.next();
        while (!line.has("end")) {
            String name = line.path("table").asText();
            if (table == null || batch == null || !table.name().equals(name) || batch.size() == ROWS_AT_ONCE) {
                flush(batch, lines);
                table = tables.get(name);
                if (table == null) {
                    throw lines.malformed("there is no table " + name);
                }
                batch = table.insertion(handle);
            }
            try {
                table.add(batch, line);
            } catch (IllegalArgumentException e) {
                throw lines.malformed(String.valueOf(e.getMessage()));
            }
            rows++;
            line = lines.next();
        }
        flush(batch, lines);
        lines.requireEnd(line, rows);
        return rows;
    }

    private static void flush(@Nullable PreparedBatch batch, ExportLines lines) throws ExportLines.MalformedException {
        if (batch == null) {
            return;
        }
        try (batch) {
            batch.execute();
        } catch (RuntimeException e) {
            if (Failures.isBadData(e)) {
                throw lines.malformed("a row before this line does not fit: " + Failures.line(Failures.root(e)));
            }
            throw e;
        }
    }

    /** Reads everything back, as it will be read from now on: what no table forbids may still be no valid account or room. */
    private static void touchAll(Draft draft, ExportLines lines) throws ExportLines.MalformedException {
        Handle handle = draft.handle;
        try {
            walk(request -> AccountTable.list(handle, request), account -> {
                draft.touch(Kind.ACCOUNT, account.name());
                walk(request -> KeyTable.list(handle, account.name(), request), key -> {});
            });
            walk(request -> InvitationTable.list(handle, request), invitation -> {});
            walk(
                    request -> RoomTable.list(handle, RoomFilter.ALL, request),
                    room -> draft.touch(Kind.ROOM, room.name().toString()));
            walk(request -> TokenTable.list(handle, null, request), token -> {});
        } catch (IllegalArgumentException e) {
            throw lines.malformed("a row is not valid: " + Failures.line(e));
        }
    }

    private static <T> void walk(Function<Page.Request, Page<T>> list, Consumer<T> visit) {
        @Nullable String after = null;
        do {
            Page<T> page = list.apply(new Page.Request(after, Page.Request.MAX_SIZE));
            page.items().forEach(visit);
            after = page.next();
        } while (after != null);
    }
}
