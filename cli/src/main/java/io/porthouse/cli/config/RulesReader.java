package io.porthouse.cli.config;

import io.porthouse.protocol.Frame;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Overflow;
import io.porthouse.router.RoomRules;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads {@code [rules]} and {@code [[rooms]]}. */
final class RulesReader {

    private RulesReader() {}

    static RulesTable read(Table root, int maxFrameBytes) {
        int largestMessage = maxFrameBytes - Frame.HEADER_BYTES;
        RoomRules d = RoomRules.DEFAULT;
        RoomRules fallback = new RoomRules(
                largestMessage,
                d.maxEnvelopeBytes(),
                d.maxMembers(),
                d.messagesPerSecond(),
                d.text(),
                d.isPublic(),
                d.overflow(),
                d.envelopeOverflow());
        Table table = root.table("rules");
        RoomRules byDefault = rules(table, fallback, largestMessage);
        table.end();

        List<RulesTable.Entry> entries = new ArrayList<>();
        Set<String> patterns = new HashSet<>();
        for (Table room : root.tables("rooms")) {
            entry(room, byDefault, largestMessage, entries, patterns);
            room.end();
        }
        return new RulesTable(byDefault, entries);
    }

    private static void entry(
            Table room, RoomRules byDefault, int largestMessage, List<RulesTable.Entry> entries, Set<String> patterns) {
        String account = room.text("account", "");
        String name = room.text("name", "");
        RoomRules rules = rules(room, byDefault, largestMessage);
        boolean isPrefix = name.endsWith("*");
        String stem = isPrefix ? name.substring(0, name.length() - 1) : name;
        if (!RoomName.isPart(account)) {
            room.problem("account", "is missing or not a name (" + TokensReader.NAME_FORM + ")");
        } else if (!(isPrefix && stem.isEmpty()) && !RoomName.isPart(stem)) {
            room.problem("name", "is missing or not a room's name (" + TokensReader.NAME_FORM + "; a * at the end)");
        } else {
            RulesTable.Entry entry = new RulesTable.Entry(account, stem, isPrefix, rules);
            if (!patterns.add(entry.pattern())) {
                room.problem("name", "there are rules for " + entry.pattern() + " above (one entry for each)");
            }
            entries.add(entry);
        }
    }

    private static RoomRules rules(Table table, RoomRules fallback, int largestMessage) {
        return new RoomRules(
                (int) table.size("maxMessageBytes", fallback.maxMessageBytes(), 0, largestMessage),
                table.size("maxEnvelopeBytes", fallback.maxEnvelopeBytes(), -1, Long.MAX_VALUE),
                table.integer("maxMembers", fallback.maxMembers(), 1, Integer.MAX_VALUE),
                table.integer("messagesPerSecond", fallback.messagesPerSecond(), 0, Integer.MAX_VALUE),
                table.flag("text", fallback.text()),
                table.flag("public", fallback.isPublic()),
                table.choice("overflow", fallback.overflow(), Overflow.class),
                table.choice("envelopeOverflow", fallback.envelopeOverflow(), Overflow.class));
    }
}
