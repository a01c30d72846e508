package io.porthouse.admin.live;

import io.porthouse.router.Refreshed;

/**
 * What a change did on this node.
 *
 * @param confirmed whether this node acts by what was changed; false: it could not be read again
 * @param sessions how many live sessions were looked at because of it
 * @param closed how many of them were closed by it
 * @param millis how long it took, from the commit on
 */
public record LiveEffect(boolean confirmed, int sessions, int closed, double millis) {

    private static final double NANOS_PER_MILLI = 1e6;

    static LiveEffect of(Refreshed refreshed, long nanos) {
        return new LiveEffect(refreshed.confirmed(), refreshed.sessions(), refreshed.closed(), nanos / NANOS_PER_MILLI);
    }
}
