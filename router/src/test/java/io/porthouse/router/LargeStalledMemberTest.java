package io.porthouse.router;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;

/** One of a thousand members is stalled. */
@Tag("long")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class LargeStalledMemberTest extends StalledMemberTest {

    @Override
    int members() {
        return 1_000;
    }
}
