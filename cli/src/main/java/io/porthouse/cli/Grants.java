package io.porthouse.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Grants as the command line has them: {@code ROOM}, or {@code ROOM=read,write,manual}. */
final class Grants {

    /** How a grant is written, for help. */
    static final String FORM = "ROOM[=read,write,manual]";

    private static final String MANUAL = "manual";

    private Grants() {}

    /**
     * Reads a grant.
     *
     * @return what the API takes, with {@code room}
     * @throws CommandException if it is not one
     */
    static ObjectNode parse(String text) throws CommandException {
        int equals = text.indexOf('=');
        String room = equals < 0 ? text : text.substring(0, equals);
        ObjectNode grant = JsonNodeFactory.instance.objectNode().put("room", room);
        ArrayNode may = grant.putArray("may");
        boolean autoJoin = true;
        for (String word : equals < 0
                ? List.of("read", "write")
                : List.of(text.substring(equals + 1).split(",", -1))) {
            switch (word) {
                case "read", "write" -> may.add(word);
                case MANUAL -> autoJoin = false;
                default ->
                    throw new CommandException(
                            ExitCode.USAGE,
                            text + " is not a grant; write " + FORM + " (both rights if none is named)",
                            null);
            }
        }
        if (may.isEmpty()) {
            may.add("read").add("write");
        }
        return grant.put("autoJoin", autoJoin);
    }
}
