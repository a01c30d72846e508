package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.porthouse.admin.http.Request;
import java.util.Optional;

/** The cookie that a browser's session is known by. */
final class SessionCookie {

    private static final String NAME = "porthouse-session";

    /** Browsers take a name that begins like this only over TLS, for this host, and from nobody else. */
    private static final String SECURE_PREFIX = "__Host-";

    private final String name;
    private final String attributes;

    SessionCookie(boolean secure) {
        this.name = secure ? SECURE_PREFIX + NAME : NAME;
        this.attributes = "; Path=/; HttpOnly; SameSite=Strict" + (secure ? "; Secure" : "");
    }

    /** Returns the header that sets it. */
    String set(String secret) {
        return name + "=" + secret + attributes;
    }

    /** Returns the header that has the browser forget it. */
    String forget() {
        return name + "=; Max-Age=0" + attributes;
    }

    /** Returns what a request has of it; the first, if there are several. */
    Optional<String> of(Request request) {
        for (String header : request.headers().getAll(HttpHeaderNames.COOKIE)) {
            for (String cookie : header.split(";", -1)) {
                String text = cookie.strip();
                if (text.startsWith(name + "=")) {
                    return Optional.of(text.substring(name.length() + 1));
                }
            }
        }
        return Optional.empty();
    }
}
