package io.porthouse.protocol;

import java.util.Optional;

/**
 * The full name of a room, {@code account/name}. Inside a token's own account the short name is enough.
 *
 * @param account the owner, {@code [A-Za-z0-9._-]{1,64}}
 * @param name the name within the account, {@code [A-Za-z0-9._-]{1,64}}
 */
public record RoomName(String account, String name) {

    private static final int MAX_PART = 64;

    /** @throws IllegalArgumentException if a part is not a valid name */
    public RoomName {
        if (!isPart(account) || !isPart(name)) {
            throw new IllegalArgumentException("not a room name");
        }
    }

    /** Returns whether {@code text} is a valid account name or short room name. */
    public static boolean isPart(String text) {
        if (text.isEmpty() || text.length() > MAX_PART) {
            return false;
        }
        // By hand, because senders name a room for each message.
        for (int i = 0; i < text.length(); i++) {
            if (!mayHold(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean mayHold(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '.'
                || c == '_'
                || c == '-';
    }

    /**
     * Reads a full or short name.
     *
     * @param ownAccount the account that a short name belongs to
     * @return empty if the text is neither
     */
    public static Optional<RoomName> parse(String text, String ownAccount) {
        int slash = text.indexOf('/');
        String account = slash < 0 ? ownAccount : text.substring(0, slash);
        String name = text.substring(slash + 1);
        return isPart(account) && isPart(name) ? Optional.of(new RoomName(account, name)) : Optional.empty();
    }

    /** Returns {@code account/name}, as on the wire. */
    @Override
    public String toString() {
        return account + "/" + name;
    }
}
