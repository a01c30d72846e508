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

    /** Forgets a room that was left and that HELLO doesn't bring. */
    void forget(String room) {
        joined.remove(room);
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

    /**
     * Asks a link for the same.
     *
     * @return completes when all is answered, also if rooms are refused; fails if the router can't look one of them up now
     */
    CompletableFuture<Void> restore(Link link) {
        List<CompletableFuture<?>> answers = new ArrayList<>();
        joined.forEach((room, receive) -> answers.add(settled(link.join(room, receive))));
        for (Rooms.Held held : link.rooms().all()) {
            if (left.contains(held.name)) {
                // That it is not held any more is as good.
                answers.add(link.leave(held).exceptionally(gone -> null));
            }
        }
        return CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new));
    }

    private static CompletableFuture<Boolean> settled(CompletableFuture<RoomGrant> answer) {
        return answer.handle((granted, failure) -> {
            if (failure instanceof PorthouseException refusal && refusal.isUnreadable()) {
                throw PorthouseException.unreadable(refusal);
            }
            return failure == null;
        });
    }
}
