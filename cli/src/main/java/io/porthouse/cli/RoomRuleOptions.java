package io.porthouse.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A room's rules as options; what is not given stays as it is. */
final class RoomRuleOptions {

    @Option(names = "--max-message-bytes", paramLabel = "N", description = "The longest message.")
    private @Nullable Long maxMessageBytes;

    @Option(names = "--max-envelope-bytes", paramLabel = "N", description = "The largest envelope; -1: no envelopes.")
    private @Nullable Long maxEnvelopeBytes;

    @Option(names = "--max-members", paramLabel = "N", description = "The most members at once.")
    private @Nullable Integer maxMembers;

    @Option(names = "--messages-per-second", paramLabel = "N", description = "The most of one sender; 0: any number.")
    private @Nullable Integer messagesPerSecond;

    @Option(names = "--text", paramLabel = "yes|no", arity = "1", description = "Whether only text is taken.")
    private @Nullable YesNo text;

    @Option(
            names = "--public",
            paramLabel = "yes|no",
            arity = "1",
            description = "Whether any token of this router may read it, and it is listed to all.")
    private @Nullable YesNo isPublic;

    @Option(
            names = "--overflow",
            paramLabel = "drop|disconnect|wait",
            description = "What happens to messages for members that are too slow.")
    private @Nullable String overflow;

    @Option(
            names = "--envelope-overflow",
            paramLabel = "drop|disconnect|wait",
            description = "What happens to envelopes for members that are too slow.")
    private @Nullable String envelopeOverflow;

    /** A switch that can also be left as it is. */
    enum YesNo {
        yes,
        no
    }

    /** Returns what was given, as the API takes it; may be empty. */
    ObjectNode rules() {
        ObjectNode rules = JsonNodeFactory.instance.objectNode();
        put(rules, "maxMessageBytes", maxMessageBytes);
        put(rules, "maxEnvelopeBytes", maxEnvelopeBytes);
        put(rules, "maxMembers", maxMembers);
        put(rules, "messagesPerSecond", messagesPerSecond);
        put(rules, "text", text);
        put(rules, "public", isPublic);
        put(rules, "overflow", overflow);
        put(rules, "envelopeOverflow", envelopeOverflow);
        return rules;
    }

    /** Puts what was given. */
    static void put(ObjectNode into, String name, @Nullable Object value) {
        if (value instanceof YesNo yesNo) {
            into.put(name, yesNo == YesNo.yes);
        } else if (value != null) {
            into.putPOJO(name, value);
        }
    }
}
