package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.porthouse.protocol.Frame;

/** What the router writes into the header of each frame that it passes on: where it comes from. */
final class Stamp {

    /** Above the node field. */
    private static final int TYPE_AND_FLAGS = 0xFFFF_0000;

    private Stamp() {}

    /**
     * Writes node, room and origin in two stores; without a mesh the node is 0.
     *
     * @param word what stands behind the frame's length: type, flags and node
     * @param source {@link Membership#source}
     */
    static void write(ByteBuf in, int at, int word, long source) {
        in.setInt(at + Frame.TYPE_OFFSET, word & TYPE_AND_FLAGS);
        in.setLong(at + Frame.ROOM_OFFSET, source);
    }
}
