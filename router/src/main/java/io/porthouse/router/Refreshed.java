package io.porthouse.router;

/**
 * What a refresh did on this node.
 *
 * @param sessions how many live sessions compared what they had with what was read
 * @param closed how many of them were closed by it
 * @param confirmed whether what was read is in force; false if it could not be read, and the sessions were closed instead
 */
public record Refreshed(int sessions, int closed, boolean confirmed) {

    /** What it means that nothing in use was touched. */
    public static final Refreshed NOTHING = new Refreshed(0, 0, true);

    static final Refreshed UNCONFIRMED = new Refreshed(0, 0, false);

    /** Returns the sum of both; confirmed only if both are. */
    public Refreshed plus(Refreshed other) {
        return new Refreshed(sessions + other.sessions, closed + other.closed, confirmed && other.confirmed);
    }
}
