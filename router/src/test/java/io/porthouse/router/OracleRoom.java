package io.porthouse.router;

import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Flags;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;

/** A room that the session of a {@link WalkOracle} holds, and why it refuses what, by the words of the contract. */
final class OracleRoom {

    final String name;
    final int handle;
    final RoomRules rules;
    final boolean mayWrite;
    long sequence;

    /** Correlations that want a receipt, and the number that it names. */
    final TreeMap<Long, Long> flagged = new TreeMap<>(Long::compareUnsigned);

    private int counted;

    OracleRoom(String name, int handle, RoomRules rules, boolean mayWrite) {
        this.name = name;
        this.handle = handle;
        this.rules = rules;
        this.mayWrite = mayWrite;
    }

    ErrorCode refusalOfMessage(int flags, byte[] body) {
        if (!mayWrite) {
            return ErrorCode.MAY_NOT_WRITE;
        }
        if (body.length > rules.maxMessageBytes()) {
            return ErrorCode.TOO_LARGE;
        }
        if (rules.text() && !((flags & Flags.TEXT) != 0 && isUtf8(body))) {
            return ErrorCode.TEXT_ONLY;
        }
        return refusalByRate();
    }

    private static boolean isUtf8(byte[] body) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /** @param total as chunk 0 says, unsigned; -1 if it is not known */
    ErrorCode refusalOfEnvelope(long total, boolean isOneTooMany) {
        if (!mayWrite) {
            return ErrorCode.MAY_NOT_WRITE;
        }
        if (rules.text()) {
            return ErrorCode.TEXT_ONLY;
        }
        long most = rules.maxEnvelopeBytes();
        if (most < 0 || (total != -1 && Long.compareUnsigned(total, most) > 0)) {
            return ErrorCode.TOO_LARGE;
        }
        return isOneTooMany ? ErrorCode.TOO_MANY_ENVELOPES : refusalByRate();
    }

    private ErrorCode refusalByRate() {
        int perSecond = rules.messagesPerSecond();
        return perSecond > 0 && ++counted > perSecond ? ErrorCode.RATE_LIMITED : null;
    }
}
