package io.porthouse.router;

import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/** An envelope of a play: what its sender has said of it, and what of that has been published. */
final class FlowEnvelope {

    final FlowSender sender;
    final FlowRoom room;
    final int id;

    /** Bodies of the chunks that were published, in their order. */
    final List<byte[]> published = new ArrayList<>();

    /** Of what its sender has sent. */
    final CRC32 crc = new CRC32();

    int chunksSent;

    /** Its sender has left the room, or may not write there any more: the router cancels it. */
    boolean isGivenUp;

    /** Its last chunk or its cancel has been published. */
    boolean isOver;

    boolean isCancelled;

    FlowEnvelope(FlowSender sender, FlowRoom room, int id) {
        this.sender = sender;
        this.room = room;
        this.id = id;
    }

    /** Returns what tells it from all others that are open. */
    long key() {
        return RoomChunks.key(sender.handle(), id);
    }

    @Override
    public String toString() {
        return "envelope " + id + " of session " + sender.handle() + " in " + room;
    }
}
