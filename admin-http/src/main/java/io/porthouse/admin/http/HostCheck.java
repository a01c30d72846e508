package io.porthouse.admin.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Lets in only who calls this server by a name that is its own. A browser sends the name of the page's own server: so a page
 * whose name was made to point here is told from ours, and so is a page that calls across.
 */
final class HostCheck {

    private static final Pattern AUTHORITY =
            Pattern.compile("(?:\\[([0-9A-Fa-f:.]{2,45})]|([A-Za-z0-9._-]{1,253}))(?::[0-9]{0,5})?");

    private static final String LOCALHOST = "localhost";

    private final Set<String> allowed;

    HostCheck(Set<String> allowed) {
        this.allowed = allowed.stream().map(HostCheck::normal).collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Checks by which name the server is called, and from which page.
     *
     * @param local the address that the connection came to
     * @throws ProblemException if the name is not ours, or the page is another's
     */
    void require(String authority, HttpHeaders headers, InetSocketAddress local) {
        Matcher parts = AUTHORITY.matcher(authority);
        if (!parts.matches()) {
            throw Problem.of(HttpResponseStatus.BAD_REQUEST, "bad-request", "the Host header is not a host")
                    .exception();
        }
        String host = parts.group(1) == null ? parts.group(2) : parts.group(1);
        if (!isOurs(host, local.getAddress())) {
            throw Problem.of(
                            HttpResponseStatus.MISDIRECTED_REQUEST,
                            "unknown-host",
                            "this server is not known by that name; the setting allowedHosts names more")
                    .exception();
        }
        List<String> origins = headers.getAll(HttpHeaderNames.ORIGIN);
        for (String origin : origins) {
            if (origins.size() > 1 || !isOf(origin, authority)) {
                throw Problem.of(
                                HttpResponseStatus.FORBIDDEN,
                                "foreign-origin",
                                "pages of other servers may not use this one")
                        .exception();
            }
        }
    }

    private boolean isOurs(String host, InetAddress local) {
        String name = normal(host);
        if (name.equals(LOCALHOST)) {
            return local.isLoopbackAddress() || allowed.contains(name);
        }
        // An address can't be made to point elsewhere: to be called by the one that was connected to is always right.
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(name);
        return (literal != null && Arrays.equals(literal, local.getAddress())) || allowed.contains(name);
    }

    private static boolean isOf(String origin, String authority) {
        return origin.equalsIgnoreCase("http://" + authority) || origin.equalsIgnoreCase("https://" + authority);
    }

    private static String normal(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }
}
