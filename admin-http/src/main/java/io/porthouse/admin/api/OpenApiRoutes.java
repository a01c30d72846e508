package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Json;
import io.porthouse.admin.http.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.function.Consumer;

/** {@code /openapi.json}: what the API is, for programs. */
final class OpenApiRoutes implements Routes.Feature {

    private static final String RESOURCE = "openapi.json";

    private final byte[] document = read();

    private static byte[] read() {
        try (InputStream in = OpenApiRoutes.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("the program is not whole: " + RESOURCE + " is missing");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void addRoutes(Consumer<Route> table) {
        table.accept(Route.get(
                        "/api/v1/openapi.json",
                        call -> Response.of(HttpResponseStatus.OK, Json.TYPE, document)
                                .now())
                .withAccess(Access.ANYBODY)
                .inLane(Lane.LOOP));
    }
}
