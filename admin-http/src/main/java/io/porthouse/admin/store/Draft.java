package io.porthouse.admin.store;

import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.Change;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.model.Subject.Kind;
import io.porthouse.admin.store.Outcome.Done;
import io.porthouse.admin.store.Outcome.Refusal;
import io.porthouse.admin.store.Outcome.Refused;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** A change in the making: its transaction, its number, and what it will have touched. Used by one thread. */
final class Draft {

    final Handle handle;
    final Actor by;
    final Instant at;

    private final List<Subject> touched = new ArrayList<>(2);
    private long number;
    private @Nullable Entry entry;

    Draft(Handle handle, Actor by, long number, Instant at) {
        this.handle = handle;
        this.by = by;
        this.number = number;
        this.at = at;
    }

    /**
     * What the audit trail will say.
     *
     * @param account whose things it is about
     */
    record Entry(String action, String account, String subject, String detail) {}

    /** Returns the number that the change will have. */
    long number() {
        return number;
    }

    /** Takes a higher number, before anything is numbered by it; the counter must be set to it too. */
    void renumber(long higher) {
        number = higher;
    }

    /** Notes what is to be read again. */
    Draft touch(Kind kind, String name) {
        touched.add(new Subject(kind, name));
        return this;
    }

    /** Ends with a change of what was touched first. */
    <T> Outcome<T> done(T value, String action, String account, String detail) {
        Subject subject = touched.get(0);
        entry = new Entry(action, account, subject.kind() + " " + subject.name(), detail);
        return new Done<>(value, change());
    }

    /** Ends without a change. */
    static <T> Outcome<T> refused(Refusal why, String about) {
        return new Refused<>(why, about);
    }

    /** Ends without a change, because a thing is at another version than the one asked for. */
    static <T> Outcome<T> otherVersion(String what, long version) {
        return refused(Refusal.VERSION_MISMATCH, what + " is at version " + version);
    }

    /** Returns whether a thing is at the version that is asked for. */
    static boolean isAt(OptionalLong ifVersion, long version) {
        return ifVersion.isEmpty() || ifVersion.getAsLong() == version;
    }

    Change change() {
        return new Change(number, at, touched);
    }

    Entry entry() {
        if (entry == null) {
            throw new IllegalStateException("a change without a line for the audit trail");
        }
        return entry;
    }
}
