package io.porthouse.admin.model;

import java.time.Instant;
import java.util.List;

/**
 * A change that was committed.
 *
 * @param number rises by one with each change, in the order in which they were committed, without holes
 * @param touched what to read again; what happened to it is nobody's business
 */
public record Change(long number, Instant at, List<Subject> touched) {

    public Change {
        touched = List.copyOf(touched);
    }
}
