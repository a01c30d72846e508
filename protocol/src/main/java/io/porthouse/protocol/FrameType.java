package io.porthouse.protocol;

/** The type byte of a frame. Types that are not listed here are unknown, and answered by {@link ErrorCode#UNKNOWN_TYPE}. */
public final class FrameType {

    /** Client to router, the first frame: {@link ControlBody.Hello}. */
    public static final byte HELLO = 0x01;

    /** Router to client, the answer to HELLO: {@link ControlBody.Welcome}. */
    public static final byte WELCOME = 0x02;

    /** Client to router: {@link ControlBody.Join}. */
    public static final byte JOIN = 0x03;

    /** Router to client, in the room's order: {@link ControlBody.Granted}. */
    public static final byte GRANTED = 0x04;

    /** Client to router, no body: leave the room of the header. */
    public static final byte LEAVE = 0x05;

    /** Router to client, in the room's order, and the last of that room: {@link ControlBody.Withdrawn}. */
    public static final byte WITHDRAWN = 0x06;

    /** Both ways: {@link ControlBody.Close}. */
    public static final byte CLOSE = 0x07;

    /** Both ways, no body: asks for a PONG with the same correlation. */
    public static final byte PING = 0x08;

    /** Both ways, no body: answers a PING. */
    public static final byte PONG = 0x09;

    /** Router to client: {@link ControlBody.Refusal}. The connection stays open. */
    public static final byte ERROR = 0x0A;

    /** Router to client: {@link Receipt}. */
    public static final byte RECEIPT = 0x0B;

    /** Router to client, in the room's order: {@link Gap}. */
    public static final byte GAP = 0x0C;

    /** Router to client: one byte, 1 paused or 0 go on. */
    public static final byte FLOW = 0x0E;

    /** Both ways: a whole message, or one chunk of an envelope. */
    public static final byte ENVELOPE = 0x10;

    private FrameType() {}

    /** Returns the name of a type for logs and errors, or its number in hex if it is unknown. */
    public static String name(byte type) {
        return switch (type) {
            case HELLO -> "HELLO";
            case WELCOME -> "WELCOME";
            case JOIN -> "JOIN";
            case GRANTED -> "GRANTED";
            case LEAVE -> "LEAVE";
            case WITHDRAWN -> "WITHDRAWN";
            case CLOSE -> "CLOSE";
            case PING -> "PING";
            case PONG -> "PONG";
            case ERROR -> "ERROR";
            case RECEIPT -> "RECEIPT";
            case GAP -> "GAP";
            case FLOW -> "FLOW";
            case ENVELOPE -> "ENVELOPE";
            default -> String.format("0x%02X", type);
        };
    }
}
