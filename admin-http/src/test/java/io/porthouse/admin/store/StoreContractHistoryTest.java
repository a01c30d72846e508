package io.porthouse.admin.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.AuditEntry;
import io.porthouse.admin.model.Change;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.model.Subject.Kind;
import io.porthouse.admin.model.Token;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;

class StoreContractHistoryTest extends StoreContract {

    private static final Instant START = TestClock.START.truncatedTo(ChronoUnit.MILLIS);

    @Test
    void theLogTellsWhatWasTouchedInOrder() {
        assertThat(store.changesAfter(0, 10)).isEqualTo(new ChangesRead(List.of(), 0, false));
        account("alice");
        room(FOO);
        Token token = token("alice", "s", reads(FOO));
        done(store.deleteRoom(BY, FOO, ANY));

        Subject alice = new Subject(Kind.ACCOUNT, "alice");
        Subject foo = new Subject(Kind.ROOM, "alice/foo");
        Subject touched = new Subject(Kind.TOKEN, token.id());
        List<Change> all = List.of(
                new Change(1, START, List.of(alice)),
                new Change(2, START, List.of(foo)),
                new Change(3, START, List.of(touched)),
                new Change(4, START, List.of(foo, touched)));
        assertThat(store.changesAfter(0, 10)).isEqualTo(new ChangesRead(all, 4, false));
        assertThat(store.changesAfter(1, 2)).isEqualTo(new ChangesRead(all.subList(1, 3), 4, false));
        assertThat(store.changesAfter(3, 1)).isEqualTo(new ChangesRead(all.subList(3, 4), 4, false));
        assertThat(store.changesAfter(4, 1)).isEqualTo(new ChangesRead(List.of(), 4, false));
        assertThat(store.lastChange()).isEqualTo(4);
    }

    @Test
    void theTrailTellsWhoDidWhat() {
        account("alice");
        clock.advance(Duration.ofSeconds(1));
        done(store.changeAccount(BY, "alice", ANY, is -> is.withSuspended(true).withLimits(new Limits(1, 2, 3))));

        List<AuditEntry> trail = store.audit(null, Page.Request.first(10)).items();

        assertThat(trail).hasSize(2);
        assertThat(trail.get(0).at()).isEqualTo(START.plusSeconds(1));
        assertThat(trail.get(0).actor()).isEqualTo(BY);
        assertThat(trail.get(0).action()).isEqualTo("account.change");
        assertThat(trail.get(0).account()).isEqualTo("alice");
        assertThat(trail.get(0).subject()).isEqualTo("ACCOUNT alice");
        assertThat(trail.get(0).detail())
                .isEqualTo("suspended false → true, limits.rooms 1000 → 1, limits.tokens 10000 → 2,"
                        + " limits.connections 100000 → 3");
        assertThat(trail.get(0).change()).isEqualTo(2);
        assertThat(trail.get(1).action()).isEqualTo("account.create");
    }

    @Test
    void whatChangesNothingIsInTheTrailToo() {
        String hostile = "\0\u001b[31m\uD800 \r\n" + "ü🚪".repeat(1000);
        store.record(new Actor(hostile, hostile, hostile), "session.refused", hostile, hostile, hostile);

        AuditEntry entry = store.audit(null, Page.Request.first(10)).items().get(0);
        assertThat(entry.action()).isEqualTo("session.refused");
        assertThat(entry.actor().account()).startsWith("??[31m? ??ü🚪ü").hasSizeLessThanOrEqualTo(64);
        assertThat(entry.detail()).hasSizeBetween(990, 1000);
        assertThat(entry.change()).isZero();
        assertThat(store.lastChange()).isZero();
    }

    @Test
    void theTrailIsReadFromTheNewestBackWhateverIsAdded() {
        account("alice");
        account("bob");
        for (int i = 0; i < 10; i++) {
            store.record(BY, "step " + i, i % 2 == 0 ? "alice" : "bob", "", "");
        }

        Page<AuditEntry> first = store.audit("alice", Page.Request.first(2));
        assertThat(first.items()).extracting(AuditEntry::action).containsExactly("step 8", "step 6");
        store.record(BY, "later", "alice", "", "");
        Page<AuditEntry> second = store.audit("alice", new Page.Request(first.next(), 3));
        assertThat(second.items()).extracting(AuditEntry::action).containsExactly("step 4", "step 2", "step 0");
        Page<AuditEntry> third = store.audit("alice", new Page.Request(second.next(), 3));
        assertThat(third.items()).extracting(AuditEntry::action).containsExactly("account.create");
        assertThat(third.next()).isNull();
        assertThat(all(5, request -> store.audit(null, request))).hasSize(13);
    }

    @Test
    void historyIsForgottenAndReadersAreToldSo() {
        account("alice");
        account("bob");
        clock.advance(Duration.ofDays(1));
        Instant later = clock.instant();
        account("carol");
        account("dave");

        store.forget(later, later);

        assertThat(store.changesAfter(1, 10).gap()).isTrue();
        ChangesRead rest = store.changesAfter(2, 10);
        assertThat(rest.gap()).isFalse();
        assertThat(rest.changes()).extracting(Change::number).containsExactly(3L, 4L);
        assertThat(all(5, request -> store.audit(null, request)))
                .extracting(AuditEntry::account)
                .containsExactly("dave", "carol");

        // The last change is kept, so that its number can be found again.
        Instant end = later.plus(Duration.ofDays(1));
        store.forget(end, end);
        assertThat(store.changesAfter(3, 10).changes())
                .extracting(Change::number)
                .containsExactly(4L);
        assertThat(store.changesAfter(3, 10).gap()).isFalse();
        assertThat(store.changesAfter(2, 10).gap()).isTrue();
        assertThat(all(5, request -> store.audit(null, request))).isEmpty();
        account("erin");
        assertThat(store.lastChange()).isEqualTo(5);
    }
}
