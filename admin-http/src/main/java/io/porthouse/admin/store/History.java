package io.porthouse.admin.store;

import io.porthouse.admin.model.Actor;
import java.time.Instant;
import org.jdbi.v3.core.Handle;

/** What is written about what happened without being a change, and forgetting it all in good time. */
final class History {

    /** Rows deleted by one transaction: changes wait for no longer than these take. */
    private static final long SLICE = 5_000;

    private final Database database;

    History(Database database) {
        this.database = database;
    }

    void record(Instant at, Actor by, Draft.Entry entry) {
        database.run(handle -> {
            AuditTrail.append(handle, at, by, entry, 0);
            return entry;
        });
    }

    void forget(Instant changesBefore, Instant auditBefore) {
        boolean more = true;
        while (more) {
            more = inTransaction(handle -> {
                Changes.lock(handle);
                return ChangeLog.forget(handle, changesBefore, SLICE);
            });
        }
        more = true;
        while (more) {
            more = inTransaction(handle -> AuditTrail.forget(handle, auditBefore, SLICE));
        }
    }

    private interface Slice {
        /** Returns whether there is more. */
        boolean delete(Handle handle);
    }

    private boolean inTransaction(Slice slice) {
        return database.run(handle -> handle.<Boolean, RuntimeException>inTransaction(slice::delete));
    }
}
