package io.porthouse.admin.store;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** The real databases that everything is checked on. Each gives out as many stores as are asked for, new or nearly so. */
public enum TestDatabase {
    H2 {
        @Override
        public StoreSettings empty() throws IOException {
            return StoreSettings.inDirectory(directory());
        }

        @Override
        public StoreSettings prepared() throws IOException {
            StoreSettings settings = empty();
            Files.copy(Template.FILE, Path.of(settings.url().substring(Dialect.H2_PREFIX.length()) + ".mv.db"));
            return settings;
        }
    },

    POSTGRES {
        @Override
        public StoreSettings empty() throws SQLException {
            return Postgres.shared().newDatabase("");
        }

        @Override
        public StoreSettings prepared() throws SQLException {
            return Postgres.shared().newDatabase(" template " + Template.DATABASE);
        }
    };

    private static final AtomicInteger COUNT = new AtomicInteger();

    /** Returns a database without tables. */
    public abstract StoreSettings empty() throws IOException, SQLException;

    /** Returns a database with the tables of today and nothing in them, faster than a store could make them. */
    public abstract StoreSettings prepared() throws IOException, SQLException;

    public static Path directory() throws IOException {
        Path directory = Files.createDirectory(Parent.DIRECTORY.resolve(Integer.toString(COUNT.incrementAndGet())));
        directory.toFile().deleteOnExit();
        return directory;
    }

    public static Store open(StoreSettings settings) {
        return open(settings, Clock.systemUTC());
    }

    public static Store open(StoreSettings settings, Clock clock) {
        return Store.open(settings, clock, new Random(), new SimpleMeterRegistry());
    }

    /** Where H2's files are: gone when the tests are. */
    private static final class Parent {
        static final Path DIRECTORY = make();

        private static Path make() {
            try {
                Path directory = Files.createTempDirectory("porthouse-store-tests");
                Runtime.getRuntime().addShutdownHook(new Thread(() -> TestFiles.delete(directory)));
                return directory;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** What prepared stores are copies of. */
    private static final class Template {
        static final Path FILE = file();
        static final String DATABASE = database();

        private static Path file() {
            try {
                Path directory = directory();
                open(StoreSettings.inDirectory(directory)).close();
                return directory.resolve("store.mv.db");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static String database() {
            try {
                StoreSettings settings = POSTGRES.empty();
                open(settings).close();
                return settings.url().replaceAll(".*/([a-z0-9]+)\\?.*", "$1");
            } catch (IOException | SQLException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
