package io.porthouse.admin.store;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that tests set. Its first time is one that no database keeps exactly. */
final class TestClock extends Clock {

    static final Instant START = Instant.parse("2026-03-29T01:30:00.123456789Z");

    private final AtomicReference<Instant> now = new AtomicReference<>(START);

    void advance(Duration time) {
        now.updateAndGet(instant -> instant.plus(time));
    }

    @Override
    public Instant instant() {
        return now.get();
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }
}
