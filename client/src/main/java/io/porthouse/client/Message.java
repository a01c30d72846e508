package io.porthouse.client;

import java.nio.charset.StandardCharsets;

/** A whole message as it was received. Keeps nothing of the connection alive, and may be kept for as long as one likes. */
public final class Message {

    private final String room;
    private final long sequence;
    private final int node;
    private final int origin;
    private final boolean text;
    private final byte[] payload;

    Message(String room, long sequence, int node, int origin, boolean text, byte[] payload) {
        this.room = room;
        this.sequence = sequence;
        this.node = node;
        this.origin = origin;
        this.text = text;
        this.payload = payload;
    }

    /** The room's full name, {@code account/name}. */
    public String room() {
        return room;
    }

    /** The message's number in its room, from 1 in each of the room's epochs. */
    public long sequence() {
        return sequence;
    }

    /** The number of the node that took the message in; 0 without a mesh. */
    public int node() {
        return node;
    }

    /** The sender's session handle on that node, to be read as unsigned; 0 for the API. */
    public int origin() {
        return origin;
    }

    /** Whether the sender said that the payload is UTF-8. Not a promise: the router checks it in text-only rooms only. */
    public boolean isText() {
        return text;
    }

    /** The payload itself, not a copy: the receiver's, to read or to change. */
    public byte[] bytes() {
        return payload;
    }

    /** The payload read as UTF-8; what is not valid becomes U+FFFD. */
    public String text() {
        return new String(payload, StandardCharsets.UTF_8);
    }

    /** Without the payload, which may be large or confidential. */
    @Override
    public String toString() {
        return "Message[room=" + room + ", sequence=" + Long.toUnsignedString(sequence) + ", bytes=" + payload.length
                + "]";
    }
}
