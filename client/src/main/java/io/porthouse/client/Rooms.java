package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The rooms that one link holds, as its senders see them: name to handle. Written by the link's event loop, read by any
 * thread.
 */
final class Rooms {

    /** A room that is held. */
    static final class Held {
        final int handle;
        final String name;
        volatile Set<Right> may;

        /** Whether envelopes to the room must wait; changed by FLOW. */
        volatile boolean paused;

        Held(int handle, String name, Set<Right> may) {
            this.handle = handle;
            this.name = name;
            this.may = may;
        }
    }

    private final Map<String, Held> byName = new ConcurrentHashMap<>();
    private final Map<Integer, Held> byHandle = new ConcurrentHashMap<>();
    private volatile String account = "";
    private volatile @Nullable String defaultRoom;

    void account(String name) {
        account = name;
    }

    String account() {
        return account;
    }

    /** Adds a room, or changes what may be done in it. */
    Held granted(int handle, String name, Set<Right> may) {
        Held held = byHandle.get(handle);
        if (held == null) {
            held = new Held(handle, name, Set.copyOf(may));
            byHandle.put(handle, held);
            byName.put(name, held);
        } else {
            held.may = Set.copyOf(may);
        }
        return held;
    }

    @Nullable
    Held withdrawn(int handle) {
        Held held = byHandle.remove(handle);
        if (held != null) {
            byName.remove(held.name, held);
        }
        return held;
    }

    @Nullable
    Held byName(String fullName) {
        return byName.get(fullName);
    }

    @Nullable
    Held byHandle(int handle) {
        return byHandle.get(handle);
    }

    Collection<Held> all() {
        return byHandle.values();
    }

    /**
     * Fixes the default room, as the router did when it answered HELLO: the one that was asked for, else the only one held
     * with write, else none. Later grants don't move it.
     */
    void fixDefault(@Nullable String asked) {
        if (asked != null) {
            defaultRoom = fullName(asked);
            return;
        }
        List<Held> writable = byHandle.values().stream()
                .filter(held -> held.may.contains(Right.WRITE))
                .toList();
        defaultRoom = writable.size() == 1 ? writable.get(0).name : null;
    }

    /** Takes over the default room of an earlier link: it is fixed for the whole connection. */
    void keepDefault(@Nullable String fullName) {
        defaultRoom = fullName;
    }

    @Nullable
    String defaultRoom() {
        return defaultRoom;
    }

    /**
     * Returns the full form of a full or short name.
     *
     * @throws PorthouseException ({@link Kind#USAGE}) if it is neither
     */
    String fullName(String name) {
        return fullName(name, account);
    }

    static String fullName(String name, String account) {
        return RoomName.parse(name, account)
                .map(RoomName::toString)
                .orElseThrow(
                        () -> new PorthouseException(
                                Kind.USAGE,
                                "\"" + name
                                        + "\" is not a room's name; write name or account/name, with letters, digits and . _ -"));
    }

    /**
     * Returns the room to send to.
     *
     * @param name full or short; null for the default room
     * @throws PorthouseException if it is not held, or may not be written to
     */
    Held forSending(@Nullable String name) {
        Held held;
        if (name == null) {
            held = defaultHeld();
        } else {
            // The full name first: it costs no parsing, and programs that care for speed use it.
            Held exact = byName.get(name);
            held = exact != null ? exact : byName.get(fullName(name));
            if (held == null) {
                throw new PorthouseException(
                        Kind.USAGE, "room " + fullName(name) + " is not held; join it first (" + names() + ")");
            }
        }
        if (!held.may.contains(Right.WRITE)) {
            throw PorthouseException.rejected(
                    ErrorCode.MAY_NOT_WRITE.number(), ErrorCode.MAY_NOT_WRITE.text() + " (" + held.name + ")");
        }
        return held;
    }

    private Held defaultHeld() {
        String name = defaultRoom;
        if (name == null) {
            throw new PorthouseException(
                    Kind.USAGE, "there is no default room; name the room to send to (" + names() + ")");
        }
        Held held = byName.get(name);
        if (held == null) {
            throw new PorthouseException(
                    Kind.USAGE, "the default room " + name + " is no longer held; name another (" + names() + ")");
        }
        return held;
    }

    private String names() {
        if (byHandle.isEmpty()) {
            return "no room is held";
        }
        return "held: "
                + byHandle.values().stream()
                        .sorted(Comparator.comparing(held -> held.name))
                        .map(held -> held.name)
                        .collect(Collectors.joining(", "));
    }
}
