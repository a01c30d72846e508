package io.porthouse.admin.model;

import io.porthouse.protocol.RoomName;
import io.porthouse.router.RoomRules;
import java.time.Instant;

/**
 * A room.
 *
 * @param name never changes
 * @param version the number of the change that touched it last; see {@link Account}
 */
public record Room(RoomName name, RoomRules rules, Transience transience, Instant createdAt, long version) {}
