package io.porthouse.admin;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.porthouse.admin.http.HttpServer;
import org.junit.jupiter.api.Test;

/** What the HTTP server and the API may know of each other. */
class HttpBoundaryTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .importUrl(HttpServer.class.getProtectionDomain().getCodeSource().getLocation());

    @Test
    void theServerKnowsNothingOfWhatItServes() {
        noClasses()
                .that()
                .resideInAPackage("io.porthouse.admin.http..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.porthouse.admin.api..",
                        "io.porthouse.admin.live..",
                        "io.porthouse.admin.model..",
                        "io.porthouse.admin.secrets..",
                        "io.porthouse.admin.store..",
                        "io.porthouse.router..")
                .check(CLASSES);
    }

    @Test
    void nobodyUnderTheApiKnowsIt() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.porthouse.admin.api..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.porthouse.admin.api..")
                .check(CLASSES);
    }
}
