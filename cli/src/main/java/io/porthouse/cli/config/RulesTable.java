package io.porthouse.cli.config;

import io.porthouse.protocol.RoomName;
import io.porthouse.router.RoomRules;
import java.util.List;

/**
 * The rules of every room.
 *
 * @param byDefault for rooms that no entry is about
 * @param entries of several that match a room, the exact one counts, else the one with the longest name
 */
public record RulesTable(RoomRules byDefault, List<Entry> entries) {

    public static final RulesTable DEFAULT = new RulesTable(RoomRules.DEFAULT, List.of());

    public RulesTable {
        entries = List.copyOf(entries);
    }

    /**
     * Rules for one room, or for all whose name starts alike.
     *
     * @param name the room's name; with {@code isPrefix} the start of it, possibly empty
     */
    public record Entry(String account, String name, boolean isPrefix, RoomRules rules) {

        boolean covers(RoomName room) {
            return account.equals(room.account())
                    && (isPrefix ? room.name().startsWith(name) : room.name().equals(name));
        }

        /** An exact name beats every prefix, however long. */
        int weight() {
            return isPrefix ? name.length() : Integer.MAX_VALUE;
        }

        String pattern() {
            return account + "/" + name + (isPrefix ? "*" : "");
        }
    }

    /** Returns the rules of a room. */
    public RoomRules of(RoomName room) {
        RoomRules best = byDefault;
        int bestWeight = -1;
        for (Entry entry : entries) {
            if (entry.weight() > bestWeight && entry.covers(room)) {
                best = entry.rules;
                bestWeight = entry.weight();
            }
        }
        return best;
    }
}
