package io.porthouse.admin.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.MeterRegistry;
import io.porthouse.admin.store.StoreUnavailableException.Reason;
import java.io.IOException;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Handles;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.argument.AbstractArgumentFactory;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.config.ConfigRegistry;
import org.jdbi.v3.core.statement.SqlStatements;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections to one database, and transactions on them. What it throws is {@link StoreUnavailableException}, or shows a
 * mistake in this program.
 */
final class Database implements AutoCloseable {

    /** The pool asks a connection whether it lives before it gives it away; this is part of the caller's patience. */
    private static final long VALIDATION_MILLIS = 250;

    private static final Logger LOG = LoggerFactory.getLogger(Database.class);

    private final StoreSettings settings;
    private final Dialect dialect;
    private final HikariDataSource pool;
    private final Jdbi jdbi;

    private Database(StoreSettings settings, Dialect dialect, HikariDataSource pool) {
        this.settings = settings;
        this.dialect = dialect;
        this.pool = pool;
        this.jdbi = Jdbi.create(pool);
        jdbi.registerArgument(new InstantArgument());
        jdbi.getConfig(Handles.class).setForceEndTransactions(false);
        jdbi.getConfig(SqlStatements.class).setUnusedBindingAllowed(false);
    }

    /**
     * Opens the pool and brings the tables up to date.
     *
     * @throws StoreVersionException if a newer program has written them
     * @throws StoreUnavailableException if the database can't be opened
     */
    static Database open(StoreSettings settings, MeterRegistry metrics) {
        Dialect dialect = Dialect.of(settings.url());
        try {
            dialect.prepare(settings);
            Schema.prepare(settings, dialect);
            return new Database(settings, dialect, new HikariDataSource(poolConfig(settings, dialect, metrics)));
        } catch (IOException | RuntimeException e) {
            closeAfter(e, dialect, settings);
            if (e instanceof StoreVersionException known) {
                throw known;
            }
            throw new StoreUnavailableException(
                    Reason.UNREACHABLE,
                    "the store " + settings.shownUrl() + " can't be opened: " + Failures.line(Failures.root(e)),
                    e);
        }
    }

    private static void closeAfter(Exception failure, Dialect dialect, StoreSettings settings) {
        try {
            dialect.closed(settings);
        } catch (SQLException e) {
            failure.addSuppressed(e);
        }
    }

    private static HikariConfig poolConfig(StoreSettings settings, Dialect dialect, MeterRegistry metrics) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("porthouse-store");
        config.setJdbcUrl(dialect.url(settings));
        config.setUsername(settings.user());
        config.setPassword(settings.password());
        config.setMaximumPoolSize(settings.connections());
        config.setMinimumIdle(2);
        config.setConnectionTimeout(settings.patience().toMillis());
        config.setValidationTimeout(VALIDATION_MILLIS);
        config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        // The tables were just looked at, so there is nothing to test; if the database goes away now, it may come back.
        config.setInitializationFailTimeout(-1);
        config.setMetricRegistry(metrics);
        dialect.configure(config, settings);
        return config;
    }

    Dialect dialect() {
        return dialect;
    }

    /** Runs one statement, or several that need not see the same moment. */
    <T> T read(HandleCallback<T, RuntimeException> work) {
        return run(handle -> work.withHandle(handle));
    }

    /** Runs statements that all see the same moment, for as long as it takes. */
    <T, X extends Exception> T readSnapshot(HandleCallback<T, X> work) throws X {
        return run(handle -> handle.inTransaction(dialect.snapshot(), snapshot -> {
            dialect.beginLong(snapshot);
            return work.withHandle(snapshot);
        }));
    }

    /** Gives {@code work} a connection, and takes it back. */
    <T, X extends Exception> T run(HandleCallback<T, X> work) throws X {
        try {
            Handle handle = jdbi.open();
            try {
                return work.withHandle(handle);
            } finally {
                giveBack(handle);
            }
        } catch (RuntimeException e) {
            throw failed(e);
        }
    }

    /** What happened before counts, not that a lost connection can't be closed in good order; the pool rolls back. */
    private static void giveBack(Handle handle) {
        try {
            handle.close();
        } catch (RuntimeException e) {
            LOG.debug("a connection was lost", e);
        }
    }

    /** Returns what to throw for an error, and has lost connections replaced. */
    RuntimeException failed(RuntimeException e) {
        RuntimeException translated = Failures.translate(e);
        if (Failures.isLost(translated) && !pool.isClosed()) {
            // One lost connection means that all are: the server was restarted, or H2 closed its file.
            pool.getHikariPoolMXBean().softEvictConnections();
        }
        return translated;
    }

    @Override
    public void close() {
        if (!pool.isClosed()) {
            pool.close();
            try {
                dialect.closed(settings);
            } catch (SQLException e) {
                LOG.warn("the store could not be closed in good order; the next start mends it", e);
            }
        }
    }

    /** Jdbi would bind a {@code Timestamp}, which H2 reads in the machine's time zone: an hour a year would be wrong. */
    private static final class InstantArgument extends AbstractArgumentFactory<Instant> {
        InstantArgument() {
            super(Types.TIMESTAMP_WITH_TIMEZONE);
        }

        @Override
        protected Argument build(Instant value, ConfigRegistry config) {
            OffsetDateTime time = value.atOffset(ZoneOffset.UTC);
            return (position, statement, context) -> statement.setObject(position, time);
        }
    }

    /** Returns a list's only element. */
    static <T> T only(List<T> rows) {
        if (rows.size() != 1) {
            throw new IllegalStateException(rows.size() + " rows where there is always one");
        }
        return rows.get(0);
    }
}
