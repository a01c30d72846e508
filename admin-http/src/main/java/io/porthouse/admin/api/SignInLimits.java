package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Problem;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How often passwords may be tried: for one account, and from one address. Each has a bucket of tries that fills again with
 * time, so that nobody can lock an account's owner out for long. Memory is bounded: the buckets that were used longest ago are
 * forgotten, and those are full again anyway. Thread-safe.
 */
final class SignInLimits {

    static final int TRIES_PER_ACCOUNT = 10;
    static final Duration ACCOUNT_REFILL = Duration.ofSeconds(10);

    static final int TRIES_PER_ADDRESS = 50;
    static final Duration ADDRESS_REFILL = Duration.ofSeconds(2);

    private static final int MAX_BUCKETS = 10_000;
    private static final int LONGEST_NAME = 64;
    private static final int IPV6_NETWORK_BYTES = 8;

    private final Buckets accounts;
    private final Buckets addresses;

    SignInLimits(LongSupplier nanoTime) {
        this.accounts = new Buckets(TRIES_PER_ACCOUNT, ACCOUNT_REFILL, nanoTime);
        this.addresses = new Buckets(TRIES_PER_ADDRESS, ADDRESS_REFILL, nanoTime);
    }

    /**
     * Counts a try of an account's password, before it is looked at; whether there is such an account makes no difference.
     *
     * @throws io.porthouse.admin.http.ProblemException 429, if there were too many
     */
    void requireTry(String account, InetAddress from) {
        requireWork(from);
        require(accounts.take(key(account)));
    }

    /** Counts a new password that is hashed for somebody at that address. */
    void requireWork(InetAddress from) {
        require(addresses.take(network(from)));
    }

    /** Gives back what a right password took. */
    void wasRight(String account, InetAddress from) {
        accounts.giveBack(key(account));
        addresses.giveBack(network(from));
    }

    private static void require(long waitNanos) {
        if (waitNanos > 0) {
            long seconds =
                    Math.max(1, Duration.ofNanos(waitNanos).plusMillis(999).toSeconds());
            throw Problem.of(
                            HttpResponseStatus.TOO_MANY_REQUESTS,
                            "too-many-tries",
                            "too many passwords were tried; wait " + seconds + " s")
                    .with(HttpHeaderNames.RETRY_AFTER, Long.toString(seconds))
                    .exception();
        }
    }

    private static String key(String account) {
        return account.length() <= LONGEST_NAME ? account : account.substring(0, LONGEST_NAME);
    }

    /** One machine has a whole network of IPv6 addresses. */
    private static String network(InetAddress address) {
        byte[] bytes = address.getAddress();
        return Arrays.toString(address instanceof Inet6Address ? Arrays.copyOf(bytes, IPV6_NETWORK_BYTES) : bytes);
    }

    /** Buckets of tries, one for each name. */
    private static final class Buckets {

        private final int size;
        private final long refillNanos;
        private final LongSupplier nanoTime;

        /** For each name the time at which its bucket is full again. */
        private final Map<String, Long> fullAtNanos = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
                return size() > MAX_BUCKETS;
            }
        };

        Buckets(int size, Duration refill, LongSupplier nanoTime) {
            this.size = size;
            this.refillNanos = refill.toNanos();
            this.nanoTime = nanoTime;
        }

        /** Takes a try; returns 0, or how long to wait for one. */
        synchronized long take(String name) {
            long now = nanoTime.getAsLong();
            long fullAt = Math.max(fullAtNanos.getOrDefault(name, now) - now, 0);
            long after = fullAt + refillNanos;
            long wait = after - size * refillNanos;
            if (wait > 0) {
                return wait;
            }
            fullAtNanos.put(name, now + after);
            return 0;
        }

        synchronized void giveBack(String name) {
            fullAtNanos.computeIfPresent(name, (same, fullAt) -> fullAt - refillNanos);
        }
    }
}
