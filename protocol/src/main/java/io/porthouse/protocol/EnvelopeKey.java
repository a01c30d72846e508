package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;

/**
 * What names an open envelope to a receiver. The handles are read as unsigned.
 *
 * @param room the room's handle on this connection
 * @param node the number of the node that took it in; 0 without a mesh
 * @param origin the sender's session handle on that node; 0 for the API
 * @param envelopeId unique among that sender's open envelopes, and free for use again behind its end
 */
public record EnvelopeKey(int room, int node, int origin, int envelopeId) {

    /** Returns the key of the chunk frame at {@code frameIndex}, which has a whole chunk header. */
    public static EnvelopeKey of(ByteBuf buf, int frameIndex) {
        return new EnvelopeKey(
                Frame.room(buf, frameIndex),
                Frame.node(buf, frameIndex),
                Frame.origin(buf, frameIndex),
                Chunk.envelopeId(buf, frameIndex));
    }
}
