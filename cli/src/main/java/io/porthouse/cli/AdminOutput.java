package io.porthouse.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.porthouse.cli.admin.AdminClient;
import io.porthouse.cli.admin.AdminException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Shows the API's answers: as tables and lines for people, as they came for programs. */
final class AdminOutput {

    /** What the answer to a change says of the change, and not of the thing. */
    private static final List<String> EFFECT = List.of("changed", "live", "nodes");

    private static final String NOTHING = "-";

    private final PrintWriter out;
    private final boolean json;

    AdminOutput(PrintWriter out, boolean json) {
        this.out = out;
        this.json = json;
    }

    /**
     * A column of a table.
     *
     * @param at where in an item its value is, as a JSON pointer
     */
    record Column(String title, String at) {}

    /** Shows a list, page by page for programs, at its end for people. */
    void list(AdminClient client, String path, Column... columns) throws AdminException, InterruptedException {
        if (json) {
            client.list(path, item -> out.println(item));
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of(columns).stream().map(Column::title).toList());
        client.list(
                path,
                item -> rows.add(List.of(columns).stream()
                        .map(column -> text(item.at(column.at)))
                        .toList()));
        table(rows);
    }

    /** Shows one thing, a line for each of its fields. */
    void show(JsonNode thing) {
        if (json) {
            out.println(thing);
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        rows("", thing, rows);
        table(rows);
    }

    /**
     * Shows that something was made, with what is told only once.
     *
     * @param what such as {@code room alice/foo}
     * @param secret the field of the answer that must be kept
     */
    void made(JsonNode answer, String what, String secret) {
        if (json) {
            out.println(answer);
            return;
        }
        done(answer, what + " made");
        out.println(secret + ": " + SafeText.of(answer.path(secret).asText()));
        out.println("Keep it now: it is not shown again.");
    }

    /** Shows that something was changed, and whom that reached. */
    void done(JsonNode answer, String what) {
        if (json) {
            out.println(answer);
            return;
        }
        boolean changed = answer.path("changed").asBoolean(true);
        out.println(SafeText.of(what) + (changed ? effect(answer) : " (it was so before)"));
        for (JsonNode node : answer.path("nodes")) {
            if (!node.path("confirmed").asBoolean(true)) {
                out.println("Node " + SafeText.of(node.path("node").asText())
                        + " has not confirmed it yet; it will follow.");
            }
        }
    }

    private static String effect(JsonNode answer) {
        JsonNode live = answer.path("live");
        long sessions = live.path("sessions").asLong();
        if (sessions == 0) {
            return "";
        }
        long closed = live.path("closed").asLong();
        return String.format(
                Locale.ROOT,
                " (%d live %s%s, %.1f ms)",
                sessions,
                sessions == 1 ? "session" : "sessions",
                closed == 0 ? "" : ", " + closed + " closed",
                live.path("millis").asDouble());
    }

    private static void rows(String prefix, JsonNode thing, List<List<String>> rows) {
        for (Map.Entry<String, JsonNode> field : thing.properties()) {
            String name = prefix + field.getKey();
            if (field.getValue().isObject()) {
                rows(name + ".", field.getValue(), rows);
            } else if (!EFFECT.contains(name)) {
                rows.add(List.of(name, text(field.getValue())));
            }
        }
    }

    private static String text(JsonNode value) {
        if (value.isArray()) {
            List<String> all = new ArrayList<>();
            value.forEach(one -> all.add(one.has("room") ? grant(one) : text(one)));
            return all.isEmpty() ? NOTHING : String.join(" ", all);
        }
        if (value.isBoolean()) {
            return value.asBoolean() ? "yes" : "no";
        }
        String text = value.asText();
        return value.isNull() || value.isMissingNode() || text.isEmpty() ? NOTHING : text;
    }

    /** As the command line takes it. */
    private static String grant(JsonNode grant) {
        List<String> may = new ArrayList<>();
        grant.path("may").forEach(right -> may.add(right.asText()));
        return grant.path("room").asText() + "=" + String.join(",", may)
                + (grant.path("autoJoin").asBoolean() ? "" : ",manual");
    }

    private void table(List<List<String>> rows) {
        int[] widths = new int[rows.isEmpty() ? 0 : rows.get(0).size()];
        List<List<String>> safe = rows.stream()
                .map(row -> row.stream().map(SafeText::of).toList())
                .toList();
        for (List<String> row : safe) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (List<String> row : safe) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
            out.println(line.toString().stripTrailing());
        }
    }
}
