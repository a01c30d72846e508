package io.porthouse.admin.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.admin.model.Change;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Token;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.Outcome.Done;
import io.porthouse.admin.store.Outcome.Refusal;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.RoomRules;
import io.porthouse.router.TokenSource.Reading;
import io.porthouse.router.TokenState;
import io.porthouse.testkit.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class StoreContractConcurrencyTest extends StoreContract {

    private static final int WRITERS = 4;

    @Test
    void aReaderOfTheLogMissesNothingAndSeesNoHole() throws Exception {
        account("alice");
        room(FOO);
        String id = token("alice", "s").id();
        long first = store.lastChange();
        AtomicInteger writing = new AtomicInteger(WRITERS);
        Map<Long, Change> committed = new ConcurrentSkipListMap<>();

        try (Racers racers = new Racers(WRITERS + 1)) {
            for (int writer = 0; writer < WRITERS; writer++) {
                int own = writer;
                racers.run(() -> {
                    for (int i = 0; i < 36; i++) {
                        Outcome<?> outcome = changeSomething(id, own, i);
                        if (outcome instanceof Done<?> done) {
                            assertThat(committed.put(done.change().number(), done.change()))
                                    .isNull();
                        }
                    }
                    writing.decrementAndGet();
                });
            }
            Future<List<Change>> reader = racers.call(() -> {
                List<Change> read = new ArrayList<>();
                long last = first;
                boolean more = true;
                while (more) {
                    // Asked before the reading, so that the last one reads to the end.
                    more = writing.get() > 0;
                    ChangesRead next = store.changesAfter(last, 1000);
                    for (Change change : next.changes()) {
                        assertThat(change.number()).isEqualTo(++last);
                    }
                    assertThat(next.last()).isEqualTo(last);
                    read.addAll(next.changes());
                }
                return read;
            });
            racers.finish();
            assertThat(reader.get()).containsExactlyElementsOf(committed.values());
            assertThat(store.lastChange()).isEqualTo(first + committed.size());
        }
    }

    /** Some of these change something, and some are refused or find nothing to change: those must leave no hole. */
    private Outcome<?> changeSomething(String id, int writer, int i) {
        RoomName own = new RoomName("alice", "room" + writer);
        return switch (i % 6) {
            case 0 -> store.createRoom(BY, own, RoomRules.DEFAULT, Transience.NONE);
            case 1 -> store.grant(BY, id, ANY, reads(own));
            case 2 -> store.changeToken(BY, id, ANY, is -> is.withMaxConnections(writer));
            case 3 -> store.createRoom(BY, FOO, RoomRules.DEFAULT, Transience.NONE);
            case 4 -> store.changeAccount(BY, "alice", ANY, is -> is.withSuspended(writer % 2 == 0));
            default -> store.deleteRoom(BY, own, ANY);
        };
    }

    @Test
    void ofChangesToOneVersionExactlyOneIsMade() throws Exception {
        account("alice");
        Token token = token("alice", "s");
        for (int round = 0; round < 10; round++) {
            OptionalLong version = OptionalLong.of(token.version());
            try (Racers racers = new Racers(WRITERS)) {
                List<Future<Outcome<Token>>> attempts = new ArrayList<>();
                for (int i = 0; i < WRITERS; i++) {
                    String name = "round " + round + " by " + i;
                    attempts.add(
                            racers.call(() -> store.changeToken(BY, token.id(), version, is -> is.withName(name))));
                }
                racers.finish();
                List<Token> made = new ArrayList<>();
                for (Future<Outcome<Token>> attempt : attempts) {
                    if (attempt.get() instanceof Done<Token> done) {
                        made.add(done.value());
                    } else {
                        assertThat(refusal(attempt.get())).isEqualTo(Refusal.VERSION_MISMATCH);
                    }
                }
                if (round == 0) {
                    assertThat(made).hasSize(1);
                    assertThat(store.token(token.id())).contains(made.get(0));
                } else {
                    assertThat(made).isEmpty();
                }
            }
        }
    }

    @Test
    void limitsAndNamesHoldHoweverManyTry() throws Exception {
        account("alice");
        done(store.changeAccount(BY, "alice", ANY, is -> is.withLimits(new Limits(5, 5, 5))));
        AtomicInteger rooms = new AtomicInteger();
        AtomicInteger accounts = new AtomicInteger();
        try (Racers racers = new Racers(WRITERS)) {
            for (int writer = 0; writer < WRITERS; writer++) {
                int own = writer;
                racers.run(() -> {
                    for (int i = 0; i < 4; i++) {
                        RoomName name = new RoomName("alice", own + "-" + i);
                        if (store.createRoom(BY, name, RoomRules.DEFAULT, Transience.NONE) instanceof Done) {
                            rooms.incrementAndGet();
                        }
                        if (store.createAccount(BY, NewAccount.of("new" + i, USER, "x")) instanceof Done) {
                            accounts.incrementAndGet();
                        }
                    }
                });
            }
            racers.finish();
        }
        assertThat(rooms).hasValue(5);
        assertThat(accounts).hasValue(4);
        assertThat(all(3, request -> store.rooms(RoomFilter.ALL, request))).hasSize(5);
    }

    /**
     * Whatever is read with number N must be what the change N left: the token, its grants, its account and the number come
     * from one moment.
     */
    @Test
    void whatIsReadBelongsToTheNumberThatIsReadWithIt() throws Exception {
        account("alice");
        room(FOO);
        room(BAR);
        String id = token("alice", "0").id();
        NavigableMap<Long, Map<String, TokenState>> history = new ConcurrentSkipListMap<>();
        AtomicInteger seeds = new AtomicInteger();
        Seeds.forEach(random -> {
            if (seeds.incrementAndGet() > 4 && Long.getLong("porthouse.seed") == null) {
                return;
            }
            history.put(store.lastChange(), states(Set.of("0", "1")));
            List<Reading<TokenState>> readings = new ArrayList<>();
            List<String> secrets = new ArrayList<>();
            AtomicBoolean isDone = new AtomicBoolean();
            try (Racers racers = new Racers(3)) {
                racers.run(() -> {
                    Model model = new Model(id, history);
                    for (int i = 0; i < 40; i++) {
                        model.change(random);
                    }
                    isDone.set(true);
                });
                for (int reader = 0; reader < 2; reader++) {
                    String secret = Integer.toString(reader);
                    racers.run(() -> {
                        long last = 0;
                        while (!isDone.get()) {
                            Reading<TokenState> reading = store.readToken(Secrets.hash(secret));
                            assertThat(reading.change()).isGreaterThanOrEqualTo(last);
                            last = reading.change();
                            synchronized (readings) {
                                readings.add(reading);
                                secrets.add(secret);
                            }
                        }
                    });
                }
                racers.finish();
            }
            assertThat(readings).isNotEmpty();
            for (int i = 0; i < readings.size(); i++) {
                Reading<TokenState> reading = readings.get(i);
                assertThat(reading.state())
                        .as("read at change %s", reading.change())
                        .isEqualTo(
                                history.floorEntry(reading.change()).getValue().get(secrets.get(i)));
            }
        });
    }

    private Map<String, TokenState> states(Set<String> secrets) {
        Map<String, TokenState> states = new HashMap<>();
        secrets.forEach(secret ->
                states.put(secret, store.readToken(Secrets.hash(secret)).state()));
        return states;
    }

    /** One writer, which knows what each of its changes leaves. */
    private final class Model {
        private final String id;
        private final NavigableMap<Long, Map<String, TokenState>> history;

        Model(String id, NavigableMap<Long, Map<String, TokenState>> history) {
            this.id = id;
            this.history = history;
        }

        void change(Random random) {
            RoomName room = random.nextBoolean() ? FOO : BAR;
            Outcome<?> outcome = switch (random.nextInt(6)) {
                case 0 ->
                    store.changeAccount(
                            BY,
                            "alice",
                            ANY,
                            is -> is.withSuspended(!is.suspended())
                                    .withLimits(new Limits(9, 9, 1 + random.nextInt(5))));
                case 1 -> store.changeToken(BY, id, ANY, is -> is.withMaxConnections(random.nextInt(9)));
                case 2 -> store.grant(BY, id, ANY, random.nextBoolean() ? reads(room) : writes(room));
                case 3 -> store.withdraw(BY, id, ANY, room);
                case 4 -> store.rotate(BY, id, ANY, Secrets.hash(random.nextBoolean() ? "0" : "1"));
                default -> {
                    // Both in one change: the room goes, and the grant on it.
                    Outcome<?> deleted = store.deleteRoom(BY, room, ANY);
                    note(deleted);
                    yield store.createRoom(BY, room, RoomRules.DEFAULT, Transience.NONE);
                }
            };
            note(outcome);
        }

        private void note(Outcome<?> outcome) {
            if (outcome instanceof Done<?> done) {
                // There is no other writer, so what is there now is what this change left.
                history.put(done.change().number(), states(Set.of("0", "1")));
                assertThat(store.lastChange()).isEqualTo(done.change().number());
            }
        }
    }
}
