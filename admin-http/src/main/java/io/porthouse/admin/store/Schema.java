package io.porthouse.admin.store;

import java.util.Map;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.jspecify.annotations.Nullable;

/** The tables, in the version that this program knows. */
final class Schema {

    /** The number of the newest migration. */
    static final String VERSION = "2";

    private static final String MIGRATIONS = "classpath:io/porthouse/admin/store/migration";

    private Schema() {}

    /**
     * Makes the tables, or brings those of an older program up to date.
     *
     * @throws StoreVersionException if a newer program has written them
     */
    static void prepare(StoreSettings settings, Dialect dialect) {
        Flyway flyway = flyway(settings, dialect, null);
        refuseNewer(flyway.info());
        try {
            flyway.migrate();
        } catch (FlywayValidateException e) {
            throw new StoreVersionException(
                    "the store was made by a version of Porthouse that is neither older nor newer than this one ("
                            + Failures.line(e) + ")",
                    e);
        }
    }

    /** Returns what migrates; to {@code target} only, for tests of upgrades. */
    static Flyway flyway(StoreSettings settings, Dialect dialect, @Nullable String target) {
        FluentConfiguration configuration = Flyway.configure(Schema.class.getClassLoader())
                .loggers("slf4j")
                .dataSource(dialect.url(settings), settings.user(), settings.password())
                .locations(MIGRATIONS)
                .validateMigrationNaming(true)
                .placeholders(Map.of("binary", dialect.binaryCollation()));
        if (target != null) {
            configuration.target(target);
        }
        return configuration.load();
    }

    private static void refuseNewer(MigrationInfoService info) {
        MigrationInfo current = info.current();
        // Flyway would take it as it is.
        if (current != null && !current.getState().isResolved()) {
            throw new StoreVersionException(
                    "the store was written by a newer Porthouse (its schema is " + current.getVersion()
                            + ", this version knows " + VERSION + "); run that version, or restore an older copy",
                    null);
        }
    }
}
