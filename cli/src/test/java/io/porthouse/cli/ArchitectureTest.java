package io.porthouse.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The house's arrows: {@code client → protocol ← router ← admin-http ← cli → client}. */
@AnalyzeClasses(packages = "io.porthouse", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule dependenciesPointOneWay = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .withOptionalLayers(true)
            .layer("protocol")
            .definedBy("io.porthouse.protocol..")
            .layer("router")
            .definedBy("io.porthouse.router..")
            .layer("admin")
            .definedBy("io.porthouse.admin..")
            .layer("client")
            .definedBy("io.porthouse.client..")
            .layer("cli")
            .definedBy("io.porthouse.cli..")
            .whereLayer("cli")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("admin")
            .mayOnlyBeAccessedByLayers("cli")
            .whereLayer("router")
            .mayOnlyBeAccessedByLayers("admin", "cli")
            .whereLayer("client")
            .mayOnlyBeAccessedByLayers("cli")
            .whereLayer("protocol")
            .mayOnlyBeAccessedByLayers("router", "admin", "client", "cli");

    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().matching("io.porthouse.(**)").should().beFreeOfCycles();

    /** It is on the class path of anyone's program: no configuration, metrics or logging implementation of ours. */
    @ArchTest
    static final ArchRule theClientNeedsLittle = noClasses()
            .that()
            .resideInAPackage("io.porthouse.client..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "ch.qos.logback..", "io.micrometer..", "picocli..", "com.fasterxml.jackson.dataformat..");

    @ArchTest
    static final ArchRule theDataPlaneKnowsNoConfiguration = noClasses()
            .that()
            .resideInAnyPackage("io.porthouse.router..", "io.porthouse.protocol..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("ch.qos.logback..", "picocli..", "com.fasterxml.jackson.dataformat..");

    @ArchTest
    static final ArchRule nothingIsCalledUtilOrImpl = noClasses()
            .should()
            .haveSimpleNameEndingWith("Impl")
            .orShould()
            .resideInAnyPackage("..util..", "..utils..", "..impl..");
}
