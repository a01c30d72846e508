package io.porthouse.router;

import java.util.function.Consumer;

/** A room's rules with a few of them changed. */
final class TestRules {

    int maxMessageBytes = RoomRules.DEFAULT.maxMessageBytes();
    long maxEnvelopeBytes = RoomRules.DEFAULT.maxEnvelopeBytes();
    int maxMembers = RoomRules.DEFAULT.maxMembers();
    int messagesPerSecond = RoomRules.DEFAULT.messagesPerSecond();
    boolean text = RoomRules.DEFAULT.text();
    boolean isPublic = RoomRules.DEFAULT.isPublic();
    Overflow overflow = RoomRules.DEFAULT.overflow();
    Overflow envelopeOverflow = RoomRules.DEFAULT.envelopeOverflow();

    private TestRules() {}

    static RoomRules with(Consumer<TestRules> changes) {
        TestRules rules = new TestRules();
        changes.accept(rules);
        return new RoomRules(
                rules.maxMessageBytes,
                rules.maxEnvelopeBytes,
                rules.maxMembers,
                rules.messagesPerSecond,
                rules.text,
                rules.isPublic,
                rules.overflow,
                rules.envelopeOverflow);
    }
}
