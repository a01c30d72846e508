package io.porthouse.admin.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.secrets.Secrets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass(name = "{0}")
@EnumSource(TestDatabase.class)
class StoreContractSchemaTest {

    @Parameter
    TestDatabase database;

    @Test
    void anEmptyDatabaseBecomesAStoreAndStaysOne() throws Exception {
        StoreSettings settings = database.empty();
        try (Store store = TestDatabase.open(settings)) {
            assertThat(store.lastChange()).isZero();
            store.createAccount(StoreContract.BY, NewAccount.of("alice", StoreContract.USER, "x"));
        }
        try (Store store = TestDatabase.open(settings)) {
            assertThat(store.account("alice")).map(Account::version).contains(1L);
        }
    }

    @Test
    void theVersionIsThatOfTheNewestMigration() throws Exception {
        MigrationInfo[] all = flyway(database.empty(), null).info().all();
        assertThat(all[all.length - 1].getVersion().getVersion()).isEqualTo(Schema.VERSION);
    }

    @Test
    void anOlderStoreIsUpgradedWithWhatIsInIt() throws Exception {
        StoreSettings settings = database.empty();
        flyway(settings, "1").migrate();
        execute(
                settings,
                "insert into accounts values ('alice', 'USER', false, 1, 2, 3, timestamp '2026-01-01 00:00:00', 4)",
                "update change_counter set number = 4");

        try (Store store = TestDatabase.open(settings)) {
            assertThat(store.account("alice").orElseThrow().version()).isEqualTo(4);
            Outcome<?> outcome = store.createInvitation(
                    StoreContract.BY, Secrets.hash("code"), Role.USER, TestClock.START.plus(Duration.ofDays(1)));
            assertThat(StoreContract.number(outcome)).isEqualTo(5);
        }
    }

    @Test
    void aNewerStoreIsRefusedInOneLineAndLeftAlone() throws Exception {
        StoreSettings settings = database.prepared();
        execute(
                settings,
                "insert into \"flyway_schema_history\" values (99, '99', 'later', 'SQL', 'V99__later.sql', 1, 'me',"
                        + " current_timestamp, 1, true)");

        for (int attempt = 0; attempt < 2; attempt++) {
            assertThatThrownBy(() -> TestDatabase.open(settings))
                    .isInstanceOf(StoreVersionException.class)
                    .hasMessage("the store was written by a newer Porthouse (its schema is 99, this version knows "
                            + Schema.VERSION + "); run that version, or restore an older copy");
        }
        execute(settings, "delete from \"flyway_schema_history\" where \"version\" = '99'");
        TestDatabase.open(settings).close();
    }

    private static Flyway flyway(StoreSettings settings, String target) {
        return Schema.flyway(settings, Dialect.of(settings.url()), target);
    }

    private static void execute(StoreSettings settings, String... statements) throws SQLException {
        Dialect dialect = Dialect.of(settings.url());
        try (Connection connection =
                        DriverManager.getConnection(dialect.url(settings), settings.user(), settings.password());
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
        dialect.closed(settings);
    }
}
