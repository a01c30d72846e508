package io.porthouse.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** How the rooms of a connection differ from those that HELLO brings, so that the next link gets the same. Thread-safe. */
final class Memberships {

    /** By full name: whether messages are wanted too. */
    private final Map<String, Boolean> joined = new ConcurrentHashMap<>();

    private final Set<String> left = ConcurrentHashMap.newKeySet();

    void joined(String room, boolean receive) {
        left.remove(room);
        joined.put(room, receive);
    }

    void left(String room) {
        joined.remove(room);
        left.add(room);
    }

    /** Forgets joined rooms that are not held any more: they were withdrawn. */
    void retain(Set<String> held) {
        joined.keySet().retainAll(held);
    }

    boolean isJoined(String room) {
        return joined.containsKey(room);
    }

    boolean isEmpty() {
        return joined.isEmpty() && left.isEmpty();
    }

    /** Asks a link for the same; returns what will be answered. */
    List<CompletableFuture<?>> restore(Link link) {
        List<CompletableFuture<?>> answers = new ArrayList<>();
        joined.forEach((room, receive) -> answers.add(link.join(room, receive)));
        for (Rooms.Held held : link.rooms().all()) {
            if (left.contains(held.name)) {
                answers.add(link.leave(held));
            }
        }
        return answers;
    }
}
