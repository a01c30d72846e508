package io.porthouse.admin.store;

import org.jspecify.annotations.Nullable;

/**
 * Which rooms to list.
 *
 * @param account whose; null: everybody's
 * @param withPublic whether public rooms of others are listed too, unless those are suspended
 */
public record RoomFilter(@Nullable String account, boolean withPublic) {

    /** Every room there is. */
    public static final RoomFilter ALL = new RoomFilter(null, false);

    /** Returns the rooms that an account owns. */
    public static RoomFilter ownedBy(String account) {
        return new RoomFilter(account, false);
    }

    /** Returns the rooms that an account owns, and the public ones of everybody who is not suspended. */
    public static RoomFilter visibleTo(String account) {
        return new RoomFilter(account, true);
    }
}
