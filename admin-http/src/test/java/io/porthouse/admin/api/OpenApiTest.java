package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OpenApiTest {

    private static final Pattern OPEN = Pattern.compile("\\{([^}]*)}");

    @Test
    void everyRouteHasAnOperationAndEveryOperationARoute() throws Exception {
        try (AdminNode node = new AdminNode()) {
            Set<String> routes = node.server.routes().all().stream()
                    .map(route -> route.method() + " " + route.pattern())
                    .collect(Collectors.toCollection(TreeSet::new));
            assertThat(routes).isEqualTo(Contract.operations());
            for (Route route : node.server.routes().all()) {
                String operation = route.method() + " " + route.pattern();
                assertThat(new TreeSet<>(route.query()))
                        .as(operation)
                        .isEqualTo(Contract.parameters(operation, "query"));
                Set<String> open = new TreeSet<>();
                OPEN.matcher(route.pattern()).results().forEach(part -> open.add(part.group(1)));
                assertThat(open).as(operation).isEqualTo(Contract.parameters(operation, "path"));
            }
        }
    }

    @Test
    void theDocumentIsServedToEverybody() throws Exception {
        try (AdminNode node = new AdminNode()) {
            assertThat(node.nobody()
                            .get("/api/v1/openapi.json")
                            .is(200)
                            .json()
                            .get("openapi")
                            .textValue())
                    .isEqualTo("3.1.0");
        }
    }

    @Test
    void twoRoutesForTheSameFailAtStart() {
        Routes.Feature one = table -> table.accept(Route.get("/a/{x}", call -> {
            throw new AssertionError();
        }));
        Routes.Feature other = table -> table.accept(Route.get("/a/{y}", call -> {
            throw new AssertionError();
        }));
        assertThatThrownBy(() -> Routes.of(List.of(one, other)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("GET /a/{}");
    }
}
