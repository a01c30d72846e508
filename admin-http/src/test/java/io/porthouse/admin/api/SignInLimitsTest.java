package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.admin.http.ProblemException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SignInLimitsTest {

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5_000_000_000L);
    private final SignInLimits limits = new SignInLimits(nanos::get);

    /** An address of documentation's networks; nothing is sent there. */
    private static InetAddress address(int... bytes) {
        byte[] raw = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            raw[i] = (byte) bytes[i];
        }
        try {
            return InetAddress.getByAddress(raw);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static InetAddress ipv6(int network, int host) {
        return address(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, host);
    }

    private void exhaust(String account, int from) {
        for (int i = 0; i < SignInLimits.TRIES_PER_ACCOUNT; i++) {
            limits.requireTry(account, address(192, 0, 2, from));
        }
    }

    @Test
    void anAccountIsGuardedFromWhereverTheTriesCome() {
        exhaust("alice", 1);
        assertThatThrownBy(() -> limits.requireTry("alice", address(192, 0, 2, 2)))
                .isInstanceOf(ProblemException.class);
        nanos.addAndGet(SignInLimits.ACCOUNT_REFILL.toNanos());
        limits.requireTry("alice", address(192, 0, 2, 2));
        assertThatThrownBy(() -> limits.requireTry("alice", address(192, 0, 2, 2)))
                .isInstanceOf(ProblemException.class);
    }

    @Test
    void aWholeIpv6NetworkCountsAsOneAddress() {
        for (int i = 0; i < SignInLimits.TRIES_PER_ADDRESS; i++) {
            limits.requireWork(ipv6(1, i));
        }
        assertThatThrownBy(() -> limits.requireWork(ipv6(1, 200))).isInstanceOf(ProblemException.class);
        assertThatCode(() -> limits.requireWork(ipv6(2, 1))).doesNotThrowAnyException();
    }

    @Test
    void aRightPasswordGivesItsTryBack() {
        for (int i = 0; i < 3 * SignInLimits.TRIES_PER_ADDRESS; i++) {
            limits.requireTry("alice", address(192, 0, 2, 1));
            limits.wasRight("alice", address(192, 0, 2, 1));
        }
        exhaust("alice", 1);
    }

    @Test
    void theOldestBucketsAreForgotten() {
        exhaust("alice", 1);
        for (int i = 0; i < 10_000; i++) {
            limits.requireTry("ghost" + i, address(198, 51, 100 + i / 2_500, i % 250));
        }
        assertThatCode(() -> exhaust("alice", 2)).doesNotThrowAnyException();
    }
}
