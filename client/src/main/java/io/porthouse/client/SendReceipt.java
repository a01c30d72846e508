package io.porthouse.client;

/**
 * The router's word that something sent is with its recipients: each member of the room has it queued, or is told of its
 * loss by a GAP.
 *
 * <p>One receipt on the wire covers all that was sent to the room before it, and describes the last of these. So {@code
 * sequence} and {@code recipients} are exactly those of this message only if {@code exact}.
 *
 * @param room the room's full name
 * @param sequence the message's number in the room; 0 for an envelope, and if not {@code exact}
 * @param recipients how many members of the router's node had it queued; if not {@code exact}, that of a message sent
 *     shortly after
 * @param exact whether the receipt was for this very message
 */
public record SendReceipt(String room, long sequence, long recipients, boolean exact) {}
