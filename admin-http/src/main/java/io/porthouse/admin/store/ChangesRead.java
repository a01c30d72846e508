package io.porthouse.admin.store;

import io.porthouse.admin.model.Change;
import java.util.List;

/**
 * What happened after a change that the reader knows.
 *
 * @param changes the next ones, without holes; may be empty
 * @param last the number of the last change there is, in one snapshot with them
 * @param gap whether changes in between are forgotten: the reader must read everything again, as of {@code last}
 */
public record ChangesRead(List<Change> changes, long last, boolean gap) {

    public ChangesRead {
        changes = List.copyOf(changes);
    }
}
