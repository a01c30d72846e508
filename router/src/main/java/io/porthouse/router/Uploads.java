package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.porthouse.protocol.Chunk;
import org.jspecify.annotations.Nullable;

/**
 * The envelopes that one session is sending: for each, its room, the chunk that must come next, and how much has come. The
 * router keeps no more of an envelope than this. Confined to the session's loop.
 */
final class Uploads {

    private final Session session;
    private @Nullable IntObjectMap<Upload> open;

    Uploads(Session session) {
        this.session = session;
    }

    int size() {
        return open == null ? 0 : open.size();
    }

    @Nullable
    Upload find(int envelopeId) {
        return open == null ? null : open.get(envelopeId);
    }

    Upload begin(Membership member, int envelopeId) {
        if (open == null) {
            open = new IntObjectHashMap<>(4);
        }
        Upload upload = new Upload(member, envelopeId);
        open.put(envelopeId, upload);
        session.puddle.stats.openEnvelopes.add(1);
        member.uploadOpened();
        return upload;
    }

    /** The envelope is complete, or given up; the room has been told or will be. */
    void end(Upload upload) {
        if (open != null && open.remove(upload.envelopeId) != null) {
            session.puddle.stats.openEnvelopes.add(-1);
            upload.member.uploadEnded();
            if (open.isEmpty()) {
                open = null;
            }
        }
    }

    /** Tells the room that the rest does not come, and ends the envelope. */
    void cancel(Upload upload) {
        Room room = upload.member.room;
        // On the heap: this has to be said even if there is no direct memory. Each member has a copy anyway.
        ByteBuf frame = Unpooled.buffer(Chunk.CANCEL_FRAME_BYTES, Chunk.CANCEL_FRAME_BYTES);
        Chunk.writeCancel(frame, 0, room.handle(), session.handle, upload.envelopeId);
        Run run = Run.ofChunks(frame, 0, Chunk.CANCEL_FRAME_BYTES, session, upload.envelopeId, false, true);
        frame.release();
        room.publish(run, session.puddle);
        end(upload);
    }

    /** Cancels what is open in one room, because the session leaves it or may not write there any more. */
    void cancelAll(Membership member) {
        for (Upload upload : of(member)) {
            cancel(upload);
        }
    }

    /** Ends what is open in a room that is gone. */
    void forgetAll(Membership member) {
        for (Upload upload : of(member)) {
            end(upload);
        }
    }

    private Upload[] of(Membership member) {
        if (open == null) {
            return new Upload[0];
        }
        return open.values().stream().filter(upload -> upload.member == member).toArray(Upload[]::new);
    }

    /** One open envelope. */
    static final class Upload {
        final Membership member;
        final int envelopeId;
        private int nextIndex;
        private long dataBytes;

        Upload(Membership member, int envelopeId) {
            this.member = member;
            this.envelopeId = envelopeId;
        }

        /** Returns whether this is the index that must come. */
        boolean expects(int index) {
            return index == nextIndex;
        }

        /**
         * Counts a chunk; false if the envelope is now larger than the room allows. An empty one between the first and the
         * last counts as a byte, so that no envelope goes on for ever.
         */
        boolean add(int bytes, boolean isLast, long maxEnvelopeBytes) {
            boolean mayBeEmpty = nextIndex == 0 || isLast;
            nextIndex++;
            dataBytes += mayBeEmpty ? bytes : Math.max(1, bytes);
            return dataBytes <= maxEnvelopeBytes;
        }
    }
}
