package io.porthouse.admin.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Set;

/**
 * How the admin listener is set up; fixed while it runs.
 *
 * @param listen the TCP address; port 0 takes a free one
 * @param allowedHosts names, beside {@code localhost} and the address that a connection came to, by which the listener may be
 *     called: any other is a web page of somebody else's that found its way here (DNS rebinding)
 * @param signUp who may make an account; {@link SignUp#OPEN} is {@link SignUp#INVITED} unless the listener is on loopback
 * @param secureCookies whether browsers must send the cookie over TLS only, as they must where a proxy adds TLS
 * @param limits every bound
 * @param times every end
 */
public record AdminSettings(
        InetSocketAddress listen,
        Set<String> allowedHosts,
        SignUp signUp,
        boolean secureCookies,
        Limits limits,
        Times times) {

    public static final int DEFAULT_PORT = 7071;

    /** Who may make an account. */
    public enum SignUp {
        /** Everybody who reaches the listener. */
        OPEN,
        /** Who has an invitation. */
        INVITED,
        /** Operators only. */
        CLOSED
    }

    /**
     * The bounds of what callers can grow.
     *
     * @param connections at once, at least 1; one more is answered 503
     * @param headBytes of a request's headers, and of its first line, 1 KiB to 64 KiB
     * @param bodyBytes of a request's JSON, at least 1 KiB; messages and imports have bounds of their own
     * @param importBytes of a store that is imported, at least 1 KiB
     * @param workers threads that work with the store, at least 1; passwords, and exports and imports, have their own
     */
    public record Limits(int connections, int headBytes, int bodyBytes, long importBytes, int workers) {

        public static final Limits DEFAULT = new Limits(256, 8 << 10, 64 << 10, 1L << 30, 4);

        private static final int KIBIBYTE = 1 << 10;

        /** @throws IllegalArgumentException if a value is out of its range, naming it */
        public Limits {
            require(connections >= 1, "admin.connections is below 1");
            require(headBytes >= KIBIBYTE && headBytes <= 64 * KIBIBYTE, "headBytes must be 1 KiB to 64 KiB");
            require(bodyBytes >= KIBIBYTE, "bodyBytes is below 1 KiB");
            require(importBytes >= KIBIBYTE, "admin.importBytes is below 1 KiB");
            require(workers >= 1, "workers is below 1");
        }
    }

    /**
     * How long things may take or last.
     *
     * @param idle how long a connection may be without a whole request head, 100 ms to an hour
     * @param request how long a body may take, and how long a receiver may take nothing of an answer, 100 ms to an hour
     * @param answer how long an answer may take once the request is there, 100 ms to an hour; of a body that is passed on as it
     *     comes, such as an import's, {@value #PASSED_ON_FACTOR} times as long
     * @param sessionIdle how long a browser's session lasts without a request, at least 1 s
     * @param sessionLifetime how long it lasts at most, at least 1 s
     */
    public record Times(
            Duration idle, Duration request, Duration answer, Duration sessionIdle, Duration sessionLifetime) {

        public static final Times DEFAULT = new Times(
                Duration.ofSeconds(30),
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofMinutes(30),
                Duration.ofHours(12));

        static final int PASSED_ON_FACTOR = 20;

        /** @throws IllegalArgumentException if a value is out of its range, naming it */
        public Times {
            requireTimeout("idle", idle);
            requireTimeout("request", request);
            requireTimeout("answer", answer);
            require(sessionIdle.toSeconds() >= 1, "admin.sessionIdleMinutes is below 1 s");
            require(sessionLifetime.toSeconds() >= 1, "admin.sessionLifetimeMinutes is below 1 s");
        }

        private static void requireTimeout(String name, Duration timeout) {
            require(
                    timeout.toMillis() >= 100 && timeout.compareTo(Duration.ofHours(1)) <= 0,
                    name + " must be 100 ms to an hour");
        }
    }

    public AdminSettings {
        allowedHosts = Set.copyOf(allowedHosts);
    }

    /** Returns the defaults: {@code 127.0.0.1:7071}, so that sign-up is open, and those of the limits and times. */
    public static AdminSettings defaults() {
        return new AdminSettings(loopback(DEFAULT_PORT), Set.of(), SignUp.OPEN, false, Limits.DEFAULT, Times.DEFAULT);
    }

    /** Returns who may make an account, the listener's address considered. */
    public SignUp effectiveSignUp() {
        return signUp == SignUp.OPEN && !isOnLoopback() ? SignUp.INVITED : signUp;
    }

    /** Returns whether only this machine can reach the listener. */
    public boolean isOnLoopback() {
        return listen.getAddress() != null && listen.getAddress().isLoopbackAddress();
    }

    /** Returns the same settings with another address. */
    public AdminSettings withListen(InetSocketAddress address) {
        return new AdminSettings(address, allowedHosts, signUp, secureCookies, limits, times);
    }

    /** Returns the same settings with other names by which the listener may be called. */
    public AdminSettings withAllowedHosts(Set<String> hosts) {
        return new AdminSettings(listen, hosts, signUp, secureCookies, limits, times);
    }

    /** Returns the same settings with others who may make an account. */
    public AdminSettings withSignUp(SignUp who) {
        return new AdminSettings(listen, allowedHosts, who, secureCookies, limits, times);
    }

    /** Returns the same settings with cookies that need TLS, or not. */
    public AdminSettings withSecureCookies(boolean secure) {
        return new AdminSettings(listen, allowedHosts, signUp, secure, limits, times);
    }

    /** Returns the same settings with other bounds. */
    public AdminSettings withLimits(Limits bounds) {
        return new AdminSettings(listen, allowedHosts, signUp, secureCookies, bounds, times);
    }

    /** Returns the same settings with other ends. */
    public AdminSettings withTimes(Times ends) {
        return new AdminSettings(listen, allowedHosts, signUp, secureCookies, limits, ends);
    }

    private static InetSocketAddress loopback(int port) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four bytes are an address", e);
        }
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
