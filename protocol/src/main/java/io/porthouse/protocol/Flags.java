package io.porthouse.protocol;

/** The flags of an ENVELOPE frame. All other frames carry 0. */
public final class Flags {

    /** The body starts with a chunk header ({@link Chunk}); without it the frame is a whole message. */
    public static final int CHUNK = 0x01;

    /** With {@link #CHUNK}: the last chunk of its envelope. */
    public static final int LAST = 0x02;

    /** The sender wants a RECEIPT; needs a correlation. */
    public static final int RECEIPT = 0x04;

    /** The payload says that it is UTF-8. */
    public static final int TEXT = 0x08;

    /** Every flag that PH/1 defines; any other bit is a protocol error. */
    public static final int DEFINED = CHUNK | LAST | RECEIPT | TEXT;

    private Flags() {}
}
