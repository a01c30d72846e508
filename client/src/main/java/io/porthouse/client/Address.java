package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a router listens, as written {@code tcp://[token@]host[:port]}.
 *
 * @param host a name or an address; an IPv6 one without its brackets
 * @param port 1 to 65535
 * @param token the secret, if the text had one
 */
record Address(String host, int port, @Nullable String token) {

    static final int DEFAULT_PORT = 7070;

    private static final Pattern FORM = Pattern.compile(
            "tcp://(?:(?<token>[^@/]*)@)?(?<host>\\[[0-9A-Fa-f:.%]+]|[A-Za-z0-9._-]+)(?::(?<port>[0-9]{1,5}))?/?");

    static Address parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            // The text may hold a secret, so it is not repeated.
            throw new PorthouseException(
                    Kind.USAGE, "that is not a router's address; write tcp://host:port or tcp://token@host:port");
        }
        String portText = matcher.group("port");
        int port = portText == null ? DEFAULT_PORT : Integer.parseInt(portText);
        if (port < 1 || port > 65535) {
            throw new PorthouseException(Kind.USAGE, "port " + port + " does not exist; give one from 1 to 65535");
        }
        String host = matcher.group("host");
        if (host == null) {
            throw new IllegalStateException("the form has a host");
        }
        boolean bracketed = host.startsWith("[");
        String token = matcher.group("token");
        return new Address(bracketed ? host.substring(1, host.length() - 1) : host, port, emptyToNull(token));
    }

    private static @Nullable String emptyToNull(@Nullable String text) {
        return text == null || text.isEmpty() ? null : text;
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "tcp://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
