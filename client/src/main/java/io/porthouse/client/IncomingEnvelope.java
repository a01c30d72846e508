package io.porthouse.client;

import io.porthouse.protocol.EnvelopeMetadata;

/**
 * What is known of an envelope when it begins to arrive.
 *
 * @param room the room's full name
 * @param node the number of the node that took it in; 0 without a mesh
 * @param origin the sender's session handle on that node, to be read as unsigned; 0 for the API
 * @param totalBytes the payload's length as the sender claims, to be read as unsigned; {@link
 *     io.porthouse.protocol.Chunk#UNKNOWN_TOTAL} if it did not know
 * @param isText whether the payload says that it is UTF-8
 * @param metadata as trustworthy as the sender
 */
public record IncomingEnvelope(
        String room, int node, int origin, long totalBytes, boolean isText, EnvelopeMetadata metadata) {}
