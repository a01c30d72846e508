package io.porthouse.cli;

import io.porthouse.client.IncomingEnvelope;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts the envelopes that did not arrive whole, until they come again: a sender that was interrupted, or lost its
 * connection, sends the same name to the same room once more. Thread-safe.
 */
final class LostEnvelopes {

    /** Names are chosen by strangers, so they are remembered up to a bound; a loss beyond it is never made good. */
    private static final int MOST_NAMES = 1000;

    private record Key(String room, String name) {}

    private final Map<Key, Integer> named = new HashMap<>();
    private long nameless;

    synchronized void add(IncomingEnvelope envelope) {
        Key key = key(envelope);
        if (key.name.isEmpty() || (named.size() == MOST_NAMES && !named.containsKey(key))) {
            nameless++;
        } else {
            named.merge(key, 1, Integer::sum);
        }
    }

    /** An envelope was lost before its name was known. */
    synchronized void addNameless() {
        nameless++;
    }

    /** An envelope is whole, and with it all earlier attempts to send it. */
    synchronized void arrived(IncomingEnvelope envelope) {
        named.remove(key(envelope));
    }

    /** How many were lost, and did not come again. */
    synchronized long count() {
        return nameless + named.values().stream().mapToLong(Integer::longValue).sum();
    }

    private static Key key(IncomingEnvelope envelope) {
        return new Key(envelope.room(), envelope.metadata().name().orElse(""));
    }
}
