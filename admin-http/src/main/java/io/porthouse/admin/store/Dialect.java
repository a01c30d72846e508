package io.porthouse.admin.store;

import com.zaxxer.hikari.HikariConfig;
import io.porthouse.admin.files.PrivateFiles;
import io.porthouse.admin.store.StoreUnavailableException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/** Everything in which the two databases differ. */
enum Dialect {

    /**
     * In this process, in one file.
     *
     * <p>What a kill must not take: H2 writes commits in the background, up to half a second later. Therefore each change is
     * forced to disk before it is answered ({@link #makeDurable}); then neither kill -9 nor a power cut loses it. H2 could
     * also write at each commit by itself ({@code WRITE_DELAY=0}), but that switches off the thread that compacts the file,
     * which then only grows, and does not reach the disk's platter. The file is a log: what was overwritten stays for the
     * retention time, so that a file whose last blocks are torn can be read from an older state. As every change is forced,
     * 4 s of that are plenty; the default, 45 s, lets a busy minute grow the file to gigabytes.
     *
     * <p>Isolation: see {@link #snapshot}.
     */
    H2("", TransactionIsolationLevel.SERIALIZABLE) {
        @Override
        String url(StoreSettings settings) {
            // The database stays open without connections, and is closed by us, not by a hook of its own: changes may
            // still be under way when the process begins to stop. Errors are thrown, not written into trace files. A
            // result is never taken from the statement's memory: H2 judges its age by when rows were written, not by
            // when they were committed.
            return settings.url() + ";DB_CLOSE_DELAY=-1;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0;RETENTION_TIME=4000"
                    + ";OPTIMIZE_REUSE_RESULTS=FALSE;LOCK_TIMEOUT="
                    + settings.patience().toMillis();
        }

        @Override
        void configure(HikariConfig pool, StoreSettings settings) {
            pool.setDriverClassName("org.h2.Driver");
            pool.setConnectionInitSql(
                    "SET QUERY_TIMEOUT " + 2 * settings.patience().toMillis());
        }

        @Override
        void prepare(StoreSettings settings) throws IOException {
            Path file = Path.of(settings.url().substring(H2_PREFIX.length()) + ".mv.db");
            if (!file.isAbsolute()) {
                // In a file system of H2's own.
                return;
            }
            // H2 takes an empty file for a new one, and would make it for everybody to read.
            PrivateFiles.open(file).close();
            if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            }
        }

        @Override
        void makeDurable(Handle handle) {
            // What CHECKPOINT SYNC does is not enough: if the background thread begins a commit at the same time, it
            // leaves the writing to that one, which only queues it, and returns with nothing written. So the queues are
            // waited for here.
            try {
                MVStore file = file(handle);
                file.setVersionsToKeep(H2_VERSIONS_TO_KEEP);
                file.commit();
                file.executeFilestoreOperation(() -> {});
                file.sync();
            } catch (SQLException | MVStoreException e) {
                throw new StoreUnavailableException(
                        Reason.UNREACHABLE, "the store's file can't be written: " + Failures.line(e), e);
            }
        }

        private MVStore file(Handle handle) throws SQLException {
            JdbcConnection connection = handle.getConnection().unwrap(JdbcConnection.class);
            return ((SessionLocal) connection.getSession())
                    .getDatabase()
                    .getStore()
                    .getMvStore();
        }

        @Override
        void closed(StoreSettings settings) throws SQLException {
            try (Connection connection =
                            DriverManager.getConnection(url(settings), settings.user(), settings.password());
                    Statement statement = connection.createStatement()) {
                statement.execute("shutdown");
            }
        }
    },

    /** A server, which several nodes may share. */
    POSTGRES("collate \"C\"", TransactionIsolationLevel.REPEATABLE_READ) {
        @Override
        String url(StoreSettings settings) {
            return settings.url();
        }

        @Override
        void configure(HikariConfig pool, StoreSettings settings) {
            long millis = settings.patience().toMillis();
            long seconds = (millis + 999) / 1000;
            pool.setDriverClassName("org.postgresql.Driver");
            pool.addDataSourceProperty("ApplicationName", "porthouse");
            pool.addDataSourceProperty("connectTimeout", Long.toString(seconds));
            // A server or a network that is silent for longer is taken for dead.
            pool.addDataSourceProperty("socketTimeout", Long.toString(2 * seconds + 1));
            pool.addDataSourceProperty("cancelSignalTimeout", Long.toString(seconds));
            pool.addDataSourceProperty("tcpKeepAlive", "true");
            pool.addDataSourceProperty("reWriteBatchedInserts", "true");
            // The last one is for nodes that freeze in the middle of a change: others wait for the counter's row.
            pool.setConnectionInitSql("set lock_timeout = " + millis + "; set statement_timeout = " + 2 * millis
                    + "; set idle_in_transaction_session_timeout = " + 2 * millis);
        }

        @Override
        void beginLong(Handle handle) {
            handle.execute("set local idle_in_transaction_session_timeout = '60s'");
        }
    };

    /**
     * Blocks of the file are not used again until they have been dead for that many versions of it. After a kill, H2 finds the
     * newest version by following a chain from the one that the file's head names, which is at most 20 versions old. Without
     * this, it may have begun to write over a link of that chain, and would take an older version for the newest.
     */
    private static final int H2_VERSIONS_TO_KEEP = 32;

    static final String H2_PREFIX = "jdbc:h2:";
    static final String POSTGRES_PREFIX = "jdbc:postgresql:";

    private final String binaryCollation;
    private final TransactionIsolationLevel snapshot;

    Dialect(String binaryCollation, TransactionIsolationLevel snapshot) {
        this.binaryCollation = binaryCollation;
        this.snapshot = snapshot;
    }

    /** @throws IllegalArgumentException if the URL is of neither */
    static Dialect of(String url) {
        if (url.startsWith(H2_PREFIX)) {
            return H2;
        }
        if (url.startsWith(POSTGRES_PREFIX)) {
            return POSTGRES;
        }
        throw new IllegalArgumentException("store.url must begin with " + POSTGRES_PREFIX);
    }

    /** Returns what makes a text column compare by its characters' codes, whatever language the database is set to. */
    String binaryCollation() {
        return binaryCollation;
    }

    /**
     * Returns the isolation under which all statements of a transaction see one moment. Single statements need none: under
     * READ COMMITTED, a statement sees one moment of all its tables in both databases, so what must belong together (a token
     * and the change number) is read by one statement. For more than one, PostgreSQL's REPEATABLE READ is a snapshot; H2's
     * takes one for each table that it meets, and only its SERIALIZABLE takes one of all tables at once.
     */
    TransactionIsolationLevel snapshot() {
        return snapshot;
    }

    /** Returns the URL to connect to. */
    abstract String url(StoreSettings settings);

    /** Sets what is particular to the pool's connections. */
    abstract void configure(HikariConfig pool, StoreSettings settings);

    /** Does what must be done before the database is opened, and perhaps made. */
    void prepare(StoreSettings settings) throws IOException {}

    /** Prepares a transaction that may last. */
    void beginLong(Handle handle) {}

    /** Returns when all that is committed would survive a power cut. */
    void makeDurable(Handle handle) {}

    /** Does what must be done when no connection is left. */
    void closed(StoreSettings settings) throws SQLException {}
}
