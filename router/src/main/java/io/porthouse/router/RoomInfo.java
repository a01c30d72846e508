package io.porthouse.router;

import io.porthouse.protocol.RoomName;

/**
 * One live room, as it was when it was asked about.
 *
 * @param epoch this life of the room; another one begins at sequence 1 again
 * @param sequence the number of its last message; 0: none yet
 * @param members how many sessions of this node hold it
 */
public record RoomInfo(RoomName name, String epoch, long sequence, int members) {}
