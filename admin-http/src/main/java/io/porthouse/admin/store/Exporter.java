package io.porthouse.admin.store;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Writes the store as JSON lines: a head, a line for each row, and an end that tells how many there were, so that a file that
 * was cut off shows.
 */
final class Exporter {

    static final int FORMAT = 1;

    private static final int ROWS_AT_ONCE = 500;

    private final Database database;
    private final ObjectMapper json = new ObjectMapper();

    Exporter(Database database) {
        this.database = database;
    }

    void write(OutputStream out, Instant now) throws IOException {
        database.readSnapshot(handle -> {
            writeLine(
                    out,
                    json.createObjectNode()
                            .put("porthouse", "store")
                            .put("format", FORMAT)
                            .put("schema", Schema.VERSION)
                            .put("change", ChangeLog.last(handle))
                            .put("at", now.toString()));
            long rows = 0;
            for (DataTable table : DataTable.ALL) {
                rows += writeRows(handle, table, out);
            }
            writeLine(out, json.createObjectNode().put("end", true).put("rows", rows));
            return rows;
        });
    }

    private long writeRows(Handle handle, DataTable table, OutputStream out) throws IOException {
        long count = 0;
        @Nullable List<Object> last = null;
        List<DataTable.Row> rows;
        do {
            rows = table.read(handle, last, ROWS_AT_ONCE);
            for (DataTable.Row row : rows) {
                ObjectNode line = json.createObjectNode().put("table", table.name());
                writeLine(out, line.setAll(row.data()));
                last = row.key();
            }
            count += rows.size();
        } while (rows.size() == ROWS_AT_ONCE);
        return count;
    }

    private void writeLine(OutputStream out, ObjectNode line) throws IOException {
        out.write(json.writeValueAsBytes(line));
        out.write('\n');
    }
}
