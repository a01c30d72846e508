package io.porthouse.cli.config;

import io.porthouse.admin.http.AdminSettings;
import io.porthouse.admin.http.AdminSettings.Limits;
import io.porthouse.admin.http.AdminSettings.SignUp;
import io.porthouse.admin.http.AdminSettings.Times;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code [admin]}. */
final class AdminReader {

    private static final int MINUTES_A_MONTH = 30 * 24 * 60;
    private static final int MOST_CONNECTIONS = 100_000;
    private static final String OFF = "off";

    private AdminReader() {}

    /** Returns how the admin listener is set up; null if it is off. */
    static @Nullable AdminSettings read(Table table) {
        AdminSettings byDefault = AdminSettings.defaults();
        boolean isOff = table.text("listen").equals(Optional.of(OFF));
        InetSocketAddress listen =
                isOff ? byDefault.listen() : ConfigurationReader.address(table, "listen", byDefault.listen());
        Set<String> hosts = Set.copyOf(table.list("allowedHosts", AdminReader::host, "[\"admin.example.org\"]"));
        SignUp signUp = table.choice("signUp", byDefault.signUp(), SignUp.class);
        boolean secureCookies = table.flag("secureCookies", byDefault.secureCookies());
        Limits limits = byDefault.limits();
        int connections = table.integer("connections", limits.connections(), 1, MOST_CONNECTIONS);
        long importBytes = table.size("importBytes", limits.importBytes(), 1 << 10, Long.MAX_VALUE);
        Times times = byDefault.times();
        Duration idle = minutes(table, "sessionIdleMinutes", times.sessionIdle());
        Duration lifetime = minutes(table, "sessionLifetimeMinutes", times.sessionLifetime());
        table.end();
        return isOff
                ? null
                : new AdminSettings(
                        listen,
                        hosts,
                        signUp,
                        secureCookies,
                        new Limits(connections, limits.headBytes(), limits.bodyBytes(), importBytes, limits.workers()),
                        new Times(times.idle(), times.request(), times.answer(), idle, lifetime));
    }

    private static Duration minutes(Table table, String key, Duration byDefault) {
        return Duration.ofMinutes(table.integer(key, (int) byDefault.toMinutes(), 1, MINUTES_A_MONTH));
    }

    private static Optional<String> host(String text) {
        return Optional.of(text).filter(host -> host.matches("[A-Za-z0-9.-]{1,253}"));
    }
}
