package io.porthouse.admin.model;

import io.porthouse.protocol.RoomName;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** What every value checks of its parts. A message names the part by the name that programs know it by. */
final class Checks {

    /** Beyond it, databases and JSON readers begin to differ. */
    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999Z");

    private Checks() {}

    static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    /** A name that people give to a thing: one line that any database and terminal can show. */
    static void requireLabel(String field, String text, int maxLength) {
        require(!text.isBlank(), field + " is empty");
        require(text.length() <= maxLength, field + " is longer than " + maxLength + " characters");
        require(text.codePoints().noneMatch(Character::isISOControl), field + " has a control character");
        require(StandardCharsets.UTF_8.newEncoder().canEncode(text), field + " is not valid Unicode");
    }

    static void requireName(String field, String text) {
        require(RoomName.isPart(text), field + " must be 1 to 64 of A-Z a-z 0-9 . _ -");
    }

    /** Returns the time at the precision that all stores keep, so that what is read is what was given. */
    static @Nullable Instant storedTime(String field, @Nullable Instant time) {
        if (time == null) {
            return null;
        }
        require(!time.isBefore(Instant.EPOCH) && !time.isAfter(LATEST), field + " is not between 1970 and 9999");
        return time.truncatedTo(ChronoUnit.MILLIS);
    }
}
