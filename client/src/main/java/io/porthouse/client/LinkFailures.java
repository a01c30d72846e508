package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import org.jspecify.annotations.Nullable;

/** Why a link ended or there is none, in words: what this side finds out by itself. What the router says is {@link Advice}'s. */
final class LinkFailures {

    private LinkFailures() {}

    static PorthouseException unreachable(Address address, @Nullable Throwable why) {
        // Netty's own message repeats the address.
        Throwable root = why == null || why.getCause() == null ? why : why.getCause();
        String reason = root == null ? "" : " (" + root.getMessage() + ")";
        return new PorthouseException(
                Kind.UNREACHABLE, "cannot reach a router at " + address + reason + "; is it running there?", why);
    }

    /** @param isBehind whether much that had come was not read */
    static PorthouseException broken(ConnectOptions options, boolean isBehind, Throwable failure) {
        // A router that cannot get rid of its CLOSE, because nothing is read here, resets the connection.
        String advice = isBehind
                ? " while much that had come was not read: the router may have found this side too slow (3001); read faster,"
                        + " and connect again"
                : "; connect again";
        return new PorthouseException(Kind.LOST, "the connection to " + options.address + " broke" + advice, failure);
    }

    static PorthouseException goneSilently(ConnectOptions options) {
        return new PorthouseException(
                Kind.LOST, "the router at " + options.address + " closed the connection without a word; connect again");
    }

    static PorthouseException silent(ConnectOptions options) {
        return new PorthouseException(
                Kind.LOST, "the router at " + options.address + " has been silent for two heartbeats; connect again");
    }

    static PorthouseException unacknowledged(ConnectOptions options) {
        return new PorthouseException(
                Kind.TIMEOUT,
                "the router did not acknowledge everything within " + options.closeTimeout.toMillis()
                        + " ms of closing; what was sent last may not have arrived");
    }

    static PorthouseException unanswered(ConnectOptions options) {
        return new PorthouseException(
                Kind.TIMEOUT,
                "the router did not close the connection within " + options.closeTimeout.toMillis()
                        + " ms; what asked for a receipt has it, the rest may not have arrived");
    }

    /** Of what was kept for a link that never came. */
    static PorthouseException unsent(PorthouseException why) {
        return why.with("it was not sent, because the connection did not come back: " + why.getMessage());
    }

    static PorthouseException closedHere() {
        return new PorthouseException(Kind.CLOSED, "the connection is closed; connect again");
    }
}
