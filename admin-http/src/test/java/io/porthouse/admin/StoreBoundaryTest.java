package io.porthouse.admin;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.porthouse.admin.store.Store;
import org.junit.jupiter.api.Test;

/** What the packages of the control plane may know of each other. */
class StoreBoundaryTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .importUrl(Store.class.getProtectionDomain().getCodeSource().getLocation());

    @Test
    void nobodyButTheStoreKnowsADatabase() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.porthouse.admin.store..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "java.sql..", "javax.sql..", "org.jdbi..", "com.zaxxer..", "org.flywaydb..", "org.h2..")
                .check(CLASSES);
    }

    @Test
    void whatIsKeptKnowsNothingOfWhereItIsKept() {
        noClasses()
                .that()
                .resideInAPackage("io.porthouse.admin.model..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.porthouse.admin.store..", "io.porthouse.admin.live..")
                .check(CLASSES);
    }

    @Test
    void theStoreKnowsNothingOfWhoUsesIt() {
        noClasses()
                .that()
                .resideInAPackage("io.porthouse.admin.store..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.porthouse.admin", "io.porthouse.admin.live..", "io.porthouse.admin.secrets..")
                .check(CLASSES);
    }
}
