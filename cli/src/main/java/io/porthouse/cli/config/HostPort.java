package io.porthouse.cli.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An address to listen on, written {@code host:port}; an IPv6 address in brackets. */
public final class HostPort {

    /** What is allowed, for error messages. */
    public static final String FORM = "host:port, such as \"127.0.0.1:7070\"; port 0 takes a free one";

    private static final Pattern PATTERN = Pattern.compile("(?:\\[([0-9A-Fa-f:.%]+)]|([A-Za-z0-9._-]+)):([0-9]{1,5})");

    private static final int LARGEST_PORT = 65535;

    private HostPort() {}

    /**
     * Reads an address. Looks the host up, so it may take a moment for a name; of several addresses the first counts.
     *
     * @return empty if it is none; unresolved if no machine is known by that name
     */
    public static Optional<InetSocketAddress> parse(String text) {
        Matcher matcher = PATTERN.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String host = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
        int port = Integer.parseInt(matcher.group(3));
        if (port > LARGEST_PORT) {
            return Optional.empty();
        }
        try {
            return Optional.of(new InetSocketAddress(InetAddress.getAllByName(host)[0], port));
        } catch (UnknownHostException e) {
            return Optional.of(InetSocketAddress.createUnresolved(host, port));
        }
    }

    /** Writes an address so that it can be read back. */
    public static String format(InetSocketAddress address) {
        String host = address.getHostString();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}
